"""What is reported: a number, what it was at the start, what it should be, and where it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

BASELINE = "337177c"
"""The commit at which every baseline was taken, by these same scripts (`--tree`)."""


@dataclass(frozen=True)
class Goal:
    """Where a figure should lie; ends included, None is no end."""

    least: float | None = None
    most: float | None = None

    def is_met(self, value: float) -> bool:
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)

    def __str__(self) -> str:
        if self.least == self.most:
            return f"{self.least:,g}"
        if self.least is not None and self.most is not None:
            return f"{self.least:,g} to {self.most:,g}"
        return f">= {self.least:,g}" if self.least is not None else f"<= {self.most:,g}"


@dataclass(frozen=True)
class Figure:
    """One line of the table."""

    name: str
    now: float | None
    """None: it could not be taken; `note` says why."""
    baseline: float
    goal: Goal | None = None
    """None: reported only."""
    places: Sequence[str] = ()
    """What was counted, one line each."""
    note: str = ""

    @property
    def met(self) -> bool | None:
        """None where there is no goal. A figure that could not be taken does not meet its goal."""
        if self.goal is None:
            return None
        return self.now is not None and self.goal.is_met(self.now)
