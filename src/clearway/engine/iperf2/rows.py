"""iperf2's text as rows: who connected, and one row for each stream and interval. SUM rows are never trusted."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import (
    Callable,
    Collection,
    Dict,
    Generic,
    List,
    Mapping,
    Match,
    Optional,
    Pattern,
    Sequence,
    Tuple,
    TypeVar,
)

from clearway.base.errors import Unreadable
from clearway.base.units import Duration
from clearway.engine.base import Output, check_not_reset, failed, malformed, refuse_connection, whole_lines
from clearway.engine.iperf import Grid, Row, Stall, duration, longest_stall, ticks

TOOL = "iperf"
T = TypeVar("T")

_CONNECTED = re.compile(
    r"\[ *([0-9]{1,18})\] local (\S+) port ([0-9]{1,18}) connected with (\S+) port ([0-9]{1,18})(.*)"
)
_ROW = re.compile(r"\[ *([0-9]{1,18})\] +([0-9]{1,18}\.\d{4})-([0-9]{1,18}\.\d{4}) sec +(\S.*)")
_OF_STREAM = re.compile(r"\[ *([0-9]{1,18})\]")
_LATE = re.compile(r"WARNING: --txstart-time .* is before now")
_CONNECT_TIME = re.compile(r"\(ct=([0-9]{1,18}\.[0-9]{1,18}) ms\)")
_CONGESTION_FAILED = re.compile(r"congestion control failed")
_CONNECT_FAILED = re.compile(r"connect failed: (.*)")

_ROUNDED = 1
"""Ticks by which a row's printed times miss its length: a stream's rows drift by 1 us each, so the 51st of 0.1 s is
`5.0000-5.1001`, and the next one is `5.1001-5.2001`."""
BYTES = r"([0-9]{1,18}(?:\.0+)?) Bytes +\S+ bits/sec"
"""Transfer and bandwidth under `-f b`: exact, though a count below 100 comes with decimals: `0.000`, `8.00`, `80.0`."""


@dataclass(frozen=True)
class IntervalRow(Generic[T]):
    """One stream in one span of time, in ticks from the instant."""

    stream: int
    start: int
    end: int
    cells: T


@dataclass(frozen=True)
class Rows(Generic[T]):
    """All rows of one output."""

    streams: Tuple[int, ...]
    """In order of connecting."""
    rows: Tuple[IntervalRow[T], ...]

    def by_interval(self, step: int) -> Mapping[Tuple[int, int], T]:
        """Interval rows of `step` ticks by stream and start; totals and partial rows are left out.

        Raises Unreadable if a stream has two rows for one interval.
        """
        found: Dict[Tuple[int, int], T] = {}
        for row in self.rows:
            if abs(row.end - row.start - step) > _ROUNDED:
                continue
            start = round(row.start / step) * step
            if (row.stream, start) in found:
                raise Unreadable("tool.ambiguous-rows", tool=TOOL, stream=row.stream, at=duration(start))
            found[row.stream, start] = row.cells
        return found

    def table(self, step: int, starts: range) -> Sequence[Sequence[T]]:
        """Cells of every stream (in order of connecting) in every interval. Raises Unreadable if one is missing."""
        cells = self.by_interval(step)
        missing = [start for start in starts for stream in self.streams if (stream, start) not in cells]
        if missing:
            raise Unreadable("tool.cut-short", tool=TOOL, reached=duration(missing[0]), wanted=duration(starts.stop))
        return [[cells[stream, start] for start in starts] for stream in self.streams]


def count_of(text: str) -> int:
    """Bytes as `-f b` prints them."""
    return int(text.partition(".")[0])


def rows_of(output: Output, pattern: Pattern[str], read: Callable[[Sequence[str]], T]) -> Rows[T]:
    """Every row of the output, its columns behind the times read by `pattern` and `read`.

    Raises Unreadable if a row has other columns, if a stream without a connection has one, or if no stream connected.
    """
    lines = whole_lines(output.stdout)
    streams = tuple(int(match.group(1)) for match in map(_CONNECTED.match, lines) if match)
    if not streams:
        raise failed("tool.no-rows", TOOL, output)
    return Rows(streams, tuple(_rows(lines, streams, pattern, read)))


def _rows(
    lines: Sequence[str], streams: Sequence[int], pattern: Pattern[str], read: Callable[[Sequence[str]], T]
) -> List[IntervalRow[T]]:
    rows = []
    for line in lines:
        if (row := _ROW.fullmatch(line.rstrip())) is None:
            continue
        if (cells := pattern.fullmatch(row.group(4))) is None or int(row.group(1)) not in streams:
            raise malformed(TOOL, line)
        rows.append(IntervalRow(int(row.group(1)), ticks(row.group(2)), ticks(row.group(3)), read(cells.groups())))
    return rows


def ports_of_clients(output: Output) -> Mapping[int, int]:
    """The port that each stream of a sender comes from."""
    return {int(match.group(1)): int(match.group(3)) for match in _connections(output)}


def ports_of_peers(output: Output) -> Mapping[int, int]:
    """The port that each stream of a receiver comes from."""
    return {int(match.group(1)): int(match.group(5)) for match in _connections(output)}


def addresses_of_peers(output: Output) -> Tuple[str, ...]:
    """Where the streams of a receiver come from."""
    return tuple(dict.fromkeys(map(_peer, _connections(output))))


def _connections(output: Output) -> List[Match[str]]:
    return [match for match in map(_CONNECTED.match, whole_lines(output.stdout)) if match]


def connect_times(output: Output) -> Optional[Tuple[Duration, ...]]:
    """How long each stream of a TCP sender took to connect, in order of connecting; None if one is not printed."""
    found = [_CONNECT_TIME.search(match.group(6)) for match in _connections(output)]
    return tuple(Duration(float(one.group(1)) / 1e3) for one in found if one) if found and all(found) else None


def stall_in(grid: Grid, sizes: Sequence[int]) -> Optional[Stall]:
    """The longest stall in the intervals of the window; None if they are too long to show one."""
    rows = (Row(start, start + grid.step, size) for start, size in zip(grid.starts(), sizes))
    return longest_stall(rows) if grid.shows_stalls else None


def without_strangers(output: Output, partner: Collection[str]) -> Output:
    """The receiver's output without the streams of other addresses, as long as any is from the partner's.

    Where none is, its address was translated on the way, and all are left as they are.
    """
    connected = _connections(output)
    own = {match.group(1) for match in connected if _peer(match) in partner}
    strangers = {match.group(1) for match in connected if _peer(match) not in partner} - own
    return _without(strangers, output) if own else output


def without_reopened(output: Output) -> Output:
    """The receiver's output without the streams from where an earlier one came.

    A datagram that was overtaken by the end of its flow opens the flow anew.
    """
    first: Dict[Tuple[str, str], str] = {}
    for match in _connections(output):
        first.setdefault((match.group(4), match.group(5)), match.group(1))
    again = {match.group(1) for match in _connections(output)} - set(first.values())
    return _without(again, output)


def _without(streams: Collection[str], output: Output) -> Output:
    if not streams:
        return output
    kept = (line for line in output.stdout.splitlines(keepends=True) if _stream(line) not in streams)
    return replace(output, stdout="".join(kept))


def _peer(connected: Match[str]) -> str:
    return connected.group(4).partition("%")[0]


def _stream(line: str) -> Optional[str]:
    found = _OF_STREAM.match(line)
    return found.group(1) if found else None


def check_receiver(output: Output, streams: int, *, some_may_be_missing: bool = False) -> None:
    """Raise Unreadable unless exactly the asked streams came, all held back until one instant.

    A UDP flow of which nothing arrives never shows: there, some may be missing.
    """
    if "bind failed" in output.stderr:
        raise failed("tool.failed", TOOL, output)
    connected = _connections(output)
    if not connected:
        raise failed("tool.no-rows", TOOL, output)
    numbers = {match.group(1) for match in connected}
    peers = {_peer(match) for match in connected}
    unheld = any("(epoch-start)" not in match.group(6) for match in connected)
    if unheld or len(peers) > 1 or len(connected) > streams or len(numbers) < len(connected):
        who = tuple(sorted(peers))
        raise Unreadable("tool.foreign-stream", tool=TOOL, asked=streams, found=len(connected), peers=who)
    if len(connected) < streams and not some_may_be_missing:
        raise Unreadable("tool.streams-missing", tool=TOOL, asked=streams, found=len(connected))


def check_sender(output: Output, streams: int) -> None:
    """Raise Unreadable unless all streams connected in time for the instant, and none was reset.

    A failed stream also prints `connected with`: only a local port other than 0 shows a real connection.
    """
    lines = whole_lines(output.stdout)
    matches = _connections(output)
    connected = [match for match in matches if match.group(3) != "0"]
    error = _CONNECT_FAILED.search(output.stderr)
    printed = [*lines, *output.stderr.splitlines()]
    if not connected and (error or output.exit is None):
        refuse_connection(TOOL, output, error.group(1) if error else "Connection timed out")
    if not matches:
        raise failed("tool.no-rows", TOOL, output)
    if refused := next((line for line in printed if _CONGESTION_FAILED.search(line)), None):
        raise failed("tool.failed", TOOL, output, refused)
    if len(connected) != streams:
        raise Unreadable("tool.streams-missing", tool=TOOL, asked=streams, found=len(connected))
    if late := next((line for line in lines if _LATE.search(line)), None):
        raise failed("tool.late-start", TOOL, output, late)
    check_not_reset(TOOL, output.stderr)
