"""JSON codecs derived from annotations. A codec is data: it encodes, decodes and describes itself as JSON Schema.

`of(Result)` reads the record's fields. A key is the field's name with the unit of its value (`duration_s`), None is an
absent key, a number is finite, an unknown key is an error. Why: design note 0003.
"""

from __future__ import annotations

import collections.abc
import re
import types
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache, lru_cache
from typing import (
    Annotated,
    Any,
    Callable,
    Dict,
    Literal,
    Mapping,
    Sequence,
    Tuple,
    Type,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    overload,
)

from clearway.probe.json_values import INTEGER, PLAIN, TEXT, Codec, CodecError, Json, quoted, wrong_type

__all__ = ["Codec", "CodecError", "of", "of_enum"]

T = TypeVar("T")


@overload
def of(kind: Type[T]) -> Codec[T]: ...
@overload
def of(kind: object) -> Codec[Any]: ...
def of(kind: Any) -> Codec[Any]:
    """The codec of a type as annotations write it: a record, an enum, `Optional[Rate]`, a union of records.

    A class with its own form in JSON has a class method `codec`; a field with its own form is `Annotated` with a Codec.
    Raises TypeError for a type without a form in JSON.
    """
    return _derived(kind)


@cache
def _derived(kind: Any) -> Codec[Any]:
    if kind in PLAIN:
        return PLAIN[kind]
    if get_origin(kind) is Annotated:
        return get_args(kind)[1]  # type: ignore[no-any-return]
    if generic := _GENERIC.get(get_origin(kind)):
        return generic(*get_args(kind))
    if own := getattr(kind, "codec", None):
        return own()  # type: ignore[no-any-return]
    if isinstance(kind, type) and issubclass(kind, Enum):
        return of_enum(kind)
    if isinstance(kind, type) and is_dataclass(kind):
        return _record(kind)
    raise TypeError(f"no form in JSON: {kind}")


def of_enum(kind: Type[Enum], words: Sequence[str] = ()) -> Codec[Any]:
    """The codec of an enum's values; `words` where the published schema lists others too."""
    return _one_of(kind, words or [member.value for member in kind], lambda member: member.value)


def _literal(*words: str) -> Codec[str]:
    return _one_of(str, words, lambda word: word)


def _one_of(kind: Callable[[Json], T], words: Sequence[str], encode: Callable[[T], Json]) -> Codec[T]:
    def decode(data: Json) -> T:
        if data not in words:
            raise CodecError("codec.unknown-word", found=quoted(data))
        return kind(data)

    return Codec(encode, decode, lambda: {"enum": list(words)})


def _union(*kinds: Any) -> Codec[Any]:
    """Of `Optional[X]`, or of several records."""
    present = [kind for kind in kinds if kind is not type(None)]
    inner = of(present[0]) if len(present) == 1 else _tagged(present)
    if len(present) == len(kinds):
        return inner
    return Codec(
        lambda value: None if value is None else inner.encode(value),
        lambda data: None if data is None else inner.decode(data),
        inner.schema,
        inner.suffix,
        optional=True,
    )


def _many(kind: Any, rest: Any = None) -> Codec[Tuple[Any, ...]]:
    """Raises TypeError for a tuple of a fixed length: no record has one."""
    if rest is not Ellipsis:
        raise TypeError(f"no form in JSON: a tuple of {kind} and {rest}")
    inner = of(kind)

    def decode(data: Json) -> Tuple[Any, ...]:
        if not isinstance(data, list):
            raise wrong_type("array", data)
        return tuple(inner.decode(item) for item in data)

    return Codec(
        lambda values: [inner.encode(value) for value in values],
        decode,
        lambda: {"type": "array", "items": inner.schema()},
        inner.suffix,
    )


def _mapping(key: Any, value: Any) -> Codec[Mapping[Any, Any]]:
    """JSON has only text as keys: a whole number is written in digits."""
    inner, read_key = of(value), _index if key is int else TEXT.decode

    def decode(data: Json) -> Mapping[Any, Any]:
        if not isinstance(data, dict):
            raise wrong_type("object", data)
        if inner is INTEGER and set(map(type, data.values())) <= {int}:
            return dict(zip(map(read_key, data), data.values()))  # millions of a histogram's counts
        return {read_key(name): inner.decode(item) for name, item in data.items()}

    return Codec(
        lambda values: {str(name): inner.encode(value) for name, value in values.items()},
        decode,
        lambda: {"type": "object", "additionalProperties": inner.schema()},
        inner.suffix,
    )


@lru_cache(maxsize=4096)
def _index(key: str) -> int:
    """Histograms of one kind have the same few hundred."""
    if not re.fullmatch("-?[0-9]{1,18}", key):
        raise CodecError("codec.wrong-type", wanted="integer", found=quoted(key))
    return int(key)


def _record(kind: Type[T]) -> Codec[T]:
    hints = get_type_hints(kind, include_extras=True)
    codecs = {field.name: of(hints[field.name]) for field in fields(kind)}  # type: ignore[arg-type]
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
        if not isinstance(data, dict):
            raise wrong_type("object", data)
        found: Dict[str, Any] = {name: None for name, codec in codecs.items() if codec.optional}
        for key, item in data.items():
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


def _tagged(kinds: Sequence[Any]) -> Codec[Any]:
    """One of several records, each named by the class attribute and key `kind`."""
    if not all(is_dataclass(kind) and hasattr(kind, "kind") for kind in kinds):
        raise TypeError(f"no form in JSON: one of {kinds}")
    codecs = {kind.kind: of(kind) for kind in kinds}

    def encode(value: Any) -> Json:
        return {"kind": value.kind, **codecs[value.kind].encode(value)}

    def decode(data: Json) -> Any:
        if not isinstance(data, dict):
            raise wrong_type("object", data)
        rest = dict(data)
        kind = rest.pop("kind", None)
        if not isinstance(kind, str) or kind not in codecs:
            raise CodecError("codec.unknown-word", found=quoted(kind))
        return codecs[kind].decode(rest)

    return Codec(
        encode, decode, lambda: {"oneOf": [_with_kind(kind, codec.schema()) for kind, codec in codecs.items()]}
    )


def _with_kind(kind: str, schema: Dict[str, Json]) -> Dict[str, Json]:
    return {
        **schema,
        "required": ["kind", *schema["required"]],
        "properties": {"kind": {"const": kind}, **schema["properties"]},
    }


_GENERIC: Mapping[Any, Callable[..., Codec[Any]]] = {
    Literal: _literal,
    Union: _union,
    getattr(types, "UnionType", Union): _union,  # `X | Y`, from Python 3.10 on
    tuple: _many,
    collections.abc.Mapping: _mapping,
}
