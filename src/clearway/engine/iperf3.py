"""iperf 3: bulk TCP over many streams, and one UDP stream, read from the JSON that each end prints.

It takes no start time: it is spawned at the instant, and its intervals begin when its own handshake is over.
Its summaries are no steady state, so everything is computed from intervals.
"""

from __future__ import annotations

import math
from typing import Optional, Tuple

from clearway.base.errors import Unreadable
from clearway.base.units import Duration, Size
from clearway.engine.base import TAIL, Engine, Listen, Output, Tool, ToolCommand, failed, refuse_connection
from clearway.engine.iperf import Grid, bulk_grid_of, datagram_of, duration, fine_grid_of, tcp_flags, udp_flags
from clearway.engine.iperf3_report import TOOL, Iperf3Report, reports_of
from clearway.probe.measurement import Measurement, Tcp, Udp
from clearway.probe.parameters import TcpParameters, UdpParameters
from clearway.probe.records import Half, Request

IPERF3 = Tool(TOOL, TOOL, (TOOL, "--version"), (3, 9))
"""3.9 is that of Debian 11; nothing older was tried."""

_FINEST = Duration(0.1)
"""iperf3 refuses shorter intervals."""
_CONNECT_TIMEOUT = ("--connect-timeout", "3000")
"""Milliseconds: a lost SYN, repeated after 1 s, still connects. The system's own time-out is over two minutes."""
_DRAIN = Duration(1.0)
"""Time for the closing exchange, after which the receiver prints; ended before, it prints what it has."""
_PATIENCE = Duration(4.0)
"""Time to exit after the load: more than the 3 s to connect, so that it reports itself that it could not."""
_GRACE = Duration(1.0)
"""It prints its whole report only as it leaves."""
_CLOSING = Duration(0.05)
"""At most the datagrams of so long may stay unread as the test closes; it is half of the shortest interval."""
_SPAWN = Duration(0.25)
"""Lateness that still leaves the warm-up its purpose: the process, its control connection and its streams."""


class Iperf3(Engine):
    """Both halves are needed: the receiver knows what arrived, the sender what was sent."""

    name = TOOL
    protocols = ("tcp", "udp")
    tools = (IPERF3,)
    needs = (Half.SERVE, Half.SEND)

    def serve(self, request: Request) -> ToolCommand:
        port, every = request.server.port, _grid(request).interval
        return ToolCommand(
            argv=(TOOL, "-s", "-p", str(port), "-J", "-i", f"{every.si:g}"),
            launch=Duration(0),
            ends=_load(request) + _DRAIN,
            listen=Listen("tcp", port),
            grace=_GRACE,
        )

    def send(self, request: Request) -> ToolCommand:
        server, load = request.server, _load(request)
        target = (TOOL, "-c", server.address, "-p", str(server.port), *_CONNECT_TIMEOUT)
        run = ("-J", "-i", f"{_grid(request).interval.si:g}", "-t", f"{load.si:.0f}")
        return ToolCommand(
            argv=(*target, *run, *_sending(request)),
            launch=Duration(0),
            ends=load + _PATIENCE,
            late_after=_SPAWN,
            grace=_GRACE,
        )

    def read(self, request: Request, output: Output) -> Measurement:
        grid = _grid(request)
        report = _received(output) if request.half is Half.SERVE else _sent(output)
        report.check(streams=_streams(request), datagram=_datagram(request))
        if isinstance(request.parameters, TcpParameters):
            return _tcp_goodput(report, grid) if request.half is Half.SERVE else _tcp_sender(report, grid)
        return _udp_receiver(report, grid) if request.half is Half.SERVE else _udp_sender(report, grid)


def _received(output: Output) -> Iperf3Report:
    """The one test that the server saw. A stray connection leaves a report without intervals."""
    reports = reports_of(output)
    tests = [report for report in reports if report.intervals]
    if not tests:
        error = " ".join(report.error for report in reports)
        raise failed("tool.failed" if error and output.exit is not None else "tool.no-rows", TOOL, output, error)
    if len(tests) > 1:
        raise failed("tool.foreign-stream", TOOL, output)
    return tests[0]


def _sent(output: Output) -> Iperf3Report:
    reports = reports_of(output)
    report = reports[0] if len(reports) == 1 else None
    if report is None:
        raise failed("tool.no-rows", TOOL, output)
    if report.error and not report.intervals:
        refuse_connection(TOOL, output, "Connection timed out" if report.interrupted else report.error)
    return report


def _tcp_goodput(report: Iperf3Report, grid: Grid) -> Tcp:
    series = report.table(grid, grid.starts())
    return Tcp(
        interval=grid.interval,
        series=tuple(Size(sum(row.size for row in rows)) for rows in series),
        by_stream=tuple(Size(sum(row.size for row in stream)) for stream in zip(*series)),
    )


def _tcp_sender(report: Iperf3Report, grid: Grid) -> Tcp:
    rows = [row for rows in report.table(grid, grid.starts_with_warm_up()) for row in rows]
    inside = [row for rows in report.table(grid, grid.starts()) for row in rows]
    return Tcp(
        retransmits=sum(row.count("retransmits") for row in rows),
        rtt=tuple(Duration(rtt / 1e6) for rtt in (row.count("rtt") for row in inside) if rtt) or None,
    )


def _udp_receiver(report: Iperf3Report, grid: Grid) -> Udp:
    rows = [row for rows in report.intervals for row in rows]
    series = [row for rows in report.table(grid, grid.starts()) for row in rows]
    return Udp(
        received=sum(report.datagrams(row) for row in rows),
        lost_by_sequence=sum(row.count("lost_packets") for row in rows),
        reordered=report.reordered,
        interval=grid.interval,
        series=tuple(Size(row.size) for row in series),
        jitter=tuple(Duration(row.number("jitter_ms") / 1e3) for row in series if row.size),
        datagrams=tuple(report.datagrams(row) for row in series),
    )


def _udp_sender(report: Iperf3Report, grid: Grid) -> Udp:
    rows = [row for rows in report.intervals for row in rows]
    ran = Duration(rows[-1].end)
    if ran < duration(grid.end):
        raise Unreadable("tool.cut-short", tool=TOOL, reached=ran, wanted=duration(grid.end))
    rate = Size(sum(row.size for row in rows)).per(ran)
    sent = sum(report.datagrams(row) for row in rows)
    return Udp(sent=sent - _unread(report, sent, ran), sending_time=ran, sent_rate=rate)


def _unread(report: Iperf3Report, sent: int, ran: Duration) -> int:
    """Datagrams that don't count: the receiver stops reading as the test closes, with the last in its buffer.

    More than a moment's worth of them can't have been there: they were lost on the way.
    """
    seen = report.seen_by_receiver
    unread = 0 if seen is None else sent - seen
    return unread if 0 <= unread <= sent * _CLOSING.over(ran) else 0


def _grid(request: Request) -> Grid:
    if isinstance(request.parameters, UdpParameters):
        return fine_grid_of(request.window, _FINEST)
    return bulk_grid_of(request.window, _FINEST)


def _load(request: Request) -> Duration:
    """Whole seconds: iperf3 reads no fractions, and takes 0 for ever."""
    return Duration(math.ceil((request.window.end + TAIL).si))


def _streams(request: Request) -> int:
    return request.parameters.streams if isinstance(request.parameters, TcpParameters) else 1


def _datagram(request: Request) -> Optional[int]:
    return datagram_of(request) if isinstance(request.parameters, UdpParameters) else None


def _sending(request: Request) -> Tuple[str, ...]:
    return udp_flags(request) if isinstance(request.parameters, UdpParameters) else tcp_flags(request, "-C")
