"""What iperf2's UDP rows prove: datagrams sent, received and out of order, jitter by interval."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Sequence

from clearway.base.errors import Unreadable
from clearway.base.units import Duration, Rate, Size
from clearway.engine.base import Output, failed, whole_lines
from clearway.engine.iperf import TOLERANCE, Fate, Grid, duration, fate_of, ticks
from clearway.engine.iperf2.rows import BYTES, TOOL, Rows, check_receiver, check_sender, count_of, rows_of, stall_in
from clearway.probe.measurement import Udp

_RECEIVED = re.compile(BYTES + r" +([0-9]{1,18}\.[0-9]{1,18}) ms +([0-9]{1,18})/ *([0-9]{1,18}) \(\S+%\) .*pps\b.*")
_TIME = r"([0-9]{1,18}\.[0-9]{1,4})"
_REORDERED = re.compile(
    rf"^\[ *[0-9]{{1,18}}\] {_TIME}-{_TIME} sec +([0-9]{{1,18}}) datagrams received out-of-order\n", re.MULTILINE
)
SENT = re.compile(BYTES + r" +([0-9]{1,18})/([0-9]{1,18}) +\S+ pps")
_SENT_TOTAL = re.compile(r"\[ *[0-9]{1,18}\] Sent ([0-9]{1,18}) datagrams")
_SENDING = re.compile(r"Sending ([0-9]{1,18}) byte datagrams")
_ONLY_A_HEADING = re.compile(r"-+\nServer listening on UDP port [0-9]{1,18}.*\n(?:[A-Z].*\n)*-+\n")
_RECEIVERS_COPY = "] Server Report:"
_SILENCE = 2_000
"""Ticks without a datagram, 0.2 s, after which the load is over for sure: a shaper's queue on the lab holds 50 ms."""


@dataclass(frozen=True)
class _Received:
    size: int
    jitter: float
    """Milliseconds."""
    lost: int
    total: int


def read_udp_receiver(grid: Grid, datagram: int, output: Output) -> Udp:
    """Counts over the whole session, series inside the window.

    A receiver that listened throughout and saw no client is proven silence. Raises Unreadable if the rows don't
    cover the window, if the session's totals are missing, or if they contradict each other.
    """
    if is_silent(output):
        intervals = len(grid.starts())
        nothing = Udp(received=0, interval=grid.interval, series=(Size(0),) * intervals, datagrams=(0,) * intervals)
        return replace(nothing, stall=duration(grid.end - grid.begin), stalled_at=duration(grid.begin))
    check_receiver(output, streams=1)
    rows = rows_of(without_reordering(output), _RECEIVED, _received)
    session = _session(rows, grid, output)
    fate = _fate(session, datagram, _out_of_order(rows, grid, output))
    (series,) = rows.table(grid.step, grid.starts())
    stall = stall_in(grid, [cell.size for cell in series])
    return Udp(
        received=fate.received,
        lost_by_sequence=fate.lost,
        duplicates=fate.duplicates,
        reordered=fate.reordered,
        interval=grid.interval,
        series=tuple(Size(cell.size) for cell in series),
        jitter=tuple(Duration(cell.jitter / 1e3) for cell in series if cell.size),
        datagrams=tuple(datagrams_in(cell.size, datagram) for cell in series),
        losses=tuple(cell.lost for cell in series),
        stall=stall and stall.length,
        stalled_at=stall and stall.at,
    )


