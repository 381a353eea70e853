"""Quantities as text: what people write is read, or refused where it is ambiguous; `exact_text` loses nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Mapping, Tuple, Type, TypeVar, Union

from clearway.base.errors import UnitError
from clearway.base.units import Count, Duration, Frequency, Quantity, Rate, Ratio, Rounding, Size, decimal_of

Q = TypeVar("Q", bound=Quantity)


def parse_rate(text: str) -> Rate:
    """Read `5Gbit/s`, `5 Gbps`, `625 MB/s`. Raises UnitError; a bare `5G` or `5 Gb` is ambiguous."""
    return Rate(_RATE.read(text))


def parse_size(text: str) -> Size:
    """Read `64 KB`, `16 MiB`, `1500 B`. Raises UnitError; a bare `64K` is ambiguous."""
    return Size(_SIZE.read(text))


def parse_duration(text: str) -> Duration:
    """Read `10s`, `1m30s`, `1 min 30 s`, `250 ms`. Raises UnitError; a bare number has no unit."""
    if _SPANS.fullmatch(text) is None:
        raise _DURATION.refusal(text)
    parts = _SPAN.findall(text)
    return Duration(_bounded(sum(Decimal(number) * _DURATION.units[unit] for number, unit in parts), text))


def parse_ratio(text: str) -> Ratio:
    """Read `0.1 %`. Raises UnitError; a bare `0.1` could be a share or per cent. Zero needs no unit."""
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
    grouped = re.fullmatch(r"\s*[0-9]{1,3}(?:,[0-9]{3})+\s*", text)
    return Count(_COUNT.read(text.replace(",", "") if grouped else text))


def apart(value: Q, limit: Q, worse: str) -> Tuple[str, str]:
    """A value and its limit as they stand beside each other.

    The value is rounded to the side that is worse, and both have digits enough to show which of them is greater.
    """
    wanted = _order(value.si, limit.si)
    for extra in range(_MOST_EXTRA):
        one, other = value.shown(Rounding(worse, extra)), limit.shown(Rounding(extra=extra))
        if limit.shown().number == decimal_of(limit.si, Rounding(extra=extra)):
            other = limit.shown()
        if _order(one.number, other.number) == wanted:
            return one.text, other.text
    return exact_text(value), exact_text(limit)


_MOST_EXTRA = 18
"""A double has at most 17 digits."""


def _order(one: Union[float, Decimal], other: Union[float, Decimal]) -> int:
    return (one > other) - (one < other)


def exact_text(quantity: Quantity) -> str:
    """Text that parses back to the very same quantity; `str()` rounds for the eye. Not for negative ones."""
    value = Decimal(repr(quantity.si))
    written = [((value / factor).normalize(), unit) for unit, factor in _EXACT_UNITS[type(quantity)].items()]
    exact = [(number, unit) for number, unit in written if len(number.as_tuple().digits) <= _EXACT_DIGITS]
    texts = [(number < 1, f"{number:f}{unit}") for number, unit in exact]
    return min(texts, key=lambda candidate: (candidate[0], len(candidate[1])))[1]


_EXACT_DIGITS = 20
"""A quotient with more did not come out exactly: doubles have at most 17 digits, decimals here 28."""


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
        return _bounded(Decimal(match.group(1)) * self.units[match.group(2)], text)

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


def _bounded(number: Union[Decimal, int], text: str) -> float:
    if number > _MOST:
        raise UnitError("unit.too-large", text=text, choices=(f"{_MOST:.0e}",))
    return float(number)


def _with(number: str, units: Tuple[str, ...]) -> Tuple[str, ...]:
    return tuple(f"{number}{unit}" if unit == "/s" else f"{number} {unit}" for unit in units)


_MOST = 10**18
"""In bit/s, byte, second, ...: far above all that can be meant. All that is computed of it stays finite."""
_NUMBER = r"\d{1,400}(?:\.\d{1,400})?(?!\d)"
"""A double has at most 309 digits before the point; Python itself refuses to read more than 4,300. A number ends where
its digits do: trying every shorter one took 1 s for 6 kB of digits."""
_QUANTITY = re.compile(rf"\s*({_NUMBER}(?:e[+-]?\d{{1,3}})?)\s*(\S*)\s*", re.ASCII)
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
_ONE_SPAN = rf"({_NUMBER})\s*({'|'.join(_DURATION.units)})"
_SPAN, _SPANS = re.compile(_ONE_SPAN, re.ASCII), re.compile(rf"\s*(?:{_ONE_SPAN}\s*){{1,20}}", re.ASCII)
_EXACT_UNITS: Mapping[Type[Quantity], Mapping[str, Decimal]] = {
    Rate: {f" {prefix}bit/s": factor for prefix, factor in _PREFIXES.items()},
    Size: {f" {prefix}B": factor for prefix, factor in {**_PREFIXES, **_BINARY}.items()},
    Duration: {f" {unit}": _DURATION.units[unit] for unit in ("s", "ms", "us", "ns")},
    Ratio: {" %": Decimal("0.01")},
    Frequency: {f"{' ' if prefix else ''}{prefix}/s": factor for prefix, factor in _PREFIXES.items()},
    Count: {"": Decimal(1)},
}
