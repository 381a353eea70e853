"""Range: over a list, a map in the order of its keys, or the numbers below a number."""

from __future__ import annotations

from collections.abc import Iterable

from gotemplate.errors import Refusal
from gotemplate.machine.state import Breaking, Continuing, Evaluate, Execute, Run
from gotemplate.values import Int, type_name

Pairs = Iterable[tuple[object, object]]
"""Pairs of index or key, and item."""


def loop(evaluate: Evaluate, slots: list[int], body: Execute, otherwise: Execute, *, at: int, cost: int) -> Execute:
    """Runs `body` for each item. One slot gets the item, two get index (or key) and item."""
    both = len(slots) > 1

    def execute(run: Run, dot: object) -> None:
        count, pairs = _pairs(evaluate(run, dot), at, both=both)
        if count <= 0:
            otherwise(run, dot)
            return
        try:
            for pair in pairs:
                run.step(cost, at)
                for slot, value in zip(slots, pair if both else pair[1:], strict=False):
                    run.variables[slot] = value
                try:
                    body(run, pair[1])
                except Continuing:
                    continue
        except Breaking:
            return

    return execute


def _pairs(value: object, at: int, *, both: bool) -> tuple[int, Pairs]:
    """The number of items, and the items."""
    if isinstance(value, list):
        return len(value), zip(map(Int, range(len(value))), value, strict=True) if both else enumerate(value)
    if isinstance(value, dict):
        return len(value), [(key, value[key]) for key in sorted(value)]
    if value is None:
        return 0, ()
    if not isinstance(value, int) or isinstance(value, bool):
        raise Refusal(
            f"range can't go through a value of type {type_name(value)}", at, "it takes a list, a map, an int"
        )
    if both:
        raise Refusal("range over a number sets one variable, not two", at)
    kind = type(value)
    return value, ((None, kind(number)) for number in range(value))
