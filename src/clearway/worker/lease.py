"""How long a worker works on without a word from its controller: it holds even where nobody can reach it any more."""

from __future__ import annotations

import signal
from typing import Any, Callable

from clearway.base.units import Duration
from clearway.probe.records import Reason


class Lease:
    """Ends this process when nothing was heard for so long, by the kernel's own timer. For the main thread."""

    def __init__(self, lasts: Duration, say: Callable[[Reason], None]) -> None:
        """`say` is told why, just before."""
        self._lasts = lasts
        self._say = say
        signal.signal(signal.SIGALRM, self._end)
        self.renew()

    def renew(self) -> None:
        """Something was heard."""
        signal.setitimer(signal.ITIMER_REAL, self._lasts.si)

    def _end(self, *_: Any) -> None:
        self._say(Reason("worker.alone", {"silence": self._lasts}))
        raise SystemExit(1)
