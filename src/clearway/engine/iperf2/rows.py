"""iperf2's text as rows: who connected, and one row for each stream and interval. SUM rows are never trusted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Callable, Dict, Generic, List, Mapping, Pattern, Sequence, Tuple, TypeVar

from clearway.base.errors import Unreadable
from clearway.engine.base import Output, failed, malformed, refuse_connection, whole_lines
from clearway.engine.iperf import duration, ticks

TOOL = "iperf"
T = TypeVar("T")

_CONNECTED = re.compile(r"\[ *(\d+)\] local (\S+) port (\d+) connected with (\S+) port \d+(.*)")
_ROW = re.compile(r"\[ *(\d+)\] +(\d+\.\d{4})-(\d+\.\d{4}) sec +(\S.*)")
_LATE = re.compile(r"WARNING: --txstart-time .* is before now")
_CONGESTION_FAILED = re.compile(r"congestion control failed")
_CONNECT_FAILED = re.compile(r"connect failed: (.*)")

BYTES = r"(\d+(?:\.0+)?) Bytes +\S+ bits/sec"
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
            if row.end - row.start != step:
                continue
            if (row.stream, row.start) in found:
                raise Unreadable("tool.ambiguous-rows", tool=TOOL, stream=row.stream, at=duration(row.start))
            found[row.stream, row.start] = row.cells
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


def check_receiver(output: Output, streams: int) -> None:
    """Raise Unreadable unless exactly the asked streams came, all held back until one instant."""
    if "bind failed" in output.stderr:
        raise failed("tool.failed", TOOL, output)
    connected = [match for match in map(_CONNECTED.match, whole_lines(output.stdout)) if match]
    if not connected:
        raise failed("tool.no-rows", TOOL, output)
    numbers = {match.group(1) for match in connected}
    peers = {match.group(4).partition("%")[0] for match in connected}
    unheld = any("(epoch-start)" not in match.group(5) for match in connected)
    if unheld or len(peers) > 1 or len(connected) > streams or len(numbers) < len(connected):
        who = tuple(sorted(peers))
        raise Unreadable("tool.foreign-stream", tool=TOOL, asked=streams, found=len(connected), peers=who)
    if len(connected) < streams:
        raise Unreadable("tool.streams-missing", tool=TOOL, asked=streams, found=len(connected))


def check_sender(output: Output, streams: int) -> None:
    """Raise Unreadable unless all streams connected in time for the instant.

    A failed stream also prints `connected with`: only a local port other than 0 shows a real connection.
    """
    lines = whole_lines(output.stdout)
    matches = [match for match in map(_CONNECTED.match, lines) if match]
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
