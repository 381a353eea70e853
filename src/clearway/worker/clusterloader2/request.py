"""ClusterLoader2's request for a pair, as one half of a probe of ours."""

from __future__ import annotations

from clearway.base.units import Duration, Frequency, Size
from clearway.engine.table import DEFAULT_ENGINES
from clearway.probe.clusterloader2 import NetworkTestSpec, Protocol
from clearway.probe.parameters import HttpParameters, Parameters, TcpParameters, UdpParameters, Window
from clearway.probe.records import Endpoint, Half, Request
from clearway.worker.clusterloader2.flags import Load

HTTP_BODY = Size(4)
"""What its own server answers: two letters in quotation marks."""
_HTTP_RATE = Frequency(2)
"""One user who thinks for half a second on average."""
_ANSWER = 10.0
"""Seconds after the load that its controller waits for figures."""
_DATAGRAM, _DATAGRAM_V6 = Size(1470), Size(1450)
"""iperf's own: of the other end's MTU nothing is known."""


def request_of(name: str, wanted: NetworkTestSpec, half: Half, load: Load) -> Request:
    """Both ends come to the same port and load without a word between them; the figures begin at the instant."""
    server = Endpoint(wanted.server_pod_ip, wanted.protocol.port)
    start = float(wanted.client_start_timestamp)
    return Request(
        round=name,
        probe=name,
        attempt=1,
        half=half,
        engine=DEFAULT_ENGINES[wanted.protocol.value.lower()].name,
        parameters=_parameters(wanted.protocol, server, load),
        window=Window(Duration(0), wanted.duration),
        server=server,
        start=start,
        deadline=start + wanted.duration.si + _ANSWER,
    )


def _parameters(protocol: Protocol, server: Endpoint, load: Load) -> Parameters:
    if protocol is Protocol.TCP:
        return TcpParameters(load.streams)
    if protocol is Protocol.UDP:
        return UdpParameters(load.rate, load.datagram or (_DATAGRAM_V6 if server.v6 else _DATAGRAM))
    return HttpParameters(connections=1, body=HTTP_BODY, rate=_HTTP_RATE)
