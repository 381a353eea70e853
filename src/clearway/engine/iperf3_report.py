"""iperf3's JSON reports, read strictly: a field that is not there, or not a number, ends the reading."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Iterable, List, Mapping, Optional, Sequence, Tuple

from clearway.base.errors import Unreadable
from clearway.engine.base import Output, failed, malformed, quote
from clearway.engine.iperf import PER_SECOND, Grid, Row, duration

TOOL = "iperf3"

_TOTALS_MAY_DIFFER = 0.01
"""Share of a test's bytes; 0 in all outputs that are kept here. What ends it may be in one and not in the other."""
_GREETING = 4
"""Bytes of the datagram that connects."""
_WORD = 1 << 64
"""A negative count of iperf3 is printed as an unsigned one of 64 bits."""
_BEGIN = re.compile(r"^\{", re.MULTILINE)


@dataclass(frozen=True)
class Cell:
    """One stream in one interval."""

    fields: Mapping[str, Any]

    def number(self, name: str) -> float:
        """Raises Unreadable unless it is a number that is not negative and fits into 64 bits."""
        value = self.fields.get(name)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= _WORD:
            raise malformed(TOOL, f"{name}: {value}")
        return value

    def count(self, name: str) -> int:
        return int(self.number(name))

    @property
    def size(self) -> int:
        return self.count("bytes")

    @property
    def lost(self) -> int:
        """Below 0 where more came out of order than was lost, which the tool prints as 64 bits without a sign."""
        lost = self.count("lost_packets")
        return lost - _WORD if lost >= _WORD // 2 else lost

    @property
    def end(self) -> float:
        """Seconds from the start of the test."""
        return self.number("end")

    def slot(self, step: float) -> Optional[int]:
        """Which interval of `step` seconds it is; None for a shorter rest at the end.

        The tool's timer may be late, and the next interval then makes up for it.
        """
        return round(self.number("start") / step) if self.number("seconds") > step / 2 else None


@dataclass(frozen=True)
class PrintedInterval:
    """All streams between two ticks from the start of the test."""

    row: Row
    cells: Sequence[Cell]


def _interval(cells: Sequence[Cell]) -> PrintedInterval:
    begin, end = (round(seconds * PER_SECOND) for seconds in (cells[0].number("start"), cells[0].end))
    return PrintedInterval(Row(begin, end, sum(cell.size for cell in cells)), cells)


