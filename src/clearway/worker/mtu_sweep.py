"""How the largest packet that a peer answers is searched for. Pure: it says what to send, and gets what comes back.

A lost packet is no black hole. Each size is tried several times, an answer counts whenever it comes, and what is taken
for too large at the end is tried again, beside small packets that have to be answered meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Set, Tuple

from clearway.probe.measurement import FoundMtu

SMALLEST = 128
"""Bytes of a packet that every network carries: IPv4 asks for 68, and tunnels take up to 60 more."""


@dataclass(frozen=True)
class _Step:
    tries: int
    spacing: float
    """Seconds from one try to the next."""
    patience: float
    """Seconds from the last try until the size is given up."""


_SEARCH = _Step(3, 0.03, 0.12)
"""A wrong step costs time only, since the end is confirmed, so it is short: eleven of them take 2 s."""
_CONFIRM = _Step(10, 0.06, 0.2)
"""Of a road that loses one packet in ten each way, fewer than one confirmation in 10^7 is wrong."""
_ALIVE_SPACING = 0.1


class Sweep:
    """The search for one peer. Instants are seconds of any clock that never goes back."""

    def __init__(self, most: int, now: float, patience: float) -> None:
        """`most` is the largest size; a peer that does not answer for `patience` seconds is given up."""
        self._most = most
        self._small = min(SMALLEST, most)
        self._passed = 0
        self._reported: Optional[int] = None
        self._given_up: Set[int] = set()
        self._controls, self._controls_answered = 0, 0
        self._settled = self.over = False
        self._begin(self._small, _Step(max(1, round(patience / _ALIVE_SPACING)), _ALIVE_SPACING, _SEARCH.patience), now)

    @property
    def found(self) -> FoundMtu:
        return FoundMtu(self._passed or None, self._reported, self._settled)

    def due(self, now: float) -> Tuple[int, ...]:
        """Sizes to send now; none before `next_at`."""
        while not self.over and now >= self.next_at:
            if self._left:
                return self._tries(now)
            self._give_up(now)
        return ()

    def answered(self, size: int, now: float) -> None:
        """The peer has answered a packet of this size."""
        self._passed = max(self._passed, min(size, self._most))
        self._controls_answered += self._step is _CONFIRM and size == self._small
        if not self.over and size >= self._size:
            self._go_on(now)

    def refused(self, most: int, now: float) -> None:
        """A router, or the own kernel, reported that nothing larger than `most` passes."""
        if not 0 < most < self._most:
            return
        self._reported = most if self._reported is None else min(self._reported, most)
        if not self.over and self._step is _SEARCH and self._size > most:
            self._given_up.add(self._size)
            self._go_on(now)

    def _begin(self, size: int, step: _Step, now: float) -> None:
        self._size, self._step, self._left, self.next_at = size, step, step.tries, now

    def _tries(self, now: float) -> Tuple[int, ...]:
        self._left -= 1
        self.next_at = now + (self._step.spacing if self._left else self._step.patience)
        if self._step is not _CONFIRM:
            return (self._size,)
        self._controls += 1
        return self._size, self._small

    def _give_up(self, now: float) -> None:
        if self._step is _SEARCH:
            self._given_up.add(self._size)
            self._go_on(now)
        else:  # the peer is silent, or the largest size is confirmed while small packets were answered
            self._settled = self._controls > 0 and 2 * self._controls_answered >= self._controls
            self.over = True

    def _go_on(self, now: float) -> None:
        too_large = min((size for size in self._given_up if size > self._passed), default=self._most + 1)
        if self._passed >= self._most:
            self._settled = self.over = True
        elif too_large == self._passed + 1:
            self._controls = self._controls_answered = 0
            self._begin(too_large, _CONFIRM, now)
        else:
            self._begin(self._candidate(too_large), _SEARCH, now)

    def _candidate(self, too_large: int) -> int:
        """The largest first: it passes nearly everywhere. Then what was reported, and halves of what is left."""
        if too_large > self._most:
            return self._most
        if self._reported is not None and self._passed <= self._reported < too_large:
            return max(self._reported, self._passed + 1)
        return (self._passed + too_large) // 2
