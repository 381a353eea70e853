# ruff: noqa: A005 - `spec.types` says what it is, and nothing here is imported without its package
"""The field types of a spec: quantities and criteria, read from what people write, written so that it reads back."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BeforeValidator, PlainSerializer, PlainValidator
from pydantic_core import PydanticCustomError

from clearway.base.errors import ClearwayError, UnitError
from clearway.base.quantity_text import exact_text, parse_duration, parse_frequency, parse_rate, parse_ratio, parse_size
from clearway.base.units import Duration, Frequency, Rate, Ratio, Size
from clearway.spec.criteria import Criterion, LinkShare, parse_criterion, parse_link_share

T = TypeVar("T")
LOAD_EXAMPLES = ("5 Gbit/s", "20 % of link", "500/s")


@dataclass(frozen=True, slots=True)
class Written:
    """How a field's value is written in a spec: the reference shows it."""

    kind: str
    """In words; of a list of them where the field takes a list."""
    examples: tuple[str, ...]


def parse_load(text: str) -> Rate | Frequency | LinkShare:
    """Read `5 Gbit/s`, `500/s` or `20 % of link`; more than 0. Raises UnitError or ClearwayError."""
    load = _load(text)
    if not isinstance(load, LinkShare) and load.si <= 0:
        raise ClearwayError("spec.too-small", above="0")
    return load


def _load(text: str) -> Rate | Frequency | LinkShare:
    if text.rstrip().endswith("link"):
        return parse_link_share(text)
    if re.search(r"[\d\s][kKMGT]?/s\s*$", text):
        return parse_frequency(text)
    try:
        return parse_rate(text)
    except UnitError as error:
        if error.code == "unit.ambiguous":
            raise
        raise UnitError("unit.not-a-load", text=text, choices=LOAD_EXAMPLES) from None


def write_load(load: Rate | Frequency | LinkShare) -> str:
    """Text that `parse_load` reads back to the very same load."""
    return f"{exact_text(load.share)} of link" if isinstance(load, LinkShare) else exact_text(load)


def refusal(error: ClearwayError) -> PydanticCustomError:
    """The same code and values, in the form that validation gathers."""
    return PydanticCustomError(error.code, "refused", dict(error.values))


def _reader(kinds: type[T] | tuple[type[T], ...], parse: Callable[[str], T]) -> PlainValidator:
    def read(value: Any) -> T:
        if isinstance(value, kinds):
            return value
        if not isinstance(value, str):
            raise PydanticCustomError("string_type", "string_type")
        try:
            return parse(value)
        except ClearwayError as error:
            raise refusal(error) from None

    return PlainValidator(read)


_EXACT = PlainSerializer(exact_text, return_type=str)

RateField = Annotated[Rate, _reader(Rate, parse_rate), _EXACT, Written("rate", ("10 Gbit/s", "1.25 GB/s"))]
SizeField = Annotated[Size, _reader(Size, parse_size), _EXACT, Written("size", ("64 B", "16 KiB", "4 MB"))]
DurationField = Annotated[
    Duration, _reader(Duration, parse_duration), _EXACT, Written("duration", ("10 s", "1m30s", "250 ms"))
]
RatioField = Annotated[Ratio, _reader(Ratio, parse_ratio), _EXACT, Written("share", ("0.1 %", "25 %"))]
LoadField = Annotated[
    Rate | Frequency | LinkShare,
    _reader((Rate, Frequency, LinkShare), parse_load),
    PlainSerializer(write_load, return_type=str),
    Written("rate, share of the link or requests per second", LOAD_EXAMPLES),
]
CriterionField = Annotated[
    Criterion,
    _reader(Criterion, parse_criterion),
    PlainSerializer(lambda criterion: criterion.text, return_type=str),
    Written("list of criteria", ("throughput >= 5 Gbit/s for 90 % of pairs", "latency p99 <= 10 ms")),
]
VersionField = Annotated[
    Literal[1],
    # YAML's text as the number that a Literal compares with.
    BeforeValidator(
        lambda value: int(value) if isinstance(value, str) and value.isascii() and value.isdecimal() else value
    ),
]
