"""index, slice, len. Positions in text count its bytes."""

from __future__ import annotations

from typing import Any

from gotemplate.values import Byte, Int, Ints, Strings, byte_length, from_bytes, to_bytes, unfit


def length(value: object) -> Int:
    if isinstance(value, str):
        return Int(byte_length(value))
    if not isinstance(value, list | dict):
        raise unfit(value, "has no length")
    return Int(len(value))


def index(value: object, *positions: object) -> object:
    """`value`, then the item at each position of the one before."""
    if value is None:
        raise ValueError("there is nothing to look into")
    for position in positions:
        value = _item(value, position)
    return value


def _item(value: object, position: object) -> object:
    if isinstance(value, dict):
        if not isinstance(position, str):
            raise unfit(position, "is no key of this map")
        return value.get(position)
    if isinstance(value, str):
        data = to_bytes(value)
        return Byte(data[_inside(position, len(data) - 1)])
    if not isinstance(value, list):
        raise unfit(value, "has no items")
    return value[_inside(position, len(value) - 1)]


def slice_of(value: object, *bounds: object) -> object:
    """Go's value[from:to]. Go allows an end beyond the length, up to the capacity; here the length is the limit."""
    if not isinstance(value, str | list):
        raise unfit(value, "can't be sliced")
    if len(bounds) > (2 if isinstance(value, str) else 3):
        raise ValueError("too many positions")
    data = to_bytes(value) if isinstance(value, str) else value
    chosen = [_inside(bound, len(data)) for bound in bounds]
    start, end, *most = *chosen, *(0, len(data))[len(chosen) :]
    if start > end or (most and end > most[0]):
        raise ValueError(f"the positions {', '.join(map(str, chosen))} do not follow each other")
    part = data[start:end]
    return from_bytes(part) if isinstance(part, bytes) else _like(value, part)


def _like(value: object, part: list[Any]) -> list[Any]:
    """The part as the kind of list that it was cut from."""
    if isinstance(value, Ints):
        return Ints(part)
    return Strings(part) if isinstance(value, Strings) else part


def _inside(position: object, last: int) -> int:
    if isinstance(position, bool) or not isinstance(position, int):
        raise unfit(position, "is no position")
    if not 0 <= position <= last:
        raise ValueError(f"position {position} is out of range")
    return position
