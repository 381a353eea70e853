"""What a codec is, and the codecs of single values: text, numbers, quantities.

A number is finite. Codecs of what consists of others are made by codec.py.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Callable, Dict, Generic, Mapping, Type, TypeVar, Union

from clearway.base.errors import ClearwayError, Reason
from clearway.base.units import Count, Duration, Frequency, Quantity, Rate, Ratio, Size

T = TypeVar("T")
Json = Any

_QUOTED = 80
"""Characters of a wrong value that an error keeps: enough to find it, where a file may hold megabytes."""


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


def _checked(kind: Type[Any], name: str) -> Codec[Any]:
    def decode(data: Json) -> Any:
        if not isinstance(data, kind) or (kind is int and isinstance(data, bool)):
            raise CodecError("codec.wrong-type", wanted=name, found=type(data).__name__)
        return data

    return Codec(lambda value: value, decode, lambda: {"type": name})


TEXT: Codec[str] = _checked(str, "string")
INTEGER: Codec[int] = _checked(int, "integer")
BOOLEAN: Codec[bool] = _checked(bool, "boolean")


def _finite(value: float) -> float:
    if type(value) not in (int, float) or not abs(value) <= sys.float_info.max:
        raise CodecError("codec.wrong-type", wanted="number", found=quoted(value))
    return value


NUMBER: Codec[float] = Codec(_finite, _finite, lambda: {"type": "number"})


def _quantity(kind: Type[Any], suffix: str) -> Codec[Any]:
    return Codec(lambda value: _finite(value.si), lambda data: kind(_finite(data)), lambda: {"type": "number"}, suffix)


def as_object(data: Json) -> Mapping[str, Json]:
    """Raises CodecError for anything else."""
    if not isinstance(data, dict):
        raise CodecError("codec.wrong-type", wanted="object", found=type(data).__name__)
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


def _decode_value(data: Json) -> Any:
    if isinstance(data, dict):
        return _reason(data) if set(data) == {"code", "values"} else _measured(data)
    if isinstance(data, list):
        return tuple(_decode_value(item) for item in data)
    return _finite(data) if isinstance(data, float) else data


def _reason(data: Mapping[str, Json]) -> Reason:
    values = as_object(data["values"])
    return Reason(TEXT.decode(data["code"]), {name: _decode_value(item) for name, item in values.items()})


def _measured(data: Mapping[str, Json]) -> Quantity:
    if len(data) != 1 or not set(data) <= set(_UNITS):
        raise CodecError("codec.unknown-word", found=quoted(sorted(data)))
    ((unit, number),) = data.items()
    return _UNITS[unit](_finite(number))


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