def read_udp_sender(datagram: int, output: Output) -> Udp:
    """What was put on the socket, over the whole session. Raises Unreadable if the totals are missing or differ.

    The tool's own "Sent" counts what closes the session too; bytes written count the same datagrams as the receiver.
    """
    check_sender(output, streams=1)
    own = replace(output, stdout=output.stdout.partition(_RECEIVERS_COPY)[0])
    check_size(own, datagram)
    totals = rows_of(own, SENT, bytes_sent).rows
    printed = [match for match in map(_SENT_TOTAL.match, whole_lines(own.stdout)) if match]
    if not printed or not totals:
        raise failed("tool.no-totals", TOOL, output)
    session = totals[-1]
    sent = datagrams_in(session.cells, datagram)
    if abs(int(printed[-1].group(1)) - sent) > TOLERANCE:
        raise Unreadable("tool.totals-differ", tool=TOOL, counted=sent, told=int(printed[-1].group(1)))
    return Udp(
        sent=sent,
        sending_time=duration(session.end),
        sent_rate=Size(session.cells).per(duration(session.end)) if session.end else Rate(0),
    )


def is_silent(output: Output) -> bool:
    """Whether it listened throughout and printed nothing but its heading."""
    return output.listened and _ONLY_A_HEADING.fullmatch(output.stdout) is not None


def without_reordering(output: Output) -> Output:
    """Its rows alone: a line about datagrams out of order has the times of a row, and other columns."""
    return replace(output, stdout=_REORDERED.sub("", output.stdout))


def check_size(output: Output, datagram: int) -> None:
    printed = _SENDING.search(output.stdout)
    if printed is None:
        raise failed("tool.no-rows", TOOL, output)
    if int(printed.group(1)) != datagram:
        raise Unreadable("tool.datagram-size", tool=TOOL, asked=datagram, found=int(printed.group(1)))


def _session(rows: Rows[_Received], grid: Grid, output: Output) -> _Received:
    """The row over the whole session: it begins at the instant and is no interval.

    A receiver that is ended before the sender's closing datagram arrived may not print it. Its intervals then add up
    to the same, if it listened on until nothing came any more.
    """
    if totals := _totals(rows, grid):
        return totals[-1]
    cells = {start: cells for (_, start), cells in rows.by_interval(grid.step).items()}
    silence = range(grid.load_end, grid.load_end + _SILENCE, grid.step)
    complete = output.listened and all(start in cells for start in range(0, silence.stop, grid.step))
    if not complete or any(cells[start].size for start in silence):
        raise failed("tool.no-totals", TOOL, output)
    size, lost, total = map(sum, zip(*((cell.size, cell.lost, cell.total) for cell in cells.values())))
    return _Received(size, 0.0, lost, total)


def _totals(rows: Rows[_Received], grid: Grid) -> Sequence[_Received]:
    return [row.cells for row in rows.rows if row.start == 0 and row.end != grid.step]


def datagrams_in(size: int, datagram: int) -> int:
    whole, rest = divmod(size, datagram)
    if rest:
        raise Unreadable("tool.datagram-size", tool=TOOL, asked=datagram, found=size)
    return whole


def _out_of_order(rows: Rows[_Received], grid: Grid, output: Output) -> int:
    """Datagrams that came after a later one, over the session. A line about them is printed only if there were some.

    Raises Unreadable if the session's own line was cut off.
    """
    found = [(ticks(begin), ticks(end), int(count)) for begin, end, count in _REORDERED.findall(output.stdout)]
    sessions = [count for begin, end, count in found if begin == 0 and end != grid.step]
    counted = sum(count for begin, end, count in found if end - begin == grid.step)
    if counted and not sessions and _totals(rows, grid):
        raise failed("tool.no-totals", TOOL, output)
    return sessions[-1] if sessions else counted


def _fate(session: _Received, datagram: int, out_of_order: int) -> Fate:
    """What became of the datagrams, by bytes; by sequence numbers it must come to the same, or copies explain it."""
    received = datagrams_in(session.size, datagram)
    fate = fate_of(received, session.total, session.lost, out_of_order)
    if fate is None:
        raise Unreadable("tool.totals-differ", tool=TOOL, counted=received, told=session.total - session.lost)
    return fate


def _received(cells: Sequence[str]) -> _Received:
    size, jitter, lost, total = cells
    return _Received(count_of(size), float(jitter), int(lost), int(total))


def bytes_sent(cells: Sequence[str]) -> int:
    return count_of(cells[0])
