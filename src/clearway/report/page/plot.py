"""A chart as the template writes it: all places in the units of its view box."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from clearway.report.page.scale import ticks
from clearway.report.page.voices import Text

WIDTH, HEIGHT = 340, 204
"""About the width of a phone, and of a third of the sheet: text keeps its size on both."""
LEFT, RIGHT, TOP, BOTTOM = 48, 330, 24, 172
"""Of the plot inside."""


@dataclass(frozen=True, slots=True)
class Tick:
    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Mark:
    x: float
    y: float
    kind: str
    """`holds`, `breaks`, `undecided`."""
    tip: str


@dataclass(frozen=True, slots=True)
class Stroke:
    points: str
    """As `d` of an SVG path."""
    kind: str


@dataclass(frozen=True, slots=True)
class LimitLine:
    x1: float
    y1: float
    x2: float
    y2: float
    text: str
    at_end: bool = False
    """Its text ends at the line."""


@dataclass(frozen=True, slots=True)
class Band:
    x: float
    y: float
    width: float
    height: float
    kind: str = "missed"


@dataclass(frozen=True, slots=True)
class Chart:
    title: Text
    subject: str
    caption: Text
    x_unit: str
    y_unit: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    limit: LimitLine | None = None
    areas: tuple[Band, ...] = ()
    paths: tuple[Stroke, ...] = ()
    dots: tuple[Mark, ...] = ()
    labels: tuple[tuple[float, float, str], ...] = field(default=())


@dataclass(frozen=True, slots=True)
class ChartAxis:
    """From values to places; logarithmic where `least` is above 0."""

    top: float
    begin: float
    end: float
    least: float = 0.0

    def at(self, value: float) -> float:
        if self.least > 0:
            share = math.log(max(value, self.least) / self.least) / math.log(self.top / self.least)
        else:
            share = value / self.top if self.top else 0.0
        return round(self.begin + (self.end - self.begin) * min(max(share, 0.0), 1.0), 1)

    def ticks(self, texts: Sequence[tuple[float, str]]) -> tuple[Tick, ...]:
        return tuple(Tick(self.at(value), text) for value, text in texts)


def across(top: float) -> ChartAxis:
    return ChartAxis(top, LEFT, RIGHT)


def up(top: float, least: float = 0.0) -> ChartAxis:
    return ChartAxis(top, BOTTOM, TOP, least)


def round_values(top: float) -> tuple[float, ...]:
    return ticks(top)


def line(places: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in places) if places else ""
