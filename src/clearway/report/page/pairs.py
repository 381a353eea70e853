"""All pairs with all their figures: a table for each test, and the same as data for sorting and for a CSV file."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clearway.probe.metrics import METRICS
from clearway.report.document import MeasuredPart, TestPart
from clearway.report.page.judged import label_of
from clearway.report.page.scale import Scale
from clearway.report.page.voices import Text, Voices
from clearway.verdict.model import PairState

MOST_ROWS = 200
"""That stand in the page itself; a script makes the others from the data, so many at once."""
_WORST_FIRST = (PairState.BREAKS, PairState.UNDECIDED, PairState.HOLDS)


@dataclass(frozen=True, slots=True)
class PairRow:
    sender: str
    receiver: str
    standing: str
    """The worst by all criteria of the test; empty: not judged."""
    figures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FigureColumn:
    title: Text
    unit: str


@dataclass(frozen=True, slots=True)
class PairTable:
    name: str
    columns: tuple[FigureColumn, ...]
    rows: tuple[PairRow, ...]
    """Worst first."""

    @property
    def first_rows(self) -> tuple[PairRow, ...]:
        return self.rows[:MOST_ROWS]


def pair_tables(voices: Voices) -> tuple[PairTable, ...]:
    return tuple(_table(test, voices) for test in voices.first.tests if test.measured or any(test.criteria))


def packed(tables: Sequence[PairTable]) -> str:
    """The rows as base64 of deflated JSON: no name in it can end an element of the page."""
    nodes = list(dict.fromkeys(node for table in tables for row in table.rows for node in (row.sender, row.receiver)))
    number = {node: index for index, node in enumerate(nodes)}
    data = {
        "nodes": nodes,
        "tables": [
            [[number[row.sender], number[row.receiver], row.standing[:1], *row.figures] for row in table.rows]
            for table in tables
        ],
    }
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode("utf-8"), 9)).decode("ascii")


def _table(test: TestPart, voices: Voices) -> PairTable:
    names = list(dict.fromkeys(name for pair in test.measured for name in pair.values))
    scales = {name: Scale.of([pair.values[name] for pair in test.measured if name in pair.values]) for name in names}
    standing = _standing(test)
    rows = [_row(pair, names, scales, standing) for pair in (*test.measured, *_unmeasured(test))]
    ordered = sorted(rows, key=lambda row: [one.value for one in _WORST_FIRST].index(row.standing or "holds"))
    columns = tuple(FigureColumn(_title(name, voices), scales[name].unit) for name in names)
    return PairTable(test.name, columns, tuple(ordered))


def _title(name: str, voices: Voices) -> Text:
    metric, _, statistic = name.partition(" ")
    return voices.phrased(lambda phrases: phrases.measure(METRICS[metric], statistic))


def _standing(test: TestPart) -> Mapping[tuple[str, str], str]:
    """Of each judged pair the worst."""
    found: dict[tuple[str, str], str] = {}
    for state in reversed(_WORST_FIRST):
        for criterion in test.criteria:
            for pair in criterion.pairs:
                if pair.standing is state and pair.sender is not None and pair.receiver is not None:
                    found[pair.sender, pair.receiver] = state.value
    return found


def _unmeasured(test: TestPart) -> list[MeasuredPart]:
    """Judged pairs without any value."""
    known = {(pair.sender, pair.receiver) for pair in test.measured}
    return [MeasuredPart(*ends, False, {}) for ends in _standing(test) if ends not in known]


def _row(
    pair: MeasuredPart, names: Sequence[str], scales: Mapping[str, Scale], standing: Mapping[tuple[str, str], str]
) -> PairRow:
    return PairRow(
        label_of(pair.sender),
        label_of(pair.receiver),
        standing.get((pair.sender, pair.receiver), ""),
        tuple(scales[name].number(pair.values[name].si) if name in pair.values else "" for name in names),
    )
