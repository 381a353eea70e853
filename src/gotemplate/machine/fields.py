"""Fields: `.a.b` of maps. A key that is not there has no value, and neither has a field of it."""

from __future__ import annotations

from gotemplate.errors import Refusal
from gotemplate.machine.state import Evaluate, Run
from gotemplate.syntax.tree import Chain, Field, Variable
from gotemplate.values import type_name


def field_of_dot(names: tuple[str, ...], at: int, *, strict: bool) -> Evaluate:
    """Fields of the dot. `strict`: it is an item of a list or map, where a null is an error, not an absence."""
    if len(names) == 1:
        return _one_field(names, at, strict=strict)

    def evaluate(run: Run, dot: object) -> object:
        return walk(dot, names, at, strict=strict)

    return evaluate


def _one_field(names: tuple[str, ...], at: int, *, strict: bool) -> Evaluate:
    """By far the most common operand, so it has a fast path."""
    name = names[0]

    def evaluate(run: Run, dot: object) -> object:
        return dot.get(name) if dot.__class__ is dict else walk(dot, names, at, strict=strict)

    return evaluate


def field_of_value(base: Evaluate, names: tuple[str, ...], at: int, *, strict: bool) -> Evaluate:
    def evaluate(run: Run, dot: object) -> object:
        return walk(base(run, dot), names, at, strict=strict)

    return evaluate


def walk(value: object, names: tuple[str, ...], at: int, *, strict: bool) -> object:
    """The field of the field of `value`. Raises Refusal if `value` can't have fields."""
    for name in names:
        if isinstance(value, dict):
            if name not in value:
                return None
            value, strict = value[name], True
        elif value is None and not strict:
            return None
        else:
            raise _no_field(value, name, at)
    return value


def field_with_arguments(
    base: Evaluate, operand: Field | Variable | Chain, piped: Evaluate | None, *, strict: bool
) -> Evaluate:
    """`.field argument`: a field is no function. As in Go, that is no error where there is no value to look into."""
    names, at = operand.names, operand.at

    def evaluate(run: Run, dot: object) -> object:
        if piped is not None:
            piped(run, dot)
        outermost = base(run, dot)
        walk(outermost, names, at, strict=strict)
        if walk(outermost, names[:-1], at, strict=strict) is None:
            return None
        raise Refusal(f"the field {names[-1]} is no function, so it takes no arguments", at)

    return evaluate


def _no_field(value: object, name: str, at: int) -> Refusal:
    if value is None:
        return Refusal(f"{name} can't be looked up in a null", at)
    return Refusal(f"{name} can't be looked up in a value of type {type_name(value)}", at, "only maps have fields")
