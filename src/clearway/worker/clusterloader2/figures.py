"""ClusterLoader2's request for a pair as one half of a probe, and a result as the figures that it reads.

Its tools' kbyte is 1,024 byte, and its megabyte 1,048,576.
"""

from __future__ import annotations

import json
import re
from statistics import mean
from typing import Optional, Tuple

from clearway.base.errors import Unreadable
from clearway.base.units import Duration, Frequency, Size
from clearway.engine.table import DEFAULT_ENGINES
from clearway.probe.clusterloader2 import NetworkTestProtocol, NetworkTestSpec, NetworkTestStatus
from clearway.probe.measurement import Evidence, Http, Measurement, Tcp, Udp
from clearway.probe.parameters import HttpParameters, Parameters, TcpParameters, UdpParameters, Window
from clearway.probe.records import Endpoint, Half, Outcome, Reason, Request, Result
from clearway.probe.wire import REASON
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


_KBYTE = 1024.0
"""As iperf counts: kbytes and Mbytes are powers of 1024."""
_MEGABYTE = 1024.0 * 1024.0
_FROM_THE_INSTANT = re.compile(
    r"^\[ *\d+\] 0\.0000-(\d+\.\d+) sec .*\) (-?[\d.]+)/(-?[\d.]+)/(-?[\d.]+)/(-?[\d.]+) ms ", re.MULTILINE
)
"""A receiver's row from the instant on: when it ends; one-way latency: average, least, most, deviation."""

Figures = Tuple[float, ...]


def status_of(result: Result) -> NetworkTestStatus:
    """All the figures of its protocol, or an error; never a figure that was not measured."""
    if result.outcome is not Outcome.MEASURED or result.measurement is None:
        return NetworkTestStatus(error=error_text(result.reason or Reason(f"outcome.{result.outcome.value}")))
    try:
        figures = _figures(result.measurement, result.evidence)
    except Unreadable as error:
        return NetworkTestStatus(error=error_text(error.reason))
    return NetworkTestStatus(figures, worker_delay=_delay(result))


def error_text(reason: Reason) -> str:
    """The code with its values, as in a termination log: the sentence is made where the user's language is known."""
    return json.dumps(REASON.encode(reason), ensure_ascii=False)


def _figures(measurement: Measurement, evidence: Optional[Evidence]) -> Figures:
    if isinstance(measurement, Tcp):
        return _transfer(measurement.series, measurement.interval)
    if isinstance(measurement, Udp):
        return _udp(measurement, evidence)
    if isinstance(measurement, Http):
        return _http(measurement)
    raise Unreadable("worker.nothing-measured")


def _udp(flow: Udp, evidence: Optional[Evidence]) -> Figures:
    """Transfer, bandwidth, jitter (ms), lost, total, lost (per cent), one-way latency (ms; four figures), per second.

    A receiver that got nothing doesn't know how much was sent: that is no figure.
    """
    transfer = _transfer(flow.series, flow.interval)
    if not flow.received or not flow.jitter or not flow.datagrams or flow.interval is None:
        raise Unreadable("worker.nothing-measured")
    lost = flow.lost_by_sequence or 0
    total, seconds = flow.received + lost, flow.interval.si * len(flow.datagrams)
    return (
        *(*transfer, mean(jitter.si for jitter in flow.jitter) * 1e3),
        *(float(lost), float(total), lost / total * 100),
        *_one_way(evidence, seconds),
        sum(flow.datagrams) / seconds,
    )


def _one_way(evidence: Optional[Evidence], seconds: float) -> Figures:
    """As the receiver printed it for the whole session; it contains the difference of two clocks."""
    rows = _FROM_THE_INSTANT.findall(evidence.stdout) if evidence is not None else []
    if not rows or float(rows[-1][0]) < seconds:
        raise Unreadable("tool.no-totals", tool="iperf")
    return tuple(float(figure) for figure in rows[-1][1:])


def _http(client: Http) -> Figures:
    """Transactions, availability (per cent), time (s), data (megabyte), response time (s), transactions and megabytes
    per second, concurrency, successful and failed transactions, longest (s).
    """
    done, failed, elapsed = client.latency.count, sum(client.errors.values()), client.span.si
    if not done or client.latency.most is None or elapsed <= 0:
        raise Unreadable("worker.nothing-measured")
    data = done * HTTP_BODY.si / _MEGABYTE
    times = client.latency.total
    return (
        *(float(done), done / (done + failed) * 100, elapsed, data),
        *(times / done, done / elapsed, data / elapsed, times / elapsed),
        *(float(done), float(failed), client.latency.most),
    )


def _transfer(series: Optional[Tuple[Size, ...]], interval: Optional[Duration]) -> Figures:
    """Transfer (kbytes), bandwidth (kbytes/sec): all that is read of TCP."""
    kbytes = sum(size.si for size in series or ()) / _KBYTE
    if not kbytes or not series or interval is None:
        raise Unreadable("worker.nothing-measured")
    return kbytes, kbytes / (interval.si * len(series))


def _delay(result: Result) -> Optional[Duration]:
    """Of the half that sends: the other one starts as soon as it gets the request."""
    if result.half is Half.SERVE or result.timing is None:
        return None
    return result.timing.first_data or result.timing.launched
