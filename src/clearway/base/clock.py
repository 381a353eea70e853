"""The one place where time is read, so that a test can shift an agent's clock but never its tools'."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Clock:
    """Wall time as this process claims to know it. `shift` is 0 but in tests of clock offset, in seconds."""

    shift: float = 0.0

    def now(self) -> float:
        """Unix seconds."""
        return time.time() + self.shift

    def system(self, instant: float) -> float:
        """The same instant in the machine's own time, which is what a spawned tool reads."""
        return instant - self.shift

    def until(self, instant: float) -> float:
        """Seconds from now to `instant`; negative if it has passed."""
        return instant - self.now()

    def sleep_until(self, instant: float) -> None:
        """Return at `instant`, or at once if it has passed."""
        while (rest := self.until(instant)) > 0:
            time.sleep(rest)


def moment(instant: float) -> str:
    """Unix seconds as people write them, in UTC."""
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(instant))
