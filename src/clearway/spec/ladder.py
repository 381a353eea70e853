"""A ladder in a spec: one test over several paths becomes a test for each, its rung, that are measured in turns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any, Protocol, Self, TypeVar

from clearway.spec.parts import Repeats


class Laddered(Protocol):
    """What is read of a test."""

    @property
    def name(self) -> str: ...
    @property
    def path(self) -> str | None: ...
    @property
    def ladder(self) -> tuple[str, ...] | None: ...
    @property
    def repeats(self) -> Repeats: ...
    def model_copy(self, *, update: Mapping[str, Any] | None = None) -> Self: ...


T = TypeVar("T", bound=Laddered)
LEAST_REPEATS = 6
"""The exact interval of the signed ranks needs six differences: the widest one of five covers 93.75 % only."""


def put_out(tests: Iterable[T]) -> tuple[T, ...]:
    """Every ladder as its rungs. A rung has its path, so that a resolved spec stays as it is."""
    return tuple(rung for test in tests for rung in _rungs(test))


def _rungs(test: T) -> tuple[T, ...]:
    if test.ladder is None or test.path is not None:
        return (test,)
    given = test.repeats
    repeats = given.model_copy(update={"min": max(LEAST_REPEATS, given.min), "max": max(LEAST_REPEATS, given.max)})
    return tuple(
        test.model_copy(update={"name": f"{test.name} {path}", "path": path, "repeats": repeats})
        for path in test.ladder
    )


def ladder_of(test: Laddered) -> str | None:
    """The name of the ladder that a test is a rung of."""
    return None if test.ladder is None else test.name.removesuffix(f" {test.path}")


def side_by_side(tests: Iterable[T]) -> tuple[tuple[T, ...], ...]:
    """Tests that are measured in turns: the rungs of a ladder; every other test by itself."""
    return tuple(tuple(group) for _, group in groupby(tests, lambda test: ladder_of(test) or test.name))
