"""ClusterLoader2's own worker as a tool: asked through its own objects, it reports a row of figures about one half.

No agent of ours runs it. Its report is checked here as the output of any tool is.
"""

from __future__ import annotations

import math
from typing import Tuple

from clearway.base.errors import InternalError, Unreadable
from clearway.base.units import Duration, Size
from clearway.engine.base import Engine, Listen, Output, ToolCommand
from clearway.probe.codec import CodecError
from clearway.probe.json_values import parsed
from clearway.probe.measurement import Measurement, Tcp, Udp
from clearway.probe.parameters import TcpParameters, UdpParameters
from clearway.probe.records import Half, Request

TOOL = "netperfbenchmark"
_KBYTE = 1024
"""Bytes: its tool is iperf, whose K is 1,024 for sizes."""
_PATIENCE = Duration(10.0)
"""Its instant is a whole second, so up to one late; then its tool has to end, and the object to be written."""
_LEAD = Duration(-3.0)
"""Both ends get their request this long before the instant: the worker does not report that its server listens, and a
client that finds no server reports nothing at all."""
_TCP_FIGURES, _UDP_FIGURES = 2, 11
"""How many figures it writes for a protocol; their order is that of ClusterLoader2's parsers."""


class ClusterLoader2Engine(Engine):
    """The server reports what arrived; the client's object proves only that it ran."""

    name = TOOL
    protocols = ("tcp", "udp")
    tools = ()
    """It runs in ClusterLoader2's own image, which reports no version."""
    needs = (Half.SERVE,)
    note = f"{TOOL} is ClusterLoader2's own worker, which only its door starts."

    def serve(self, request: Request) -> ToolCommand:
        port = request.server.port
        listen = Listen("udp" if _is_udp(request) else "tcp", port)
        return ToolCommand((TOOL, "server", str(port)), _LEAD, request.window.end + _PATIENCE, listen=listen)

    def send(self, request: Request) -> ToolCommand:
        _is_udp(request)
        server = request.server
        argv = (TOOL, "client", server.address, str(server.port))
        return ToolCommand(argv, _LEAD, request.window.end + _PATIENCE)

    def read(self, request: Request, output: Output) -> Measurement:
        """Of the `status` that it wrote, as JSON."""
        from clearway.probe.clusterloader2 import NETWORK_TEST_STATUS  # other engines' workers start without it

        try:
            status = NETWORK_TEST_STATUS.decode(parsed(output.stdout))
        except CodecError as error:
            raise Unreadable("tool.failed", tool=TOOL, quote=error.reason) from error
        if not status.metrics:
            raise Unreadable("tool.failed" if status.error else "tool.no-rows", tool=TOOL, quote=status.error)
        if request.half is not Half.SERVE:
            raise Unreadable("tool.no-rows", tool=TOOL)
        return _udp(request, status.metrics) if _is_udp(request) else _tcp(request, status.metrics)


def _tcp(request: Request, metrics: Tuple[float, ...]) -> Tcp:
    """Its tool may run a little over the time that was asked for: the rate counts."""
    _, rate = _checked(metrics, _TCP_FIGURES)[:_TCP_FIGURES]
    size = _size(rate, request)
    return Tcp(interval=request.window.duration, series=(size,), by_stream=(size,))


def _udp(request: Request, metrics: Tuple[float, ...]) -> Udp:
    """Of a single jitter there is no distribution; what was sent is only what the receiver made of the numbers."""
    _, rate, jitter, lost, total, *_, per_second = _checked(metrics, _UDP_FIGURES)
    duration = request.window.duration
    return Udp(
        received=round(total - lost),
        lost_by_sequence=round(lost),
        interval=duration,
        series=(_size(rate, request),),
        jitter=(Duration(jitter / 1e3),),
        datagrams=(round(per_second * duration.si),),
    )


def _checked(metrics: Tuple[float, ...], count: int) -> Tuple[float, ...]:
    """Raises Unreadable unless all figures are there and something arrived."""
    if len(metrics) != count:
        raise Unreadable("tool.figures-missing", tool=TOOL, found=len(metrics), wanted=count)
    if not all(map(math.isfinite, metrics)) or min(metrics[:2]) <= 0:
        raise Unreadable("tool.no-rows", tool=TOOL, quote=", ".join(map(str, metrics)))
    return metrics


def _size(kbytes_a_second: float, request: Request) -> Size:
    return Size(round(kbytes_a_second * _KBYTE * request.window.duration.si))


def _is_udp(request: Request) -> bool:
    if not isinstance(request.parameters, (TcpParameters, UdpParameters)):
        raise InternalError("engine.wrong-parameters", engine=request.engine, found=type(request.parameters).__name__)
    return isinstance(request.parameters, UdpParameters)
