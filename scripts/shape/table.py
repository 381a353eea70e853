"""The figures for people, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from scripts.shape.figure import BASELINE, Figure

_Row = tuple[str, ...]

HEADINGS = ("figure", BASELINE, "now", "goal", "met", "")


def as_table(figures: Sequence[Figure], *, with_places: bool = False) -> str:
    rows = [HEADINGS, *map(_row, figures)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [_line(row, widths) for row in rows]
    return "\n".join([*lines, *(_places(figures) if with_places else ())])


def _row(figure: Figure) -> _Row:
    goal = "" if figure.goal is None else str(figure.goal)
    met = {True: "yes", False: "no", None: ""}[figure.met]
    return figure.name, _number(figure.baseline), _number(figure.now), goal, met, figure.note


def _number(value: float | None) -> str:
    return "not taken" if value is None else f"{value:,g}"


def _line(row: _Row, widths: Sequence[int]) -> str:
    name, baseline, now, *rest = (
        f"{cell:{'>' if place in {1, 2} else '<'}{width}}"
        for place, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
    return "  ".join([name, baseline, now, *rest]).rstrip()


def _places(figures: Sequence[Figure]) -> Iterator[str]:
    for figure in figures:
        if figure.places:
            yield f"\n{figure.name}"
            yield from (f"  {place}" for place in figure.places)


def as_json(figures: Sequence[Figure]) -> str:
    """Every figure with its places."""
    return json.dumps([asdict(figure) | {"met": figure.met} for figure in figures], indent=2)
