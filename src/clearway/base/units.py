"""Quantities with a unit, stored in SI: bit/s, byte, second, fraction, events per second; and how each is shown.

A quantity knows only its number and its kind. It is shown with few digits, rounded towards a side; how people write it
is read by quantity_text.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal
from typing import Sequence, Tuple, TypeVar, Union

DOWN, UP, NEAREST = ROUND_FLOOR, ROUND_CEILING, ROUND_HALF_UP
"""Sides to round to."""


@dataclass(frozen=True)
class Rounding:
    """How a number is to be written."""

    side: str = NEAREST
    extra: int = 0
    """Digits beyond the usual ones."""

    def cut(self, number: Decimal, places: int) -> Decimal:
        """With so many places after the point, and the extra ones."""
        return number.quantize(Decimal(1).scaleb(-places - self.extra), self.side, _WIDE)


USUAL = Rounding()


@dataclass(frozen=True)
class Numeral:
    """A number as it is written."""

    text: str
    number: Decimal
    """What the text says, in the unit that the number came in."""


Q = TypeVar("Q", bound="Quantity")


@dataclass(frozen=True, order=True)
class Quantity:
    """A number of one kind. `si` is its value in the kind's SI unit."""

    si: float

    def __add__(self: Q, other: Q) -> Q:
        return type(self)(self.si + _same(self, other).si)

    def __sub__(self: Q, other: Q) -> Q:
        return type(self)(self.si - _same(self, other).si)

    def __mul__(self: Q, factor: float) -> Q:
        return type(self)(self.si * factor)

    def over(self: Q, other: Q) -> float:
        """How many times `other` fits into this: a plain number."""
        return self.si / _same(self, other).si

    def shown(self, rounding: Rounding = USUAL) -> Numeral:
        """As people read it."""
        raise NotImplementedError

    def __str__(self) -> str:
        return self.shown().text


class Rate(Quantity):
    """Data per time, in bit/s."""

    def times(self, duration: Duration) -> Size:
        return Size(self.si * duration.si / 8)

    def shown(self, rounding: Rounding = USUAL) -> Numeral:
        return scaled(decimal_of(self.si, rounding), "bit/s", rounding)

    def in_bytes(self, rounding: Rounding = USUAL) -> str:
        """The same rate in bytes, as storage people read it: `0.65 GB/s`."""
        return scaled(decimal_of(self.si, rounding) / 8, "B/s", rounding).text


class Size(Quantity):
    """An amount of data, in byte."""

    def per(self, duration: Duration) -> Rate:
        return Rate(self.si * 8 / duration.si)

    def shown(self, rounding: Rounding = USUAL) -> Numeral:
        return scaled(decimal_of(self.si, rounding), "B", rounding)


class Duration(Quantity):
    """A span of time, in second; negative means before."""

    def shown(self, rounding: Rounding = USUAL) -> Numeral:
        return seconds(decimal_of(self.si, rounding), rounding)


class Ratio(Quantity):
    """A share of a whole: 0.001 is 0.1 %."""

    def shown(self, rounding: Rounding = USUAL) -> Numeral:
        share = digits(decimal_of(self.si, rounding) * 100, rounding)
        return Numeral(f"{share.text} %", share.number / 100)


class Frequency(Quantity):
    """Events per second: requests, packets."""

    def shown(self, rounding: Rounding = USUAL) -> Numeral:
        return scaled(decimal_of(self.si, rounding), "/s", rounding)


class Count(Quantity):
    """A number of things: errors, retransmits."""

    def shown(self, rounding: Rounding = USUAL) -> Numeral:
        number = decimal_of(self.si, rounding)
        return Numeral(f"{self.si:,.0f}", number) if self.si == int(self.si) else digits(number, rounding)


AnyQuantity = Union[Rate, Size, Duration, Ratio, Frequency, Count]


def _same(left: Quantity, right: Quantity) -> Quantity:
    if type(left) is not type(right):
        raise TypeError(f"{type(left).__name__} and {type(right).__name__} do not mix")
    return right


_WIDE = Context(prec=400)
"""A double has at most 309 digits before the point."""
_SURE = Context(prec=12, rounding=ROUND_HALF_UP)
"""The digits of a float after these are what arithmetic left: 0.95 Gbit/s that came out as 949,999,999.9999999 bit/s is
not to be shown as 949.99 Mbit/s."""
_ALL_DIGITS = 6
"""From so many extra digits on, two numbers differ only there: then all digits count."""


def decimal_of(number: float, rounding: Rounding = USUAL) -> Decimal:
    exact = Decimal(repr(float(number)))
    return exact if rounding.extra >= _ALL_DIGITS else _SURE.plus(exact)


def digits(number: Decimal, rounding: Rounding) -> Numeral:
    """At least three significant digits, no exponent, no trailing zeros after the point."""
    if not number:
        return Numeral("0", number)
    cut = rounding.cut(number, 0 if abs(number) >= 100 else 2 - number.adjusted())
    return Numeral(f"{cut.normalize(_WIDE):f}" if cut else "0", cut)


DECIMAL_SCALES: Sequence[Tuple[Decimal, str]] = tuple(
    (Decimal(10) ** power, prefix) for power, prefix in ((12, "T"), (9, "G"), (6, "M"), (3, "k"), (0, ""))
)


def scaled(number: Decimal, unit: str, rounding: Rounding) -> Numeral:
    """With the prefix that fits; from a million on, two digits after the point, so that columns line up."""
    fitting = (scale for scale in DECIMAL_SCALES if abs(number) >= scale[0])
    factor, prefix = next(fitting, DECIMAL_SCALES[-1])
    small = digits(number / factor, rounding)
    cut = rounding.cut(number / factor, 2) if factor >= 10**6 else small.number
    text = f"{cut:f}" if factor >= 10**6 else small.text
    return Numeral(f"{text}{unit}" if unit == "/s" and not prefix else f"{text} {prefix}{unit}", cut * factor)


def seconds(number: Decimal, rounding: Rounding) -> Numeral:
    """In the unit that fits; from 100 s on as minutes and seconds, unless more digits are asked for."""
    if abs(number) >= 100 and not rounding.extra:
        return _minutes(rounding.cut(number, 0))
    if not number:
        return Numeral("0 s", number)
    fitting = (scale for scale in ((0, "s"), (-3, "ms"), (-6, "us")) if abs(number) >= Decimal(1).scaleb(scale[0]))
    power, unit = next(fitting, (-9, "ns"))
    shown = digits(number.scaleb(-power), rounding)
    return Numeral(f"{shown.text} {unit}", shown.number.scaleb(power))


def _minutes(whole: Decimal) -> Numeral:
    minutes, rest = divmod(int(abs(whole)), 60)
    sign = "-" if whole < 0 else ""
    return Numeral(f"{sign}{minutes} min {rest} s" if rest else f"{sign}{minutes} min", whole)
