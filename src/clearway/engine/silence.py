"""The longest time without an answer while one was awaited."""

from __future__ import annotations

from array import array
from typing import Iterator, List, Optional, Protocol, Tuple


class Silence(Protocol):
    def take(self, due: float, end: Optional[float]) -> None:
        """A request and its answer, or None; seconds from the instant."""

    def longest(self) -> float:
        """Call it once, after the last request. Seconds."""


class WhileDue:
    """Of requests with due instants: silence begins with an answer, or when the next request is due."""

    def __init__(self, begin: float, end: float) -> None:
        self._begin, self._end = begin, end
        self._dues, self._ends = array("d"), array("d")

    def take(self, due: float, end: Optional[float]) -> None:
        self._dues.append(due)
        if end is not None and end < self._end:
            self._ends.append(end)

    def longest(self) -> float:
        return max((until - since for since, until in self._silences()), default=0.0)

    def _silences(self) -> Iterator[Tuple[float, float]]:
        """After so many answers, the due instant at that place is the first without one."""
        dues: List[float] = sorted(self._dues)
        since = self._begin
        for answered, end in enumerate([*sorted(self._ends), self._end]):
            waiting_from = dues[answered] if answered < len(dues) else self._end
            yield self._inside(max(since, waiting_from)), self._inside(end)
            since = end

    def _inside(self, at: float) -> float:
        return min(max(at, self._begin), self._end)


class Throughout:
    """Of connections that ask again as soon as they are answered: an answer is awaited all the time."""

    def __init__(self, begin: float, end: float) -> None:
        self._end, self._last, self._longest = end, begin, 0.0

    def take(self, due: float, end: Optional[float]) -> None:
        if end is not None and end > self._last:
            self._longest = max(self._longest, min(end, self._end) - self._last)
            self._last = min(end, self._end)

    def longest(self) -> float:
        return max(self._longest, self._end - self._last)
