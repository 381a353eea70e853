"""What the kernel says of the port that a serve half opened: who is connected to it, and what its sockets dropped."""

from __future__ import annotations

import time
from typing import Collection, FrozenSet, Optional, Tuple

from clearway.engine.base import Listen
from clearway.worker.network import SocketDrops, peers, usual_forms

_SHARE = 300
"""The next look at connections is so many times later as the last one took. The kernel goes through all that it has
room for, 8 ms on a machine of 24 GB: 20 servers there would else keep a core from what is measured."""
_NAMED = 8
"""Strangers that are named: more would say nothing new to a reader."""


class ServedPort:
    """Looks are taken while the tool runs: the kernel forgets a connection and its counts as it is closed."""

    def __init__(self, listen: Listen, partner: Optional[Collection[str]]) -> None:
        """`partner`: addresses of the send half's worker; None: not known, and then no connection is a stranger's."""
        self._listen = listen
        self._partner = None if partner is None else usual_forms(partner)
        self._drops = SocketDrops(listen.port) if listen.transport == "udp" else None
        self._early: FrozenSet[str] = frozenset()
        self._seen: FrozenSet[str] = frozenset()
        self._next = 0.0

    @property
    def socket_drops(self) -> Optional[int]:
        """Datagrams that the port's UDP sockets dropped; None: it has none, or none was seen."""
        return None if self._drops is None else self._drops.total

    def is_taken(self) -> bool:
        """Before the instant: whether another than the partner is connected right now."""
        found = self._others(peers(self._listen))
        self._early |= found
        return bool(found)

    def look(self) -> None:
        """Read what the port's sockets dropped, and sometimes who is connected."""
        if self._drops is not None:
            self._drops.sample()
        now = time.monotonic()
        if now >= self._next:
            self._seen |= peers(self._listen)
            self._next = now + _SHARE * (time.monotonic() - now)

    def in_the_way(self, served: Collection[str], *, listened: bool = True) -> Tuple[str, ...]:
        """Others that were seen by looks or that the tool served, if the partner is not among these.

        If the tool did not listen in time, those for which it was started afresh.
        """
        known = usual_forms(served)
        if self._partner is None or not self._partner.isdisjoint(known):
            return ()
        return _named(self._others(self._seen | known)) or (() if listened else _named(self._early))

    def strangers(self, reported: Collection[str] = ()) -> Tuple[str, ...]:
        """Others than the partner that were seen, or that the tool reported.

        Where the partner was not seen, its address may be translated on the way: then any of them may be its own.
        """
        seen = self._seen | usual_forms(reported)
        known = self._partner is not None and not seen.isdisjoint(self._partner)
        return _named(self._early | self._others(seen)) if known else _named(self._early)

    def _others(self, seen: FrozenSet[str]) -> FrozenSet[str]:
        return frozenset() if self._partner is None else seen - self._partner


def _named(found: Collection[str]) -> Tuple[str, ...]:
    return tuple(sorted(found))[:_NAMED]
