"""JSON codecs built from parts. A codec is data: it encodes, decodes and describes itself as JSON Schema.

Annotations are never evaluated: each record's codec names its fields. None is an absent key, a unit is
the key's suffix (`duration_s`), a number is finite, an unknown key is an error.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any, Callable, Dict, Generic, Mapping, Optional, Tuple, Type, TypeVar

from clearway.base.errors import ClearwayError
from clearway.base.units import Count, Duration, Frequency, Quantity, Rate, Ratio, Size

T = TypeVar("T")
Json = Any


class CodecError(ClearwayError):
    """Data that is not what its codec describes."""


@dataclass(frozen=True)
class Codec(Generic[T]):
    encode: Callable[[T], Json]
    decode: Callable[[Json], T]
    schema: Callable[[], Dict[str, Json]]
    suffix: str = ""
    """Unit that a key holding this value ends in."""
    optional: bool = False


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
    if type(value) not in (int, float) or not math.isfinite(value):
        raise CodecError("codec.wrong-type", wanted="number", found=repr(value))
    return value


NUMBER: Codec[float] = Codec(_finite, _finite, lambda: {"type": "number"})


def quantity(kind: Type[Any], suffix: str) -> Codec[Any]:
    return Codec(lambda value: _finite(value.si), lambda data: kind(_finite(data)), lambda: {"type": "number"}, suffix)


RATE: Codec[Rate] = quantity(Rate, "_bps")
SIZE: Codec[Size] = quantity(Size, "_bytes")
DURATION: Codec[Duration] = quantity(Duration, "_s")
RATIO: Codec[Ratio] = quantity(Ratio, "_ratio")
FREQUENCY: Codec[Frequency] = quantity(Frequency, "_per_s")
COUNT: Codec[Count] = quantity(Count, "")


def enum(kind: Type[Any]) -> Codec[Any]:
    def decode(data: Json) -> Any:
        try:
            return kind(data)
        except ValueError:
            raise CodecError("codec.unknown-word", found=repr(data)) from None

    return Codec(lambda value: value.value, decode, lambda: {"enum": [member.value for member in kind]})


def optional(inner: Codec[T]) -> Codec[Optional[T]]:
    return Codec(
        lambda value: None if value is None else inner.encode(value),
        lambda data: None if data is None else inner.decode(data),
        inner.schema,
        inner.suffix,
        optional=True,
    )


def many(inner: Codec[T]) -> Codec[Tuple[T, ...]]:
    def decode(data: Json) -> Tuple[T, ...]:
        if not isinstance(data, list):
            raise CodecError("codec.wrong-type", wanted="array", found=type(data).__name__)
        return tuple(inner.decode(item) for item in data)

    return Codec(
        lambda values: [inner.encode(value) for value in values],
        decode,
        lambda: {"type": "array", "items": inner.schema()},
        inner.suffix,
    )


def mapping(inner: Codec[T]) -> Codec[Mapping[str, T]]:
    def decode(data: Json) -> Mapping[str, T]:
        return {name: inner.decode(item) for name, item in _object(data).items()}

    return Codec(
        lambda values: {name: inner.encode(value) for name, value in values.items()},
        decode,
        lambda: {"type": "object", "additionalProperties": inner.schema()},
    )


def record(kind: Type[T], /, **codecs: Codec[Any]) -> Codec[T]:
    """The codec of a dataclass; `codecs` name every field, in any order."""
    names = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    if names != set(codecs):
        raise TypeError(f"{kind.__name__}: fields and codecs differ in {sorted(names ^ set(codecs))}")
    keys = {name: name + codec.suffix for name, codec in codecs.items()}
    by_key = {key: name for name, key in keys.items()}

    def encode(value: T) -> Json:
        data: Dict[str, Json] = {}
        for name, codec in codecs.items():
            item = getattr(value, name)
            if item is not None:
                data[keys[name]] = codec.encode(item)
        return data

    def decode(data: Json) -> T:
        found: Dict[str, Any] = {name: None for name, codec in codecs.items() if codec.optional}
        for key, item in _object(data).items():
            if key not in by_key:
                raise CodecError("codec.unknown-key", record=kind.__name__, key=key)
            found[by_key[key]] = codecs[by_key[key]].decode(item)
        if missing := sorted(set(codecs) - set(found)):
            raise CodecError("codec.missing-key", record=kind.__name__, key=keys[missing[0]])
        return kind(**found)

    def schema() -> Dict[str, Json]:
        return {
            "type": "object",
            "additionalProperties": False,
            "required": [keys[name] for name, codec in codecs.items() if not codec.optional],
            "properties": {keys[name]: codec.schema() for name, codec in codecs.items()},
        }

    return Codec(encode, decode, schema)


def union(**members: Tuple[Type[Any], Codec[Any]]) -> Codec[Any]:
    """One of several records, told apart by the key `kind`."""
    tags = {kind: tag for tag, (kind, _) in members.items()}

    def encode(value: Any) -> Json:
        tag = tags[type(value)]
        return {"kind": tag.replace("_", "-"), **members[tag][1].encode(value)}

    def decode(data: Json) -> Any:
        rest = dict(_object(data))
        tag = str(rest.pop("kind", None)).replace("-", "_")
        if tag not in members:
            raise CodecError("codec.unknown-word", found=tag)
        return members[tag][1].decode(rest)

    def schema() -> Dict[str, Json]:
        return {"oneOf": [_tagged(tag.replace("_", "-"), codec.schema()) for tag, (_, codec) in members.items()]}

    return Codec(encode, decode, schema)


def _tagged(tag: str, schema: Dict[str, Json]) -> Dict[str, Json]:
    return {
        **schema,
        "required": ["kind", *schema["required"]],
        "properties": {"kind": {"const": tag}, **schema["properties"]},
    }


def _object(data: Json) -> Mapping[str, Json]:
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
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, (str, bool)):
        return value
    return _finite(value) if isinstance(value, (int, float)) else str(value)


def _decode_value(data: Json) -> Any:
    if isinstance(data, dict):
        if len(data) != 1 or not set(data) <= set(_UNITS):
            raise CodecError("codec.unknown-word", found=repr(sorted(data)))
        ((unit, number),) = data.items()
        return _UNITS[unit](_finite(number))
    if isinstance(data, list):
        return tuple(_decode_value(item) for item in data)
    return _finite(data) if isinstance(data, float) else data


VALUE: Codec[Any] = Codec(_encode_value, _decode_value, dict)
"""A value that fills a sentence: a quantity is `{"bit/s": 5e9}`."""
