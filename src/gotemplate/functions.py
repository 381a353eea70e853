"""Functions that templates can call, with what they take."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Function:
    """A Python callable and its parameters: each is text (`str`), or anything.

    It refuses arguments by raising ValueError. It returns `Int` for Go's int; a plain int is int64.
    """

    call: Callable[..., object]
    texts: tuple[bool, ...]
    """For each parameter except the variadic one: whether it takes text only."""
    required: int
    rest: bool | None = None
    """The same for the variadic parameter; None if there is none."""
    shields: bool = False
    """A rendering with replaced values does not replace its arguments."""

    def refuses(self, count: int) -> str | None:
        """Why it can't be called with so many arguments."""
        most = len(self.texts)
        if self.required <= count and (count <= most or self.rest is not None):
            return None
        needed = str(self.required) if self.rest is None and self.required == most else f"at least {self.required}"
        return f"takes {needed} argument{'' if needed == '1' else 's'}, not {count}"

    def text_positions(self, count: int) -> tuple[int, ...]:
        """Which of so many arguments have to be text."""
        if not self.rest and True not in self.texts:
            return ()
        kinds = self.texts + (bool(self.rest),) * (count - len(self.texts))
        return tuple(position for position, is_text in enumerate(kinds[:count]) if is_text)


def function(call: Callable[..., object], *, shields: bool = False) -> Function:
    """A callable with positional parameters; one annotated as `str` takes text only."""
    texts, required, rest = [], 0, None
    for parameter in inspect.signature(call).parameters.values():
        is_text = parameter.annotation in ("str", str)
        if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            rest = is_text
        elif parameter.kind in (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD):
            texts.append(is_text)
            required += parameter.default is inspect.Parameter.empty
    return Function(call, tuple(texts), required, rest, shields)
