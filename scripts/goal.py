"""What a figure of a script or of a bench is held to."""

from __future__ import annotations

from dataclasses import dataclass


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
