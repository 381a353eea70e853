"""Ends the worker when its controller is silent for the lease time, by SIGALRM: also where no one can reach it."""

from __future__ import annotations

import signal
from typing import Any, Callable

from clearway.base.units import Duration
from clearway.probe.records import Reason


class Lease:
    """Ends this process when it is not renewed in time, by the kernel's own timer. For the main thread."""

    def __init__(self, lasts: Duration, report: Callable[[Reason], None]) -> None:
        """`report` is called with the reason just before."""
        self._lasts = lasts
        self._report = report
        signal.signal(signal.SIGALRM, self._end)
        self.renew()

    def renew(self) -> None:
        """The controller sent something: begin to count anew."""
        signal.setitimer(signal.ITIMER_REAL, self._lasts.si)

    def _end(self, *_: Any) -> None:
        self._report(Reason("worker.alone", {"silence": self._lasts}))
        raise SystemExit(1)
