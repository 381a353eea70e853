"""Quantities with a unit, stored in SI: bit/s, byte, second, fraction, events per second.

A quantity knows only its number and its kind; `parse_*` reads what people write and refuses what
is ambiguous, `str()` writes what people read, `exact_text` what loses nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Mapping, Tuple, Type, TypeVar, Union

from clearway.base.errors import UnitError

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


class Rate(Quantity):
    """Data per time, in bit/s."""

    def times(self, duration: Duration) -> Size:
        return Size(self.si * duration.si / 8)

    def __str__(self) -> str:
        return _scaled(self.si, "bit/s", _DECIMAL_SCALES)

    @property
    def in_bytes(self) -> str:
        """The same rate in bytes, as storage people read it: `0.65 GB/s`."""
        return _scaled(self.si / 8, "B/s", _DECIMAL_SCALES)


class Size(Quantity):
    """An amount of data, in byte."""

    def per(self, duration: Duration) -> Rate:
        return Rate(self.si * 8 / duration.si)

    def __str__(self) -> str:
        return _scaled(self.si, "B", _DECIMAL_SCALES)


class Duration(Quantity):
    """A span of time, in second; negative means before."""

    def __str__(self) -> str:
        return _duration(self.si)


class Ratio(Quantity):
    """A share of a whole: 0.001 is 0.1 %."""

    def __str__(self) -> str:
        return f"{_digits(self.si * 100)} %"


class Frequency(Quantity):
    """Events per second: requests, packets."""

    def __str__(self) -> str:
        return _scaled(self.si, "/s", _DECIMAL_SCALES)


class Count(Quantity):
    """A number of things: errors, retransmits."""

    def __str__(self) -> str:
        return f"{self.si:,.0f}" if self.si == int(self.si) else _digits(self.si)


AnyQuantity = Union[Rate, Size, Duration, Ratio, Frequency, Count]


def parse_rate(text: str) -> Rate:
    """Read `5Gbit/s`, `5 Gbps`, `625 MB/s`. Raises UnitError; a bare `5G` or `5 Gb` is ambiguous."""
    return Rate(_RATE.read(text))


def parse_size(text: str) -> Size:
    """Read `64 KB`, `16 MiB`, `1500 B`. Raises UnitError; a bare `64K` is ambiguous."""
    return Size(_SIZE.read(text))


def parse_duration(text: str) -> Duration:
    """Read `10s`, `1m30s`, `1 min 30 s`, `250 ms`. Raises UnitError; a bare number has no unit."""
    if re.fullmatch(rf"\s*(?:{_SPAN}\s*)+", text) is None:
        raise _DURATION.refusal(text)
    parts = re.findall(_SPAN, text)
    return Duration(float(sum(Decimal(number) * _DURATION.units[unit] for number, unit in parts)))


def parse_ratio(text: str) -> Ratio:
    """Read `0.1 %`. Raises UnitError; a bare `0.1` could be a share or per cent. Nought is nought."""
    if (bare := _QUANTITY.fullmatch(text)) and not bare.group(2):
        share = Decimal(bare.group(1))
        if not share:
            return Ratio(0.0)
        raise UnitError("unit.ambiguous", text=text, choices=(f"{share:f} %", f"{(share * 100).normalize():f} %"))
    return Ratio(_RATIO.read(text))


def parse_frequency(text: str) -> Frequency:
    """Read `1000/s`, `2 k/s`. Raises UnitError."""
    return Frequency(_FREQUENCY.read(text))


def parse_count(text: str) -> Count:
    """Read a plain number; thousands may be set apart by commas. Raises UnitError."""
    grouped = re.fullmatch(r"\s*\d{1,3}(?:,\d{3})+\s*", text)
    return Count(_COUNT.read(text.replace(",", "") if grouped else text))


def exact_text(quantity: Quantity) -> str:
    """Text that parses back to the very same quantity; `str()` rounds for the eye. Not for negative ones."""
    value = Decimal(repr(quantity.si))
    written = [(value / factor, unit) for unit, factor in _EXACT_UNITS[type(quantity)].items()]
    texts = [(number < 1, f"{number.normalize():f}{unit}") for number, unit in written if _survives(number)]
    return min(texts, key=lambda candidate: (candidate[0], len(candidate[1])))[1]


def _survives(number: Decimal) -> bool:
    """Whether a quotient came out exactly: doubles have at most 17 digits, decimals here 28."""
    return len(number.normalize().as_tuple().digits) <= 20


@dataclass(frozen=True)
class _Reader:
    """How one kind of quantity is written: unit -> factor to SI."""

    kind: str
    units: Mapping[str, Decimal]
    examples: Tuple[str, ...]
    bare: Tuple[str, ...] = ()
    """Units to offer for a number that has none."""
    ambiguous: Mapping[str, Tuple[str, str]] = field(default_factory=dict)

    def read(self, text: str) -> float:
        match = _QUANTITY.fullmatch(text)
        if match is None or match.group(2) not in self.units:
            raise self.refusal(text)
        return float(Decimal(match.group(1)) * self.units[match.group(2)])

    def refusal(self, text: str) -> UnitError:
        match = _QUANTITY.fullmatch(text)
        if match is None:
            return UnitError(f"unit.not-a-{self.kind}", text=text, choices=self.examples)
        number, unit = match.groups()
        any_case = (self.ambiguous[known] for known in self.ambiguous if known.lower() == unit.lower())
        meant = self.ambiguous.get(unit) or next(any_case, None)
        if meant:
            return UnitError("unit.ambiguous", text=text, choices=_with(number, meant))
        other_case = tuple(known for known in self.units if known.lower() == unit.lower())
        choices = _with(number, other_case if unit else self.bare) or self.examples
        return UnitError(f"unit.not-a-{self.kind}", text=text, choices=choices)


def _with(number: str, units: Tuple[str, ...]) -> Tuple[str, ...]:
    return tuple(f"{number}{unit}" if unit == "/s" else f"{number} {unit}" for unit in units)


_NUMBER = r"\d+(?:\.\d+)?"
_QUANTITY = re.compile(rf"\s*({_NUMBER}(?:e[+-]?\d+)?)\s*(\S*)\s*", re.ASCII)
_PREFIXES = {"": Decimal(1), "k": Decimal(10**3), "M": Decimal(10**6), "G": Decimal(10**9), "T": Decimal(10**12)}
_BINARY = {"Ki": Decimal(2**10), "Mi": Decimal(2**20), "Gi": Decimal(2**30), "Ti": Decimal(2**40)}
_UPPER_K = {**_PREFIXES, "K": Decimal(10**3)}
_ALL_PREFIXES = {**_UPPER_K, **_BINARY}
_BITS = ("bit/s", "bps", "bit/sec", "bits/s", "bits/sec")
_NOT_QUITE_BITS = ("b", "b/s", "bit", "bits", "ib", "ibit", "ibit/s")

_RATE = _Reader(
    "rate",
    {
        **{f"{prefix}{tail}": factor for tail in _BITS for prefix, factor in _UPPER_K.items()},
        **{f"{prefix}B/s": factor * 8 for prefix, factor in _ALL_PREFIXES.items()},
    },
    examples=("5 Gbit/s", "625 MB/s"),
    ambiguous={
        **{prefix: (f"{prefix}bit/s", f"{prefix}B/s") for prefix in "kKMGT"},
        **{f"{p}{tail}": (f"{p}bit/s", f"{p}B/s") for tail in _NOT_QUITE_BITS for p in ("", *"kKMGT")},
        # iperf2 means 1024 byte by this, all other tools 1000.
        **{f"{p}{tail}": (f"{p}B/s", f"{p.upper()}iB/s") for tail in ("bytes/sec", "Bytes/sec") for p in "kKMGT"},
    },
)
_SIZE = _Reader(
    "size",
    {f"{prefix}B": factor for prefix, factor in _ALL_PREFIXES.items()},
    examples=("64 KB", "16 MiB"),
    bare=("B", "KiB"),
    ambiguous={f"{p}{tail}": (f"{p}B", f"{p.upper()}iB") for tail in ("", "b") for p in "kKMGT"},
)
_DURATION = _Reader(
    "duration",
    {
        "min": Decimal(60),
        "ms": Decimal("1e-3"),
        "us": Decimal("1e-6"),
        "µs": Decimal("1e-6"),
        "ns": Decimal("1e-9"),
        "h": Decimal(3600),
        "m": Decimal(60),
        "s": Decimal(1),
    },
    examples=("10 s", "1m30s", "250 ms"),
    bare=("s", "ms", "min"),
)
_RATIO = _Reader("ratio", {"%": Decimal("0.01")}, examples=("0.1 %", "90 %"))
_FREQUENCY = _Reader(
    "frequency",
    {f"{prefix}/s": factor for prefix, factor in _UPPER_K.items()},
    examples=("1000/s", "2 k/s"),
    bare=("/s",),
)
_COUNT = _Reader("count", {"": Decimal(1)}, examples=("0", "16"))
_SPAN = rf"({_NUMBER})\s*({'|'.join(_DURATION.units)})"
_DECIMAL_SCALES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""))
_EXACT_UNITS: Mapping[Type[Quantity], Mapping[str, Decimal]] = {
    Rate: {f" {prefix}bit/s": factor for prefix, factor in _PREFIXES.items()},
    Size: {f" {prefix}B": factor for prefix, factor in {**_PREFIXES, **_BINARY}.items()},
    Duration: {f" {unit}": _DURATION.units[unit] for unit in ("s", "ms", "us", "ns")},
    Ratio: {" %": Decimal("0.01")},
    Frequency: {f"{' ' if prefix else ''}{prefix}/s": factor for prefix, factor in _PREFIXES.items()},
    Count: {"": Decimal(1)},
}


def _same(left: Quantity, right: Quantity) -> Quantity:
    if type(left) is not type(right):
        raise TypeError(f"{type(left).__name__} and {type(right).__name__} do not mix")
    return right


def _digits(number: float) -> str:
    """At least three significant digits, no exponent, no trailing zeros after the point."""
    return f"{number:.0f}" if abs(number) >= 100 else f"{Decimal(f'{number:.3g}'):f}"


def _scaled(number: float, unit: str, scales: Tuple[Tuple[float, str], ...]) -> str:
    fitting = (scale for scale in scales if abs(number) >= scale[0])
    factor, prefix = next(fitting, (1.0, ""))
    shown = f"{number / factor:.2f}" if factor >= 1e6 else _digits(number / factor)
    return f"{shown}{unit}" if unit == "/s" and not prefix else f"{shown} {prefix}{unit}"


def _duration(seconds: float) -> str:
    if abs(seconds) >= 100:
        return _minutes(seconds)
    for factor, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "us")):
        if abs(seconds) >= factor:
            return f"{_digits(seconds / factor)} {unit}"
    return "0 s" if seconds == 0 else f"{_digits(seconds / 1e-9)} ns"


def _minutes(seconds: float) -> str:
    minutes, rest = divmod(round(abs(seconds)), 60)
    sign = "-" if seconds < 0 else ""
    return f"{sign}{minutes} min {rest} s" if rest else f"{sign}{minutes} min"
