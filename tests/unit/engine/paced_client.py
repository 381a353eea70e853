"""A client as h2load is with `--rps`, simulated: it knows when each request was due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clearway.engine.h2load_pacing import LoggedRequest

_APART = 3e-5
"""Seconds between answers that come to several connections at once: the client reads one after the other."""
AT_ONCE = 5e-6
"""Seconds from an answer until the connection sends the next request that it owes."""


@dataclass(frozen=True)
class Outage:
    """No answer comes between its begin and its end, on the connections that it meets."""

    begin: float
    end: float
    every: int = 1
    """It meets one connection in so many."""

    def meets(self, connection: int) -> bool:
        return connection % self.every == 0


@dataclass(frozen=True)
class PacedClient:
    phases: Sequence[float]
    """When each connection is made and sends its first request."""
    period: float
    stop: float
    service: float = 0.001
    """Seconds until an answer on a road that is not dead."""
    lateness: Sequence[float] = (0.0,)
    """By how much its timers are late, in turn."""

    def run(self, outages: Sequence[Outage] = ()) -> tuple[list[LoggedRequest], list[float]]:
        """The log in order of starts, and of all requests due before `stop` the latency (by then, if unanswered)."""
        rows: list[LoggedRequest] = []
        truth: list[float] = []
        for number, phase in enumerate(self.phases):
            own = [outage for outage in outages if outage.meets(number)]
            free, count = phase, 0
            while (due := phase + count * self.period) < self.stop:
                timer = due + self.lateness[count % len(self.lateness)]
                start = timer if timer >= free else free + AT_ONCE
                end = self._answered(start, own) + number * _APART
                truth.append(min(end, self.stop) - due)
                if end < self.stop:
                    rows.append(LoggedRequest(start, end, 200))
                free, count = end, count + 1
        return sorted(rows), sorted(truth)

    def _answered(self, start: float, outages: Sequence[Outage]) -> float:
        end = start + self.service
        for outage in outages:
            if start < outage.end and end > outage.begin:
                end = max(end, outage.end + self.service)
        return end
