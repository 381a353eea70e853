"""Ladders: one test over several paths between the same nodes, a bar for each, and what each layer costs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from clearway.report.page.voices import Text, Voices
from clearway.report.phrases import rounded


@dataclass(frozen=True, slots=True)
class PathRow:
    path: Text
    value: str
    bar: float
    """In per cent of the greatest of the ladder."""
    cost: Text | None
    """Beside the path before; None of the first one."""


@dataclass(frozen=True, slots=True)
class LadderTable:
    name: str
    measure: Text
    rows: tuple[PathRow, ...]


def ladder_tables(voices: Voices) -> tuple[LadderTable, ...]:
    """None of a report that has no ladder."""
    return tuple(
        LadderTable(
            name=ladder.name,
            measure=voices.all(lambda one: [part.label for part in one.ladders])[index],
            rows=tuple(_rows(index, voices)),
        )
        for index, ladder in enumerate(voices.first.ladders)
    )


def _rows(index: int, voices: Voices) -> Iterator[PathRow]:
    ladder = voices.first.ladders[index]
    labels = voices.all(lambda one: [rung.label for rung in one.ladders[index].rungs])
    costs = voices.all(lambda one: [rung.sentence or "" for rung in one.ladders[index].rungs])
    most = max((rung.value.si for rung in ladder.rungs if rung.value is not None), default=0.0)
    for rung, label, cost in zip(ladder.rungs, labels, costs, strict=True):
        value, size = ("-", 0.0) if rung.value is None else (rounded(ladder.metric, rung.value), rung.value.si)
        yield PathRow(label, value, 100 * size / most if most else 0.0, cost if rung.sentence else None)
