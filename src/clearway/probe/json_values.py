"""What a codec is, and the codecs of single values: text, numbers, quantities.

A number is finite. Codecs of what consists of others are made by codec.py.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass, replace
from enum import Enum
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Callable, Dict, Generic, Mapping, Optional, Type, TypeVar, Union

from clearway.base.errors import ClearwayError, Reason
from clearway.base.texts import cleaned
from clearway.base.units import Count, Duration, Frequency, Quantity, Rate, Ratio, Size

T = TypeVar("T")
Json = Any

_QUOTED = 80
"""Characters of a wrong value that an error keeps: enough to find it, where a file may hold megabytes."""

_KINDS: Mapping[Type[Any], str] = {
    dict: "object",
    list: "array",
    str: "string",
    bool: "boolean",
    type(None): "null",
}


class CodecError(ClearwayError):
    """Data that is not what its codec describes."""


@dataclass(frozen=True)
class Codec(Generic[T]):
    encode: Callable[[T], Json]
    decode: Callable[[Json], T]
    """Raises CodecError."""
    schema: Callable[[], Dict[str, Json]]
    suffix: str = ""
    """Unit that a key holding this value ends in."""
    optional: bool = False


def parsed(text: Union[str, bytes]) -> Json:
    """What `text` holds, which may be any JSON. Raises CodecError."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise CodecError("codec.not-json", position=error.pos + 1) from error
    except UnicodeDecodeError as error:
        raise CodecError("codec.not-utf8", position=error.start + 1) from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, or thousands of brackets
        raise CodecError("codec.too-large") from error


def quoted(value: Any) -> str:
    """What was found instead, short enough for a sentence."""
    return repr(value)[:_QUOTED]


def wrong_type(wanted: str, data: Json) -> CodecError:
    return CodecError("codec.wrong-type", wanted=wanted, found=_KINDS.get(type(data), "number"))


def _text_of(data: Json) -> str:
    if not isinstance(data, str):
        raise wrong_type("string", data)
    return data if data.isprintable() else cleaned(data)  # nearly all is plain, and plain text is clean


TEXT: Codec[str] = Codec(lambda value: value, _text_of, lambda: {"type": "string"})
"""All text that a worker or a file brings comes through here."""


def _boolean_of(data: Json) -> bool:
    if not isinstance(data, bool):
        raise wrong_type("boolean", data)
    return data


BOOLEAN: Codec[bool] = Codec(lambda value: value, _boolean_of, lambda: {"type": "boolean"})


def within(least: Optional[int] = None, most: Optional[int] = None) -> Codec[int]:
    """Whole numbers of a range. None is bounded by 64 bits: nothing counted is larger, and arithmetic goes on."""
    bounds = {name: bound for name, bound in (("minimum", least), ("maximum", most)) if bound is not None}
    lowest, highest = (-(2**63) if least is None else least), (2**63 - 1 if most is None else most)

    def decode(data: Json) -> int:
        if not isinstance(data, int) or isinstance(data, bool):
            raise wrong_type("integer", data)
        if not lowest <= data <= highest:
            raise CodecError("codec.out-of-range", found=quoted(data))
        return data

    return Codec(lambda value: value, decode, lambda: {"type": "integer", **bounds})


INTEGER = within()
NATURAL = within(0)
Natural = Annotated[int, NATURAL]
Port = Annotated[int, within(1, 65_535)]
Mtu = Annotated[int, within(68, 2**32)]
"""IP asks for 68 byte at least."""


def _written(pattern: str, kind: str) -> Codec[str]:
    def decode(data: Json) -> str:
        if not re.fullmatch(pattern, TEXT.decode(data), re.ASCII):
            raise CodecError("codec.wrong-type", wanted=kind, found=quoted(data))
        return str(data)

    return Codec(lambda value: value, decode, lambda: {"type": "string", "pattern": f"^{pattern}$"})


Version = Annotated[str, _written(r"\d{1,9}(\.\d{1,9}){0,9}", "version")]
"""Of a tool: numbers with dots."""


def _address_of(data: Json) -> str:
    """It becomes a word of a command: a name, an option or an interface behind % is none."""
    try:
        address = str(ip_address(TEXT.decode(data)))
    except ValueError:
        address = "%"
    if "%" in address:
        raise CodecError("codec.wrong-type", wanted="IP address", found=quoted(data))
    return address


Address = Annotated[str, Codec(lambda value: value, _address_of, TEXT.schema)]


