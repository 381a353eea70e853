"""The state of a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gotemplate.errors import Position, Refusal
from gotemplate.limits import Limits


@dataclass(frozen=True, slots=True)
class PrintedValue:
    """A value that an action prints or computes with: where it is written, and how."""

    place: Position
    source: str
    """`.Name`, `$x.port`"""


ValueReplacer = Callable[[PrintedValue, object], object]
"""Returns what is printed instead of a value."""


class Leaving(Exception):
    """Ends a loop, or begins its next pass."""


class Breaking(Leaving):
    pass


class Continuing(Leaving):
    pass


class Run:
    """One rendering. `variables` belong to the template that runs now; all templates share the rest."""

    __slots__ = ("depth", "limits", "out", "replace", "room", "steps", "variables", "write")

    def __init__(self, limits: Limits, replace: ValueReplacer | None) -> None:
        self.limits = limits
        self.steps = limits.steps
        """Steps that are left."""
        self.room = limits.characters
        """Characters that may still be written."""
        self.depth = 0
        self.replace = replace
        self.variables: list[object] = []
        self.out: list[str] = []
        self.write = self.out.append

    def step(self, cost: int, at: int) -> None:
        """Counts work. Raises Refusal if it was too much."""
        self.steps -= cost
        if self.steps < 0:
            raise Refusal(
                f"the template does not come to an end: it was stopped after {self.limits.steps} steps",
                at,
                "a range over so many items is more than a template is for",
            )

    def put(self, text: str, at: int) -> None:
        """Writes text. Raises Refusal if it was too much."""
        self.room -= len(text)
        if self.room < 0:
            self.make(0, at)
        self.write(text)

    def make(self, characters: int, at: int) -> None:
        """Counts text that a function makes. Raises Refusal if it was too much."""
        self.room -= characters
        if self.room < 0:
            raise Refusal(f"the template makes more than {self.limits.characters} characters", at)


Evaluate = Callable[[Run, object], object]
"""Takes the run and the dot."""
Execute = Callable[[Run, object], None]
