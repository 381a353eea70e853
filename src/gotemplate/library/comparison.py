"""eq, ne, lt, le, gt, ge. What can't be compared is refused, as in Go."""

from __future__ import annotations

from enum import Enum, auto

from gotemplate.values import type_name


class _Kind(Enum):
    BOOL = auto()
    INT = auto()
    FLOAT = auto()
    TEXT = auto()


def _kind(value: object) -> _Kind | None:
    if isinstance(value, bool):
        return _Kind.BOOL
    if isinstance(value, int):
        return _Kind.INT
    if isinstance(value, float):
        return _Kind.FLOAT
    return _Kind.TEXT if isinstance(value, str) else None


def equal(first: object, *others: object) -> bool:
    """Whether `first` is one of the others."""
    if not others:
        raise ValueError("there is nothing to compare with")
    return any(_same(first, other) for other in others)


def unequal(first: object, second: object) -> bool:
    return not _same(first, second)


def _same(first: object, second: object) -> bool:
    if first is None or second is None:
        return first is second
    kind = _kind(first)
    if kind is not _kind(second) or kind is None:
        raise _incomparable(first, second)
    return first == second


def less(first: object, second: object) -> bool:
    kind = _kind(first)
    if kind is None or kind is _Kind.BOOL or kind is not _kind(second):
        raise _incomparable(first, second)
    return first < second  # type: ignore[operator, no-any-return]


def less_or_equal(first: object, second: object) -> bool:
    return less(first, second) or _same(first, second)


def greater(first: object, second: object) -> bool:
    return not less_or_equal(first, second)


def greater_or_equal(first: object, second: object) -> bool:
    return not less(first, second)


def _incomparable(first: object, second: object) -> ValueError:
    if first is None or second is None:
        return ValueError("there is no value to compare")
    return ValueError(f"{type_name(first)} and {type_name(second)} can't be compared")