def _finite(value: float) -> float:
    if type(value) not in (int, float) or not abs(value) <= sys.float_info.max:
        raise CodecError("codec.wrong-type", wanted="number", found=quoted(value))
    return value


_LARGEST = 1e30
"""A number that is read: above all that is measured, and what is computed of a few of them is still a number."""


def _number(data: Json) -> float:
    if not -_LARGEST <= _finite(data) <= _LARGEST:
        raise CodecError("codec.out-of-range", found=quoted(data))
    found: float = data
    return found


NUMBER: Codec[float] = Codec(_finite, _number, lambda: {"type": "number"})


def _quantity(kind: Type[Any], suffix: str) -> Codec[Any]:
    return Codec(lambda value: _finite(value.si), lambda data: kind(_number(data)), lambda: {"type": "number"}, suffix)


def as_object(data: Json) -> Mapping[str, Json]:
    """Raises CodecError for anything else."""
    if not isinstance(data, dict):
        raise wrong_type("object", data)
    return data


_UNITS: Dict[str, Type[Quantity]] = {
    "bit/s": Rate,
    "byte": Size,
    "s": Duration,
    "ratio": Ratio,
    "/s": Frequency,
    "count": Count,
}


def _encode_value(value: Any) -> Json:
    if isinstance(value, Quantity):
        return {next(unit for unit, kind in _UNITS.items() if kind is type(value)): _finite(value.si)}
    if isinstance(value, (tuple, list)):
        return [_encode_value(item) for item in value]
    if isinstance(value, (Reason, ClearwayError)):
        return {"code": value.code, "values": {name: _encode_value(item) for name, item in value.values.items()}}
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, (str, bool)):
        return value
    return _finite(value) if isinstance(value, (int, float)) else str(value)


_DEEPEST = 20
"""Reasons within reasons, and lists. Ours have three; Python itself ends a program at some hundred."""


def _decode_value(data: Json, depth: int = 0) -> Any:
    if depth > _DEEPEST:
        raise CodecError("codec.too-large")
    if isinstance(data, dict):
        return _reason(data, depth) if set(data) == {"code", "values"} else _measured(data)
    if isinstance(data, list):
        return tuple(_decode_value(item, depth + 1) for item in data)
    if isinstance(data, int) and not isinstance(data, bool):
        return INTEGER.decode(data)
    if isinstance(data, str):
        return TEXT.decode(data)
    return _number(data) if isinstance(data, float) else data


def _reason(data: Mapping[str, Json], depth: int) -> Reason:
    values = {cleaned(name): _decode_value(item, depth + 1) for name, item in as_object(data["values"]).items()}
    return Reason(TEXT.decode(data["code"]), values)


def _measured(data: Mapping[str, Json]) -> Quantity:
    if len(data) != 1 or not set(data) <= set(_UNITS):
        raise CodecError("codec.unknown-word", found=quoted(sorted(data)))
    ((unit, number),) = data.items()
    return _UNITS[unit](_number(number))


VALUE: Codec[Any] = Codec(_encode_value, _decode_value, dict)
"""A value that fills a sentence: a quantity is `{"bit/s": 5e9}`, the reason behind a reason has its code and values."""


def _quantity_schema() -> Dict[str, Json]:
    return {
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
        "properties": {unit: {"type": "number"} for unit in _UNITS},
    }


def _interval_of(data: Json) -> Duration:
    if _number(data) < _SHORTEST:
        raise CodecError("codec.out-of-range", found=quoted(data))
    return Duration(data)


_SHORTEST = 1e-9
"""Seconds of an interval: no tool has a finer clock, and rates stay numbers."""


INTERVAL: Codec[Duration] = replace(
    _quantity(Duration, "_s"), decode=_interval_of, schema=lambda: {"type": "number", "exclusiveMinimum": 0}
)
"""What others are divided by."""

PLAIN: Mapping[Any, Codec[Any]] = {
    str: TEXT,
    int: INTEGER,
    bool: BOOLEAN,
    float: NUMBER,
    Path: Codec(str, lambda data: Path(TEXT.decode(data)), TEXT.schema),
    Rate: _quantity(Rate, "_bps"),
    Size: _quantity(Size, "_bytes"),
    Duration: _quantity(Duration, "_s"),
    Ratio: _quantity(Ratio, "_ratio"),
    Frequency: _quantity(Frequency, "_per_s"),
    Count: _quantity(Count, ""),
    Quantity: Codec(_encode_value, lambda data: _measured(as_object(data)), _quantity_schema),
    Any: VALUE,
    object: VALUE,
}
"""The types that are written in one way everywhere."""
