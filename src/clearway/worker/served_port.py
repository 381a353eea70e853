"""What the kernel says of the port that a serve half opened: who is connected to it, and what its sockets dropped."""

from __future__ import annotations

import time
from typing import Collection, FrozenSet, Optional, Tuple

from clearway.engine.base import Listen
from clearway.worker.network import SocketDrops, peers, sockets, usual_addresses, usual_forms
from clearway.worker.sock_diag import LEAVING, Closings, Query

_SHARE = 300
"""Where the kernel does not say which connections it closes, the next look at those that are there is so many times
later as the last one took. It goes through all that it has room for, 3 to 8 ms on a machine of 24 GB: 20 servers there
would else keep a core from what is measured."""
_NAMED = 8
"""Strangers that are named: more would say nothing new to a reader."""


class ServedPort:
    """Looks are taken while the tool runs: the kernel forgets a connection and its counts as it is closed.

    It says so then, most kernels at least. So who came is known from those that were closed and those that are left,
    without those that an earlier tool on the port left to be closed.
    """

    def __init__(self, listen: Listen, partner: Optional[Collection[str]]) -> None:
        """`partner`: addresses of the send half's worker; None: not known, and then no connection is a stranger's."""
        self._listen = listen
        self._partner = None if partner is None else usual_forms(partner)
        self._drops = SocketDrops(listen.port) if listen.transport == "udp" else None
        self._closings = Closings(listen.transport, listen.port)
        self._before = {one.end for one in sockets(Query(listen.transport, listen.port, LEAVING))}
        self._early: FrozenSet[str] = frozenset()
        self._seen: FrozenSet[str] = frozenset()
        self._next = 0.0

    @property
    def socket_drops(self) -> Optional[int]:
        """Datagrams that the port's UDP sockets dropped; None: it has none, or none was seen."""
        return None if self._drops is None else self._drops.total

    def is_taken(self) -> bool:
        """Before the instant: whether another than the partner is connected right now."""
        found = peers(self._listen)
        self._seen |= found
        self.count_as_early()
        return bool(self._others(found))

    def count_as_early(self) -> None:
        """Those that were seen until now came before the partner could."""
        self._hear()
        self._early |= self._others(self._seen)
        self._seen = frozenset()

    def look(self) -> None:
        """Read what the port's sockets dropped, and who was connected."""
        if self._drops is not None:
            self._drops.sample()
        now = time.monotonic()
        if not self._hear() and now >= self._next:
            self.look_at_connected()
            self._next = now + _SHARE * (time.monotonic() - now)

    def look_at_connected(self) -> None:
        """See who is connected right now."""
        self._seen |= peers(self._listen)

    def close(self) -> None:
        """Look no more."""
        self._closings.close()

    def in_the_way(self, served: Collection[str], *, listened: bool = True) -> Tuple[str, ...]:
        """Others that were seen by looks or that the tool served, if the partner is not among these.

        If the tool did not listen in time, those for which it was started afresh.
        """
        self._hear()
        known = usual_forms(served)
        if self._partner is None or not self._partner.isdisjoint(known):
            return ()
        return _named(self._others(self._seen | known)) or (() if listened else _named(self._early))

    def strangers(self, reported: Collection[str] = ()) -> Tuple[str, ...]:
        """Others than the partner that were seen, or that the tool reported.

        Where the partner was not seen, its address may be translated on the way: then any of them may be its own.
        """
        self._hear()
        seen = self._seen | usual_forms(reported)
        known = self._partner is not None and not seen.isdisjoint(self._partner)
        return _named(self._early | self._others(seen)) if known else _named(self._early)

    def _hear(self) -> bool:
        """Take from the kernel who was connected until now; whether these are all."""
        ends, whole = self._closings.take()
        self._seen |= usual_addresses(one.address for one in ends - self._before if not one.address.is_unspecified)
        return whole

    def _others(self, seen: FrozenSet[str]) -> FrozenSet[str]:
        return frozenset() if self._partner is None else seen - self._partner


def _named(found: Collection[str]) -> Tuple[str, ...]:
    return tuple(sorted(found))[:_NAMED]
