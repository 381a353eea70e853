"""How long a thread waits for a CPU, and in which seconds: the kernel counts only how long in all."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import replace
from typing import Deque, Dict, Iterable, Tuple

from clearway.base.units import Duration
from clearway.probe.measurement import Counters

_LEAST = 1e-4
"""Seconds of waiting within one that are left out: a hundredth of the strictest usual limit."""


class ThreadWaits:
    """The most that a thread waited for a CPU within a second, and what it waited in each second since the instant.

    Looks that are further apart make both larger, never smaller.
    """

    _WITHIN = 1.0

    def __init__(self, begun: float) -> None:
        """Of a thread that has not run before; all times are seconds from the probe's instant, or negative."""
        self.most = 0.0
        self.by_second: Dict[int, float] = {}
        """Of the second that begins then."""
        self._looks: Deque[Tuple[float, float]] = deque([(begun, 0.0)])

    def look(self, now: float, waited: float) -> None:
        """With what it has waited by now, in seconds."""
        before, so_far = self._looks[-1]
        self._looks.append((now, waited))
        while len(self._looks) > 2 and self._looks[1][0] <= now - self._WITHIN:
            self._looks.popleft()
        self.most = max(self.most, waited - self._looks[0][1])
        self._spread(before, now, waited - so_far)

    def _spread(self, before: float, now: float, more: float) -> None:
        """The kernel counts a wait when it is over, so it may have begun before the last look."""
        begun = before - more
        for second in range(math.floor(begun), math.floor(now) + 1) if more > 0 else ():
            inside = min(now, second + 1) - max(begun, second)
            self.by_second[second] = min(1.0, self.by_second.get(second, 0.0) + min(more, inside))


def counted(counters: Counters, threads: Iterable[ThreadWaits]) -> Counters:
    """With the waits of a tool: of the thread that waited most. None: they are not known."""
    known = list(threads)
    if not known:
        return counters
    by_second: Dict[int, float] = {}
    for thread in known:
        for second, waited in thread.by_second.items():
            by_second[second] = max(waited, by_second.get(second, 0.0))
    waits = {
        second: Duration(round(by_second[second], 4)) for second in sorted(by_second) if by_second[second] > _LEAST
    }
    return replace(counters, tool_waited=Duration(max(one.most for one in known)), tool_waits=waits)
