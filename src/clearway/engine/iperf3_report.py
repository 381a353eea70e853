"""iperf3's JSON reports, read strictly: a field that is not there, or not a number, ends the reading."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any, List, Mapping, Optional, Sequence, Tuple

from clearway.base.errors import Unreadable
from clearway.engine.base import Output, failed, malformed, quote
from clearway.engine.iperf import Grid, duration

TOOL = "iperf3"

_BEGIN = re.compile(r"^\{", re.MULTILINE)


@dataclass(frozen=True)
class Cell:
    """One stream in one interval."""

    fields: Mapping[str, Any]

    def number(self, name: str) -> float:
        """Raises Unreadable unless it is a finite number that is not negative."""
        value = self.fields.get(name)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < math.inf:
            raise malformed(TOOL, f"{name}: {value}")
        return value

    def count(self, name: str) -> int:
        return int(self.number(name))

    @property
    def size(self) -> int:
        return self.count("bytes")

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
class Iperf3Report:
    """What one end says about one test."""

    fields: Mapping[str, Any]

    @property
    def intervals(self) -> Sequence[Sequence[Cell]]:
        """Cells by interval, each with one cell a stream. An interrupted test prints its last one twice."""
        found = [interval["streams"] for interval in self.fields["intervals"] if interval.get("streams")]
        once = [streams for streams, before in zip(found, [None, *found]) if streams != before]
        return [[Cell(stream) for stream in streams] for streams in once]

    @property
    def error(self) -> str:
        return str(self.fields.get("error", ""))

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

    def datagrams(self, cell: Cell) -> int:
        """How many datagrams its bytes are."""
        size = Cell(self.fields["start"]["test_start"]).count("blksize")
        whole, rest = divmod(cell.size, size)
        if rest:
            raise Unreadable("tool.datagram-size", tool=TOOL, asked=size, found=cell.size)
        return whole


def reports_of(output: Output) -> Tuple[Iperf3Report, ...]:
    """Every report, past the warnings between them. Raises Unreadable if one was cut or is no report."""
    decoder, text = json.JSONDecoder(), output.stdout
    reports: List[Iperf3Report] = []
    begin = _BEGIN.search(text)
    while begin is not None:
        try:
            found, end = decoder.raw_decode(text, begin.start())
        except ValueError:
            raise failed("tool.cut-short", TOOL, output, text[begin.start() :]) from None
        reports.append(_report(found))
        begin = _BEGIN.search(text, end)
    return tuple(reports)


def _report(found: Any) -> Iperf3Report:
    if not isinstance(found, dict) or not isinstance(found.get("intervals"), list):
        raise malformed(TOOL, str(found))
    return Iperf3Report(found)
