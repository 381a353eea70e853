"""A worker's clock against the controller's, as their exchanges show it."""

from __future__ import annotations

from dataclasses import dataclass

from clearway.base.units import Duration


@dataclass(frozen=True)
class ClockOffset:
    """How far a worker's clock is ahead of the controller's, and how sure that is (half the best exchange)."""

    ahead: Duration
    uncertainty: Duration

    @property
    def shift(self) -> Duration:
        """What a start is moved by, into the worker's clock: an offset below its own uncertainty counts as none."""
        return self.ahead if abs(self.ahead.si) > self.uncertainty.si else Duration(0)

    @property
    def error(self) -> Duration:
        """By how much a start that was moved so may still be off."""
        return Duration(abs(self.ahead.si - self.shift.si) + self.uncertainty.si)


def offset_of(asked: float, answered: float, received: float) -> ClockOffset:
    """A worker's clock against ours, from one exchange: `asked` and `received` on ours, `answered` on its own."""
    half = (received - asked) / 2
    return ClockOffset(ahead=Duration(answered - (asked + half)), uncertainty=Duration(half))
