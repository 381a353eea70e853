"""Before the first round: how large packets may be on every road of the plan, both ways. Each worker is asked once.

What is found stands in the ledger as observations, one a road: it is a fact about the network, like the clocks.
"""

from __future__ import annotations

import secrets
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from clearway.base.units import Duration, Rate, Size
from clearway.probe.measurement import PathMtus
from clearway.probe.observations import PATH_MTU_NOT_PROBED
from clearway.probe.parameters import PathMtuParameters, PathMtuPeer, Window
from clearway.probe.path_mtu import PROBES_PATH_MTU, RoadMtu
from clearway.probe.records import Endpoint, Half, Probe, Reason, Request, Result, Slot, Worker, family_of
from clearway.run.endpoints import address_for
from clearway.run.worker_pool import HalfKey, Requests, WorkerPool
from clearway.site.base import Ready

ROUND = "path-mtu"
_SEARCH = Duration(4.0)
"""For all sizes of all peers of a worker at once. A size that gets no answer takes 0.2 s, eleven of them find any."""
_SILENCE = Duration(2.0)
"""For a peer to answer at all: busy workers begin to listen a second late."""
_ANSWER = 5.0
"""Seconds between the end of the search and its result."""
_RATE = Rate(32e6)
"""What a worker sends at most: 64 nodes ask 63 others for two sizes of 1,500 byte in 25 ms, and no link is full."""


@dataclass(frozen=True)
class _Asked:
    """What a worker is asked: its request, and the other end of each of its roads in the request's order."""

    request: Request
    roads: tuple[RoadMtu, ...]


async def probe_path_mtus(pool: WorkerPool, probes: Iterable[Probe], most: Rate | None) -> None:
    """Returns when all is known, or the time is over. `most` bounds what a node sends.

    Only workers that can are asked. One that does not answer is observed.
    """
    able = {slot: one for slot, one in pool.ready.items() if one.worker.facts.get(PROBES_PATH_MTU)}
    roads = _roads(probes, able)
    if not roads:
        return
    listening, now = pool.site.handing_out(len(roads)), pool.clock.now()
    window = Window(listening + _SILENCE, _SEARCH - _SILENCE)
    asked = _asked(roads, able, window, _rate(most, roads), now)
    requests: Requests = {(one.request.probe, Half.SEND): (slot, one.request) for slot, one in asked.items()}
    pool.expect(ROUND, requests, kept=False)
    await pool.site.submit(ROUND, {slot: [one.request] for slot, one in asked.items()})
    results = await pool.gather_results(requests, now + window.end.si + _ANSWER)
    _observe(pool, asked, results)


def _roads(probes: Iterable[Probe], able: Mapping[Slot, Ready]) -> Mapping[Slot, Mapping[tuple[Slot, str], None]]:
    """Receivers of each sender, with the address that is used; both ways of all pairs, each once."""
    found: dict[Slot, dict[tuple[Slot, str], None]] = defaultdict(dict)
    for probe in probes:
        if probe.client in able and probe.server in able:
            client, server = able[probe.client].worker, able[probe.server].worker
            family = family_of(address_for(client, server, probe.family))
            for one, other in ((client, server), (server, client)):
                found[one.slot][other.slot, address_for(one, other, family)] = None
    return found


def _rate(most: Rate | None, slots: Iterable[Slot]) -> Rate:
    workers = max(Counter(slot.node for slot in slots).values())
    return _RATE if most is None else min(_RATE, most * (1 / workers))


def _asked(
    roads: Mapping[Slot, Iterable[tuple[Slot, str]]], able: Mapping[Slot, Ready], window: Window, rate: Rate, now: float
) -> Mapping[Slot, _Asked]:
    token = secrets.token_hex(8)
    found = {}
    for slot, receivers in roads.items():
        mine, start = able[slot].worker, now + able[slot].clock.shift.si
        known = _in_turn(slot, receivers)
        peers = tuple(_peer(mine, able[other].worker, address) for other, address in known)
        request = Request(
            round=ROUND,
            probe=f"{ROUND}/{slot}",
            attempt=1,
            half=Half.SEND,
            engine=ROUND,
            parameters=PathMtuParameters(token, peers, rate),
            window=window,
            server=Endpoint(mine.addresses[0], mine.ports[-1]),
            start=start,
            deadline=start + window.end.si,
        )
        ends = zip(known, peers, strict=True)
        found[slot] = _Asked(
            request,
            tuple(RoadMtu(slot, other, family_of(address), Size(peer.most)) for (other, address), peer in ends),
        )
    return found


def _in_turn(slot: Slot, receivers: Iterable[tuple[Slot, str]]) -> Sequence[tuple[Slot, str]]:
    """Beginning behind the sender: if all began with the same receiver, they would fill its link."""
    ordered = sorted(receivers)
    return [*(one for one in ordered if one[0] > slot), *(one for one in ordered if one[0] < slot)]


def _peer(mine: Worker, other: Worker, address: str) -> PathMtuPeer:
    return PathMtuPeer(Endpoint(address, other.ports[-1]), min(mine.mtu, other.mtu, _LARGEST))


_LARGEST = 65_535
"""Bytes of the largest IP packet."""


def _observe(pool: WorkerPool, asked: Mapping[Slot, _Asked], results: Mapping[HalfKey, Result]) -> None:
    now = pool.clock.now()
    for slot, one in asked.items():
        result = results.get((one.request.probe, Half.SEND))
        found = list(_found(one, result))
        for road in found:
            pool.ledger.append(road.seen(now))
        if not found:
            reason = pool.gone.get(slot) or (result and result.reason) or Reason("run.no-answer")
            pool.ledger.append(PATH_MTU_NOT_PROBED.seen(str(slot), now, {"cause": reason}))


def _found(asked: _Asked, result: Result | None) -> Iterator[RoadMtu]:
    """Nothing of a result that does not answer what was asked."""
    measured = result.measurement if result is not None else None
    if not isinstance(measured, PathMtus) or len(measured.peers) != len(asked.roads):
        return
    for road, found in zip(asked.roads, measured.peers, strict=True):
        largest, reported = (None if size is None else Size(size) for size in (found.largest, found.reported))
        yield replace(road, largest=largest, reported=reported, settled=found.settled)
