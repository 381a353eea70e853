"""When the requests of a paced client were due, from the starts and ends in its log.

Each of `connections` has one open request and wants to send one every `period`. While it waits for an answer it sends
nothing; afterwards it sends what it owes, one right after the other. A log without connection ids still says which
request is which: a start that follows the end of a request whose connection owes another one continues that
connection, so it was due one period after the one before. Every other start was made by the client's timer, when it
was due.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from heapq import heappop, heappush
from typing import Iterable, Iterator, List, NamedTuple, Optional, Tuple

from clearway.base.units import Duration


class LoggedRequest(NamedTuple):
    """A request in the log; seconds from the instant."""

    start: float
    end: float
    status: int


class ScheduledRequest(NamedTuple):
    """A request of the schedule and its answer; seconds from the instant."""

    due: float
    end: float
    status: Optional[int]
    """None: it was never sent by itself."""
    waited: bool
    """It was sent late, or not at all, because its connection waited for an answer or was not there yet."""
    own_delay: float = 0.0
    """By how much the client was late although the connection was free."""


TICK = Duration(0.01)
"""h2load's timer is no finer (`rps_watcher.repeat`): at more than 100 requests per second and connection it sends
several at a time. A start within this of its due instant is on time: what is finer is the client's own pacing."""
_AT_ONCE = 0.02
"""A connection that owes a request sends it right after an answer: microseconds later in each of 30,000 seen. One that
did not within this time owes nothing."""
_MICROSECOND = 1e-6
"""h2load's log is no finer: an end and a start within it are the same instant."""
_CLOCKS = 0.0005
"""h2load takes starts from one clock and durations from another, and one of them is slewed by 0.05 % at most."""


class Schedule:
    """The due instants of all connections. One that waits to send is only the instant at which its next one is due."""

    def __init__(self, begin: float, period: float, connections: int, settling: float = 0.0) -> None:
        """`settling`: how long after the first connection the last one was made, but for those that tried again."""
        self._begin, self._period = begin, period
        self._grain = TICK.si if period >= TICK.si else 2 * TICK.si
        self._early = min(self._grain, period / 2) if period >= TICK.si else self._grain
        self._seconds_from = begin + max(period, TICK.si)
        self._settled = max(self._seconds_from, begin + settling)
        self._missing = connections
        """Connections that have sent nothing yet."""
        self._free: List[float] = []
        """Next due instants of connections that may send, in order."""
        self._owing: List[Tuple[float, float]] = []
        """End of the last answer and next due instant of connections that send at once."""
        self._busy: List[Tuple[float, float, float]] = []
        """The same of connections that wait for an answer, and how long they wait; a heap."""

    def requests(self, rows: Iterable[LoggedRequest]) -> Iterator[ScheduledRequest]:
        """What was answered, from rows in order of their starts, and what was never sent though its turn had passed."""
        for row in rows:
            self._release(row.start)
            yield from self._given_up(row.start)
            yield from self._matched(row)

    def unanswered(self, until: float) -> Iterator[float]:
        """Due instants before `until` of what got no answer: call it after the last row."""
        waiting = [waits[1] for waits in (*self._busy, *self._owing)]
        for due in (*waiting, *self._free, *[self._begin] * self._missing):
            yield from self._every_period(due, until)

    def _release(self, now: float) -> None:
        while self._busy and self._busy[0][0] <= now + _MICROSECOND:
            end, due, _ = heappop(self._busy)
            if due <= end:
                self._owing.append((end, due))
            else:
                insort(self._free, due)

    def _given_up(self, now: float) -> Iterator[ScheduledRequest]:
        """Requests that the client left out: at the latest, the answer that it had at that time answers them too."""
        while self._owing and now - self._owing[0][0] > _AT_ONCE:
            end, due = self._owing.pop(0)
            for skipped in self._every_period(due, end):
                yield ScheduledRequest(skipped, end, None, waited=True)
                due = skipped + self._period
            insort(self._free, due)

    def _matched(self, row: LoggedRequest) -> Iterator[ScheduledRequest]:
        if self._owing:
            yield self._late(row, self._owing.pop(0)[1])
        elif self._missing and self._is_first(row.start):
            yield from self._first(row)
        elif self._busy and not self._is_on_time(row.start) and self._is_ending(row.start):
            yield self._late(row, heappop(self._busy)[1])
        elif self._free:
            yield self._timed(row, self._free.pop(self._nearest(row.start)))
        else:
            yield self._late(row, heappop(self._busy)[1])

    def _late(self, row: LoggedRequest, due: float) -> ScheduledRequest:
        self._send(row, due + self._period)
        return ScheduledRequest(min(due, row.start), row.end, row.status, waited=due < row.start)

    def _first(self, row: LoggedRequest) -> Iterator[ScheduledRequest]:
        """A connection's first request answers all that were due before the connection was there."""
        self._missing -= 1
        self._send(row, row.start + self._period)
        for due in self._every_period(self._begin, row.start - self._grain):
            yield ScheduledRequest(due, row.end, None, waited=True)
        yield ScheduledRequest(row.start, row.end, row.status, waited=False)

    def _timed(self, row: LoggedRequest, due: float) -> ScheduledRequest:
        delay = row.start - due
        if delay > self._grain:
            # A timer that was late once is on time again; one that was late by a period has a new phase.
            self._send(row, due + (delay / 2 if delay < self._period else 0) + self._period)
            return ScheduledRequest(due, row.end, row.status, waited=False, own_delay=delay)
        # Of several requests at one tick, all but the first are early.
        follows = delay >= 0 or (delay >= -self._early and self._period >= TICK.si)
        self._send(row, (row.start if follows else due) + self._period)
        return ScheduledRequest(row.start, row.end, row.status, waited=False)

    def _send(self, row: LoggedRequest, following: float) -> None:
        heappush(self._busy, (row.end, following, row.end - row.start))

    def _is_first(self, start: float) -> bool:
        """Whether it is a new connection's: none sends its second request before its first period is over."""
        return start < self._seconds_from or not self._is_on_time(start)

    def _is_on_time(self, start: float) -> bool:
        """Whether a connection may send whose timer is due. While connections are still being made, none is early."""
        if not self._free:
            return False
        early = 0 if self._missing and start < self._settled else self._early
        return -early <= start - self._free[self._nearest(start)] <= self._grain

    def _is_ending(self, start: float) -> bool:
        """Whether the next answer comes at this instant, but for the difference of the two clocks."""
        end, _, took = self._busy[0]
        return end - start <= took * _CLOCKS

    def _nearest(self, start: float) -> int:
        """Of the connections that may send, the one whose due instant is nearest; never one far ahead if one is due."""
        after = bisect_left(self._free, start)
        if after == len(self._free):
            return after - 1
        ahead = self._free[after] - start
        return after if after == 0 or ahead <= min(self._early, start - self._free[after - 1]) else after - 1

    def _every_period(self, first: float, until: float) -> Iterator[float]:
        while first < until:
            yield first
            first += self._period
