"""The one place where time is read, so that a test can shift an agent's clock but never its tools'."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Tuple

_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""A clock that no correction of the time of day moves, and that goes on while the machine is suspended."""


_TRIES, _CLOSE = 10, 50e-6
"""Two clocks that are read further apart than these seconds, because the machine did something else, are read again."""


def _offset() -> float:
    """The time of day when the steady clock was 0."""
    apart, offset = _read()
    for _ in range(_TRIES):
        if apart < _CLOSE:
            break
        apart, offset = min((apart, offset), _read())
    return offset


def _read() -> Tuple[float, float]:
    """How far apart in time the clocks were read, and the offset between them."""
    before, day, after = time.clock_gettime(_STEADY), time.time(), time.clock_gettime(_STEADY)
    return after - before, day - (before + after) / 2


_BEGUN = _offset()


@dataclass(frozen=True)
class Clock:
    """Unix time as it was when this process began, and steady since: instants that were agreed on stay where they are
    if the machine's clock is set. `shift` is 0 but in tests of clock offset, in seconds.
    """

    shift: float = 0.0

    def now(self) -> float:
        """Unix seconds."""
        return time.clock_gettime(_STEADY) + _BEGUN + self.shift

    def system(self, instant: float) -> float:
        """The same instant in the machine's own time, which is what a spawned tool reads."""
        return instant - self.shift + self.stepped()

    def stepped(self) -> float:
        """Seconds by which the machine's clock has been set forward since this process began."""
        return _offset() - _BEGUN

    def until(self, instant: float) -> float:
        """Seconds from now to `instant`; negative if it has passed."""
        return instant - self.now()

    def sleep_until(self, instant: float) -> None:
        """Return at `instant`, or at once if it has passed."""
        while (rest := self.until(instant)) > 0:
            time.sleep(rest)


def moment(instant: float) -> str:
    """Unix seconds as people write them, in UTC; what is before or after all dates, as the first or the last one."""
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(max(0.0, min(instant, _LAST_DATE))))


_LAST_DATE = 253_402_300_799.0
"""The last second of the year 9999. Instants come from files and from other machines."""
