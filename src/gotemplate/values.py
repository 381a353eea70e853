"""Go's types for the values of a template.

Data are what YAML and JSON give: None, bool, int (Go: int64), float (float64), str, list ([]interface {}) and dict with
text keys (map[string]interface {}). What templates make themselves has types of its own: Go prints them by name.

A Go string is a sequence of bytes. Here it is a str; bytes that are not UTF-8 are lone surrogates (`surrogateescape`).
"""

from __future__ import annotations

from types import NoneType


class Int(int):
    """Go's int: a number written in a template, a length, an index."""

    __slots__ = ()


class Byte(int):
    """Go's uint8: one byte of a string."""

    __slots__ = ()


class Ints(list[int]):
    """Go's []int."""

    __slots__ = ()


class Strings(list[str]):
    """Go's []string."""

    __slots__ = ()


TYPE_NAMES: dict[type, str] = {
    NoneType: "<nil>",
    bool: "bool",
    Int: "int",
    Byte: "uint8",
    int: "int64",
    float: "float64",
    str: "string",
    Ints: "[]int",
    Strings: "[]string",
    list: "[]interface {}",
    dict: "map[string]interface {}",
}


def type_name(value: object) -> str:
    """Go's name for the type of `value`. Raises ValueError for what can be no value of a template."""
    for kind in type(value).__mro__:
        if kind in TYPE_NAMES:
            return TYPE_NAMES[kind]
    raise ValueError(f"a Python {type(value).__name__} can't be a value of a template")


def unfit(value: object, complaint: str) -> ValueError:
    """What a function raises for an argument of a type that it can't take: "a value of type int64 has no length"."""
    return ValueError(f"a value of type {type_name(value)} {complaint}")


def to_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def from_bytes(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def byte_length(text: str) -> int:
    return len(text) if text.isascii() else len(to_bytes(text))
