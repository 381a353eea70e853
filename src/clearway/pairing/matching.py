"""Pairs without a worker used twice: matched at once, and arranged in rounds."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable
from itertools import chain
from random import Random

from clearway.pairing.base import Member, Partners, Rounds
from clearway.probe.records import Pair, Slot


def matching(group: Iterable[Member], partners: Partners, rng: Random) -> list[Pair]:
    """Workers paired 1:1, the two places with the most free workers first, so that as few as can be stay alone."""
    free: dict[str | None, list[Slot]] = {}
    for slot in sorted(chain.from_iterable(group), key=lambda slot: -slot.index):
        free.setdefault(partners.place(slot), []).append(slot)
    heap = [(-len(slots), rng.random(), place) for place, slots in free.items()]
    heapq.heapify(heap)
    pairs = []
    while len(heap) > 1:
        fullest = heapq.heappop(heap)[2], heapq.heappop(heap)[2]
        pairs.append((free[fullest[0]].pop(), free[fullest[1]].pop()))
        for place in fullest:
            if free[place]:
                heapq.heappush(heap, (-len(free[place]), rng.random(), place))
    # Places are zones where they have to differ, and a machine may hold nodes of two zones.
    return [pair for pair in pairs if partners.allowed(*pair)]


def leftover_pairs(group: Iterable[Member], matched: Iterable[Pair], partners: Partners) -> list[Pair]:
    """A pair for each node that the matching left out and that has a partner at all, the least used one."""
    members = list(group)
    covered = {slot.node for pair in matched for slot in pair}
    used: Counter[Slot] = Counter()
    pairs = []
    for alone in (member[0] for member in members if member[0].node not in covered):
        candidates = [member[0] for member in members if partners.allowed(alone, member[0])]
        if candidates:
            partner = min(candidates, key=lambda slot: used[slot])
            used[partner] += 1
            pairs.append((alone, partner))
    return pairs


def arranged(pairs: Iterable[Pair]) -> Rounds:
    """Each pair in the first round that uses neither of its workers yet (greedy edge colouring)."""
    rounds: Rounds = []
    busy: dict[Slot, int] = {}
    for one, other in pairs:
        taken = busy.get(one, 0) | busy.get(other, 0)
        first = (~taken & (taken + 1)).bit_length() - 1
        for slot in (one, other):
            busy[slot] = busy.get(slot, 0) | 1 << first
        if first == len(rounds):
            rounds.append([])
        rounds[first].append((one, other))
    return rounds