@dataclass(frozen=True)
class Iperf3Report:
    """What one end says about one test."""

    fields: Mapping[str, Any]

    @property
    def intervals(self) -> Sequence[Sequence[Cell]]:
        """Cells by interval, each with one cell per stream. An interrupted test prints its last one twice."""
        found = [interval["streams"] for interval in self.fields["intervals"] if interval.get("streams")]
        once = [streams for streams, before in zip(found, [None, *found]) if streams != before]
        return [[Cell(stream) for stream in streams] for streams in once]

    @property
    def error(self) -> str:
        return str(self.fields.get("error", ""))

    @property
    def client(self) -> str:
        """Address of the client that a server accepted; empty where it accepted none."""
        return str(self.fields.get("start", {}).get("accepted_connection", {}).get("host", ""))

    @property
    def interrupted(self) -> bool:
        """Whether it was ended from outside while it waited."""
        return self.error.startswith("interrupt")

    @property
    def reordered(self) -> Optional[int]:
        """UDP datagrams out of order; None if the test didn't come to its end."""
        streams = self.fields.get("end", {}).get("streams", [])
        return Cell(streams[0].get("udp", {})).count("out_of_order") if streams else None

    @property
    def seen_by_receiver(self) -> Optional[int]:
        """Datagrams up to the last one that came, as the receiver reported when the test closed; None if it didn't."""
        totals = self.fields.get("end", {}).get("sum_received", {})
        return Cell(totals).count("packets") if "packets" in totals else None

    def check(self, streams: int, datagram: Optional[int]) -> None:
        """Raise Unreadable unless the test is the one that was asked for."""
        asked = self.fields.get("start", {}).get("test_start")
        if not isinstance(asked, dict):
            raise Unreadable("tool.no-rows", tool=TOOL, quote=quote(self.error))
        widths = {len(interval) for interval in self.intervals} | {Cell(asked).count("num_streams")}
        if widths != {streams}:
            raise Unreadable("tool.streams-missing", tool=TOOL, asked=streams, found=min(widths))
        if datagram is not None and Cell(asked).count("blksize") != datagram:
            raise Unreadable("tool.datagram-size", tool=TOOL, asked=datagram, found=Cell(asked).count("blksize"))

    def check_total(self, name: str) -> None:
        """Raise Unreadable if a total of this end contradicts its intervals. One cut short may have none."""
        totals = self.fields.get("end", {}).get(name)
        if totals is None:
            return
        total, counted = Cell(totals).size, sum(cell.size for cells in self.intervals for cell in cells)
        if abs(total - counted) > counted * _TOTALS_MAY_DIFFER:
            raise Unreadable("tool.totals-differ", tool=TOOL, counted=counted, told=total)

    def table(self, grid: Grid, starts: range) -> Sequence[Sequence[Cell]]:
        """The intervals that begin at `starts`. Raises Unreadable if one is missing or there twice."""
        step = grid.interval.si
        found = [(interval[0].slot(step), interval) for interval in self.intervals]
        by_slot = {slot: interval for slot, interval in found if slot is not None}
        if len(by_slot) < sum(slot is not None for slot, _ in found):
            raise Unreadable("tool.ambiguous-rows", tool=TOOL, stream=0, at=duration(starts.start))
        missing = [start for start in starts if start // grid.step not in by_slot]
        if missing:
            raise Unreadable("tool.cut-short", tool=TOOL, reached=duration(missing[0]), wanted=duration(starts.stop))
        return [by_slot[start // grid.step] for start in starts]

    def inside(self, grid: Grid) -> Sequence[PrintedInterval]:
        """What begins inside the window. The timer may be late by half a row; raises Unreadable if one is missing."""
        late = grid.step // 2
        found = [_interval(cells) for cells in self.intervals]
        inside = [one for one in found if grid.begin - late <= one.row.start < grid.end - late]
        reached = grid.begin
        for row in (one.row for one in inside):
            if row.start < reached - late:
                raise Unreadable("tool.ambiguous-rows", tool=TOOL, stream=0, at=duration(row.start))
            if row.start > reached + late:
                break
            reached = row.end
        if reached < grid.end - late:
            raise Unreadable("tool.cut-short", tool=TOOL, reached=duration(reached), wanted=duration(grid.end))
        return inside

    def datagrams(self, cell: Cell) -> int:
        """How many datagrams its bytes are. Copies of the one that connects, which has 4 byte, do not count."""
        size = Cell(self.fields["start"]["test_start"]).count("blksize")
        whole, rest = divmod(cell.size, size)
        if rest % _GREETING:
            raise Unreadable("tool.datagram-size", tool=TOOL, asked=size, found=cell.size)
        return whole

    @property
    def greeted_twice(self) -> bool:
        """Whether a copy of the datagram that connects came: the tool takes its text for a sequence number."""
        size = Cell(self.fields["start"]["test_start"]).count("blksize")
        return any(cell.size % size for cells in self.intervals for cell in cells)


def reports_of(output: Output) -> Tuple[Iperf3Report, ...]:
    """Every report, past the warnings between them. Raises Unreadable if one was cut or is no report."""
    decoder, text = json.JSONDecoder(), output.stdout
    reports: List[Iperf3Report] = []
    begin = _BEGIN.search(text)
    while begin is not None:
        try:
            found, end = decoder.raw_decode(text, begin.start())
        except (ValueError, RecursionError):
            raise failed("tool.cut-short", TOOL, output, text[begin.start() :]) from None
        reports.append(_report(found))
        begin = _BEGIN.search(text, end)
    return tuple(reports)


def clients_of(output: Output) -> Tuple[str, ...]:
    """Addresses of all clients that a server accepted; those of reports that can't be read are left out."""
    try:
        return tuple(report.client for report in reports_of(output) if report.client)
    except Unreadable:
        return ()


def _has_shape(found: Mapping[str, Any]) -> bool:
    """Whether lists and mappings stand where they are read; the numbers in them are checked one by one."""
    intervals, end, start = found.get("intervals"), found.get("end", {}), found.get("start", {})
    if not isinstance(intervals, list) or not _are_mappings((start, end, *intervals)):
        return False
    streams = [one.get("streams") or [] for one in intervals]
    totals = end.get("streams", [])
    if not all(isinstance(cells, list) for cells in (*streams, totals)):
        return False
    flat = (
        start.get("accepted_connection", {}),
        end.get("sum_sent", {}),
        *(cell for cells in streams for cell in cells),
        *totals,
        end.get("sum_received", {}),
    )
    return _are_mappings(flat) and _are_mappings(total.get("udp", {}) for total in totals)


def _are_mappings(found: Iterable[Any]) -> bool:
    return all(isinstance(one, dict) for one in found)


def _report(found: Any) -> Iperf3Report:
    if not isinstance(found, dict) or not _has_shape(found):
        raise malformed(TOOL, str(found))
    return Iperf3Report(found)
