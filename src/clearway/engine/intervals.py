"""The measured window as a row of equal intervals, in ticks of 0.1 ms: the finest time that iperf's rows show."""

from __future__ import annotations

from dataclasses import dataclass

from clearway.base.errors import UsageError
from clearway.base.units import Duration
from clearway.probe.parameters import Window

TAIL = Duration(0.5)
"""Load goes on this long after the window: a receiver prints a row only once the next interval has begun,
and no pair of a round stops while another is still measured."""

_PER_SECOND = 10_000
"""Ticks."""
_ROUNDING = 1e-3
"""Ticks by which binary fractions may miss a decimal one."""
_LENGTHS = tuple(Duration(seconds) for seconds in (0.5, 0.2, 0.1, 0.05, 0.02, 0.01))
"""What bulk data is counted by: the longest that fits is the steadiest."""
_ENOUGH = 10
"""Intervals in a window that make a series: a mean over fewer would hang on the first and the last one."""


@dataclass(frozen=True)
class Grid:
    """Where the intervals lie, in ticks from the instant."""

    step: int
    begin: int
    """End of the warm-up."""
    end: int

    def starts(self) -> range:
        """Start of each interval inside the window."""
        return range(self.begin, self.end, self.step)

    def starts_with_warm_up(self) -> range:
        return range(0, self.end, self.step)

    @property
    def load_end(self) -> int:
        return self.end + _in_ticks(TAIL)

    @property
    def interval(self) -> Duration:
        return duration(self.step)


def ticks(seconds: str) -> int:
    """`0.5000` as a tool prints it, exactly."""
    whole, _, fraction = seconds.partition(".")
    return int(whole) * _PER_SECOND + int(fraction.ljust(4, "0"))


def duration(tick: int) -> Duration:
    return Duration(tick / _PER_SECOND)


def grid_of(window: Window, length: Duration) -> Grid:
    """The window in intervals of `length`. Raises UsageError if it isn't a multiple of it."""
    if not _fits(window, length):
        raise UsageError("engine.uneven-window", warm_up=window.warm_up, duration=window.duration, interval=length)
    return Grid(_in_ticks(length), _in_ticks(window.warm_up), _in_ticks(window.end))


def bulk_grid_of(window: Window, finest: Duration = _LENGTHS[-1]) -> Grid:
    """The window in the longest usual interval that gives a series. Raises UsageError if none divides it."""
    fitting = [length for length in _LENGTHS if length >= finest and _fits(window, length)]
    series = [length for length in fitting if window.duration.over(length) >= _ENOUGH]
    return grid_of(window, series[0] if series else finest)


def fine_grid_of(window: Window, finest: Duration) -> Grid:
    """The window in the shortest usual interval from `finest` on. Raises UsageError if none divides it."""
    fitting = [length for length in _LENGTHS if length >= finest and _fits(window, length)]
    return grid_of(window, fitting[-1] if fitting else finest)


def _fits(window: Window, length: Duration) -> bool:
    step = _in_ticks(length)
    return all(_is_whole(span) and _in_ticks(span) % step == 0 for span in (window.warm_up, window.duration))


def _is_whole(span: Duration) -> bool:
    return abs(span.si * _PER_SECOND - _in_ticks(span)) < _ROUNDING


def _in_ticks(span: Duration) -> int:
    return round(span.si * _PER_SECOND)
