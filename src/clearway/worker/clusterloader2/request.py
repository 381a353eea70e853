"""ClusterLoader2's request for a pair, as one half of a probe."""

from __future__ import annotations

from clearway.base.units import Duration, Frequency, Size
from clearway.engine.table import DEFAULT_ENGINES
from clearway.probe.clusterloader2 import NetworkTestProtocol, NetworkTestSpec
from clearway.probe.parameters import HttpParameters, Parameters, TcpParameters, UdpParameters, Window
from clearway.probe.records import Endpoint, Half, Request
from clearway.worker.clusterloader2.flags import Load

HTTP_BODY = Size(4)
"""What its own server answers: two letters in quotation marks."""
_HTTP_RATE = Frequency(2)
"""Per second: ClusterLoader2's client is one user who pauses half a second on average."""
_ANSWER = 10.0
"""Seconds after the load for which the controller waits for figures."""
_DATAGRAM, _DATAGRAM_V6 = Size(1470), Size(1450)
"""iperf's own defaults: the MTU of the other end is not known."""


def request_of(name: str, spec: NetworkTestSpec, half: Half, load: Load) -> Request:
    """Both ends derive the same port and load from the object alone; the figures begin at the instant."""
    server = Endpoint(spec.server_pod_ip, spec.protocol.port)
    start = float(spec.client_start_timestamp)
    return Request(
        round=name,
        probe=name,
        attempt=1,
        half=half,
        engine=DEFAULT_ENGINES[spec.protocol.value.lower()].name,
        parameters=_parameters(spec.protocol, server, load),
        window=Window(Duration(0), spec.duration),
        server=server,
        start=start,
        deadline=start + spec.duration.si + _ANSWER,
    )


def _parameters(protocol: NetworkTestProtocol, server: Endpoint, load: Load) -> Parameters:
    if protocol is NetworkTestProtocol.TCP:
        return TcpParameters(load.streams)
    if protocol is NetworkTestProtocol.UDP:
        return UdpParameters(load.rate, load.datagram or (_DATAGRAM_V6 if server.v6 else _DATAGRAM))
    return HttpParameters(connections=1, body=HTTP_BODY, rate=_HTTP_RATE)
