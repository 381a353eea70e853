"""Figures that stand beside each other: one unit for all, and round numbers on an axis."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from clearway.base.units import NEAREST, Quantity, Rounding, decimal_of, digits


@dataclass(frozen=True, slots=True)
class Scale:
    """A unit that fits a number of figures of one kind."""

    unit: str
    factor: float
    """SI units that are one of it."""

    @classmethod
    def of(cls, figures: Iterable[Quantity]) -> Scale:
        """Fits the largest of them."""
        largest = max(figures, key=lambda figure: figure.si, default=None)
        if largest is None:
            return cls("", 1.0)
        numeral = largest.shown(Rounding(extra=2))
        number, unit = _parts(numeral.text)
        return cls(unit, float(numeral.number) / number if number else 1.0)

    def number(self, si: float, side: str = NEAREST) -> str:
        """Without the unit: three digits that count."""
        shown = digits(decimal_of(float(f"{si / self.factor:.12g}")), Rounding(side)).text
        whole, point, rest = shown.partition(".")
        return f"{int(whole):,}{point}{rest}" if len(whole) > 3 else shown


def _parts(text: str) -> tuple[float, str]:
    """`12.3 k/s` and `12/s` as number and unit."""
    number, _, unit = text.partition(" ") if " " in text else text.partition("/")
    return float(number.replace(",", "")), f"/{unit}" if unit and " " not in text else unit


def ticks(top: float, count: int = 4) -> tuple[float, ...]:
    """Round numbers from 0 to `top`, about so many."""
    step = _round_step(top / count)
    return tuple(step * index for index in range(int(top / step + 1e-9) + 1))


def _round_step(least: float) -> float:
    if least <= 0:
        return 1.0
    power: float = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= least * 0.999)
