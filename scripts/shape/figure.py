"""What is reported: a number, what it was at the start, what it should be, and where it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scripts.goal import Goal

BASELINE = "337177c"
"""The commit at which every baseline was taken, by these same scripts (`--tree`)."""


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
