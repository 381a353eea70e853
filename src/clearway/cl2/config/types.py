# ruff: noqa: A005 - `cl2.config.types` says what it is, and nothing here is imported without its package
"""The field types of a test config."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, PlainValidator
from pydantic_core import PydanticCustomError

from clearway.base.errors import UnitError
from clearway.base.units import Duration, parse_duration
from clearway.spec.types import refusal


def parse_span(text: str) -> Duration:
    """Read a Go duration: `10s`, `1m30s`, `1.5h`, `0`. Raises UnitError."""
    return Duration(0) if text.strip() == "0" else parse_duration(text)


def _span(value: Any) -> Duration:
    if isinstance(value, Duration):
        return value
    try:
        return parse_span(str(value))
    except UnitError as error:
        raise refusal(error) from None


def _whole(value: Any) -> int:
    """As Go reads it out of a map: a float without a fraction is a whole number."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise PydanticCustomError("int_parsing", "int_parsing") from None
    if isinstance(value, bool) or number != int(number):
        raise PydanticCustomError("int_parsing", "int_parsing")
    return int(number)


GoDuration = Annotated[Duration, PlainValidator(_span)]
"""A Go duration."""
GoInt = Annotated[int, PlainValidator(_whole)]
"""A whole number in a measurement's parameters."""
Counted = Annotated[GoInt, Field(ge=0)]
Several = Annotated[GoInt, Field(ge=1)]
"""One at least."""
