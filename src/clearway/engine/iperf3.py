"""iperf 3: bulk TCP over many streams, and one UDP stream, read from the JSON that each end prints.

It takes no start time: it is spawned at the instant, and its intervals begin when its own handshake is over.
Its summaries are no steady state, so everything is computed from intervals.
"""

from __future__ import annotations

import math
from typing import Collection, Optional, Tuple

from clearway.base.errors import Unreadable
from clearway.base.units import Duration, Size
from clearway.engine.base import (
    AFRESH,
    TAIL,
    Engine,
    Listen,
    Output,
    Tool,
    ToolCommand,
    check_not_reset,
    failed,
    quote,
    refuse_connection,
)
from clearway.engine.iperf import (
    Fate,
    Grid,
    bulk_grid_of,
    datagram_of,
    duration,
    fate_of,
    fine_grid_of,
    longest_stall,
    tcp_flags,
    udp_flags,
)
from clearway.engine.iperf3_report import TOOL, Iperf3Report, clients_of, reports_of
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
        port, every = request.server.port, _grid(request).fine(_streams(request)).interval
        return ToolCommand(
            argv=(TOOL, "-s", "-B", request.server.address, "-p", str(port), "-J", "-i", f"{every.si:g}"),
            launch=Duration(0),
            ends=_load(request) + _DRAIN,
            listen=Listen("tcp", port),
            alone_until=Duration(0) - AFRESH,
            congestion=request.parameters.congestion if isinstance(request.parameters, TcpParameters) else None,
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

    def clients(self, output: Output) -> Tuple[str, ...]:
        return clients_of(output)

    def read(self, request: Request, output: Output) -> Measurement:
        grid = _grid(request)
        report = _received(output, request.partner or ()) if request.half is Half.SERVE else _sent(output)
        report.check(streams=_streams(request), datagram=_datagram(request))
        found = _figures(request, report, grid)
        report.check_total("sum_received" if request.half is Half.SERVE else "sum_sent")
        return found


def _figures(request: Request, report: Iperf3Report, grid: Grid) -> Measurement:
    serves = request.half is Half.SERVE
    if isinstance(request.parameters, TcpParameters):
        return _tcp_goodput(report, grid, grid.fine(_streams(request))) if serves else _tcp_sender(report, grid)
    return _udp_receiver(report, grid) if serves else _udp_sender(report, grid)


def _received(output: Output, partner: Collection[str]) -> Iperf3Report:
    """The one test that the server saw: the partner's, where any is. A stray connection leaves no intervals."""
    reports = reports_of(output)
    tests = [report for report in reports if report.intervals]
    tests = [test for test in tests if test.client in partner] or tests
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
    check_not_reset(TOOL, report.error)
    return report


def _tcp_goodput(report: Iperf3Report, grid: Grid, fine: Grid) -> Tcp:
    """Rows of 0.1 s count where they began: the timer of a busy machine is late by a part of one."""
    inside = report.inside(fine)
    series = [0] * len(grid.starts())
    for one in inside:
        series[(one.row.start + fine.step // 2 - grid.begin) // grid.step] += one.row.size
    stall = longest_stall(one.row for one in inside) if fine.shows_stalls else None
    return Tcp(
        interval=grid.interval,
        series=tuple(map(Size, series)),
        by_stream=tuple(Size(sum(cell.size for cell in stream)) for stream in zip(*(one.cells for one in inside))),
        stall=stall and stall.length,
        stalled_at=stall and stall.at,
    )


def _tcp_sender(report: Iperf3Report, grid: Grid) -> Tcp:
    rows = [row for rows in report.table(grid, grid.starts_with_warm_up()) for row in rows]
    inside = [row for rows in report.table(grid, grid.starts()) for row in rows]
    return Tcp(
        retransmits=sum(row.count("retransmits") for row in rows),
        rtt=tuple(Duration(rtt / 1e6) for rtt in (row.count("rtt") for row in inside) if rtt) or None,
        sent=Size(sum(row.size for row in rows)),
    )


def _udp_receiver(report: Iperf3Report, grid: Grid) -> Udp:
    series = [row for rows in report.table(grid, grid.starts()) for row in rows]
    stall = longest_stall(one.row for one in report.inside(grid)) if grid.shows_stalls else None
    fate = _fate(report)
    return Udp(
        received=_received_in(report),
        lost_by_sequence=fate.lost if fate else None,
        duplicates=fate.duplicates if fate else None,
        reordered=fate.reordered if fate else None,
        interval=grid.interval,
        series=tuple(Size(row.size) for row in series),
        jitter=tuple(Duration(row.number("jitter_ms") / 1e3) for row in series if row.size),
        datagrams=tuple(report.datagrams(row) for row in series),
        losses=tuple(max(0, row.lost) for row in series),
        stall=stall and stall.length,
        stalled_at=stall and stall.at,
    )


def _received_in(report: Iperf3Report) -> int:
    return sum(report.datagrams(cell) for cells in report.intervals for cell in cells)


def _fate(report: Iperf3Report) -> Optional[Fate]:
    """What became of the datagrams by their sequence numbers; None where these are not to be trusted."""
    if report.greeted_twice:
        return None
    cells = [cell for cells in report.intervals for cell in cells]
    received, lost = _received_in(report), max(0, sum(cell.lost for cell in cells))
    if report.reordered is None:
        return Fate(received, lost, None, None)
    return fate_of(received, sum(cell.count("packets") for cell in cells), lost, report.reordered)


def _udp_sender(report: Iperf3Report, grid: Grid) -> Udp:
    rows = [row for rows in report.intervals for row in rows]
    if not rows:
        raise Unreadable("tool.no-rows", tool=TOOL, quote=quote(report.error))
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
