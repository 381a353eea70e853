"""Function calls, and `and` and `or`, which stop evaluating as soon as the result is known."""

from __future__ import annotations

from collections.abc import Sequence

from gotemplate.errors import Refusal
from gotemplate.functions import Function
from gotemplate.machine.state import Evaluate, Run
from gotemplate.values import type_name

_LONG = 4096
"""Characters: longer text counts as work, so that a loop over large texts ends."""


def refusing(refusal: Refusal) -> Evaluate:
    """A closure that refuses: the error counts only if the place is reached."""

    def evaluate(run: Run, dot: object) -> object:
        raise Refusal(refusal.cause, refusal.at, refusal.hint)

    return evaluate


class Caller:
    """One call as it is written."""

    def __init__(self, name: str, function: Function, at: int) -> None:
        self._name = name
        self._function = function
        self._at = at

    def evaluate(self, arguments: Sequence[Evaluate], piped: Evaluate | None) -> Evaluate:
        """The call with these arguments; what is piped in comes last, but is evaluated first."""
        count = len(arguments) + (piped is not None)
        refused = self._function.refuses(count)
        if refused is not None:
            return refusing(Refusal(f"{self._name} {refused}", self._at))
        texts, finish = self._function.text_positions(count), self._finish
        if piped is None:
            return lambda run, dot: finish(run, [argument(run, dot) for argument in arguments], texts)

        def evaluate(run: Run, dot: object) -> object:
            last = piped(run, dot)
            return finish(run, [*[argument(run, dot) for argument in arguments], last], texts)

        return evaluate

    def _finish(self, run: Run, values: list[object], texts: tuple[int, ...]) -> object:
        for position in texts:
            if not isinstance(values[position], str):
                raise self._not_text(position, values[position])
        self._count(run, values)
        try:
            result = self._function.call(*values)
        except (ValueError, ArithmeticError, LookupError, OSError) as error:
            raise self._failed(error) from error
        if isinstance(result, str):
            run.make(len(result), self._at)
        return result

    def _count(self, run: Run, values: list[object]) -> None:
        long = 0
        for value in values:
            if value.__class__ is str and len(value) > _LONG:
                long += len(value)
        if long:
            run.step(long // _LONG, self._at)
            if long > run.room:
                run.make(long, self._at)

    def _not_text(self, position: int, value: object) -> Refusal:
        return Refusal(f"argument {position + 1} of {self._name} has to be text, not {type_name(value)}", self._at)

    def _failed(self, error: Exception) -> Refusal:
        hint = getattr(error, "hint", None)
        return Refusal(f"{self._name}: {error}", self._at, hint)


def choice(name: str, arguments: Sequence[Evaluate], piped: Evaluate | None, at: int) -> Evaluate:
    """`and`: the first argument that is empty, else the last. `or`: the first that is not, else the last."""
    if not arguments and piped is None:
        return refusing(Refusal(f"{name} takes at least 1 argument, not 0", at))
    decisive = name == "or"

    def evaluate(run: Run, dot: object) -> object:
        last = None if piped is None else piped(run, dot)
        value: object = None
        for argument in arguments:
            value = argument(run, dot)
            if bool(value) is decisive:
                return value
        return value if piped is None else last

    return evaluate
