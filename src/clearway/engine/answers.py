"""What the answers to HTTP requests come to inside the window: latencies, failures, and how long there were none."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Dict, Optional

from clearway.base.units import Duration
from clearway.engine.h2load_pacing import ScheduledRequest
from clearway.engine.silence import Silence, Throughout, WhileDue
from clearway.probe.histogram import BucketCounts, Histogram
from clearway.probe.measurement import Connecting, Http
from clearway.probe.parameters import Window

_BLOCK = Duration(0.5)
"""As long as the blocks that a verdict knows the scatter from: BLOCK in verdict/thresholds.py."""
_BLOCKS = 40
"""Most blocks of a record: of a window longer than 20 s a block is longer, so that a record stays below 100 kB."""
_FIRST_STATUS, _OK, _FIRST_REDIRECT = 100, 200, 300
"""HTTP: below the first there is no status; from the last on, the body that was asked for did not come."""


class Answers:
    """Counts requests one by one; those that were due inside the window make the record."""

    def __init__(self, window: Window, stop: float, *, scheduled: bool) -> None:
        """What has no answer at `stop` counts with the delay that it has then. Seconds from the instant.

        `scheduled`: the requests have due instants, by a stated rate; otherwise they are due when they are sent.
        """
        self._begin, self._end, self._stop = window.warm_up.si, window.end.si, stop
        self._scheduled = scheduled
        self._block = _BLOCK * max(1, math.ceil(window.duration.over(_BLOCK) / _BLOCKS))
        count = max(1, math.ceil(round(window.duration.over(self._block), 6)))
        self._latencies = tuple(BucketCounts() for _ in range(count))
        self._answers = [0] * count
        self._errors: Dict[str, int] = {}
        self._silence: Silence = (WhileDue if scheduled else Throughout)(self._begin, self._end)
        self._first_due, self._last_end = math.inf, -math.inf
        self._late = self._unanswered = 0
        self._own_delay = 0.0

    def take(self, asked: ScheduledRequest) -> None:
        self._silence.take(asked.due, asked.end)
        if self._begin <= asked.due < self._end:
            self._first_due, self._last_end = min(self._first_due, asked.due), max(self._last_end, asked.end)
            self._late += asked.waited
            self._own_delay = max(self._own_delay, asked.own_delay)
            self._take_inside(asked)

    def take_unanswered(self, due: float) -> None:
        self._silence.take(due, None)
        if self._begin <= due < self._end:
            self._unanswered += 1
            self._first_due, self._last_end = min(self._first_due, due), self._stop
            self._latencies[self._block_of(due)].add(round(self._stop - due, 6))

    def _take_inside(self, asked: ScheduledRequest) -> None:
        if kind := _failure(asked.status):
            self._errors[kind] = self._errors.get(kind, 0) + 1
            return
        self._latencies[self._block_of(asked.due)].add(round(asked.end - asked.due, 6))
        if asked.end < self._end:
            self._answers[self._block_of(asked.end)] += 1

    def _block_of(self, at: float) -> int:
        return min(int((at - self._begin) / self._block.si), len(self._answers) - 1)

    def record(self, connecting: Optional[Connecting]) -> Http:
        blocks = tuple(counts.histogram() for counts in self._latencies)
        latency, failed = Histogram.sum(blocks), sum(self._errors.values())
        span = max(0.0, min(self._last_end, self._end) - self._first_due) if latency.count or failed else 0.0
        unpaced = Http(
            latency=latency,
            errors=self._errors,
            span=Duration(span),
            interval=self._block,
            answers=tuple(self._answers),
            blocks=blocks,
            stall=Duration(self._silence.longest()),
            connect=connecting,
        )
        if not self._scheduled:
            return unpaced
        return replace(
            unpaced,
            due=latency.count + failed,
            late=self._late,
            unanswered=self._unanswered,
            own_delay=Duration(self._own_delay),
        )


def _failure(status: Optional[int]) -> str:
    """Why a request counts as failed; empty if it doesn't."""
    if status is None or _OK <= status < _FIRST_REDIRECT:
        return ""
    return "failed" if status < _FIRST_STATUS else f"status-{status}"
