"""What a pairing is, which workers it may put together, and what pairings have in common."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import chain, zip_longest
from random import Random
from typing import Literal, Protocol

from clearway.base.units import Ratio
from clearway.probe.records import Pair, Slot

PairScope = Literal["same-zone", "cross-zone", "any", "same-node"]
Member = tuple[Slot, ...]
"""What is paired as one: the workers of a node or, inside a node, a single worker."""


@dataclass(frozen=True, slots=True)
class Partners:
    """The candidates of one test."""

    scope: PairScope
    groups: tuple[tuple[Member, ...], ...]
    """Partners come from the same group."""
    machines: Mapping[str, str]
    zones: Mapping[str, str | None]

    def place(self, slot: Slot) -> str | None:
        """The place (worker, zone or machine) that the two ends of a pair must not share."""
        if self.scope == "same-node":
            return str(slot)
        return self.zones[slot.node] if self.scope == "cross-zone" else self.machines[slot.node]

    def allowed(self, one: Slot, other: Slot) -> bool:
        apart = self.scope == "same-node" or self.machines[one.node] != self.machines[other.node]
        return apart and self.place(one) != self.place(other)

    def most_partners(self, group: Sequence[Member]) -> int:
        """How many partners a member of the group has at most, counted without listing pairs."""
        where = [
            (str(m[0]) if self.scope == "same-node" else self.machines[m[0].node], self.place(m[0])) for m in group
        ]
        machines, places, both = Counter(one for one, _ in where), Counter(other for _, other in where), Counter(where)
        return max((len(group) - machines[m] - places[p] + both[m, p] for m, p in both), default=0)

    def cross(self, one: Slot, other: Slot) -> bool:
        """Whether the two are not known to be in the same zone."""
        zone = self.zones[one.node]
        return zone is None or zone != self.zones[other.node]


Rounds = list[list[Pair]]


class PairingRequest(Protocol):
    """What a pairing reads of a test."""

    @property
    def name(self) -> str: ...
    @property
    def direction(self) -> str: ...
    @property
    def background(self) -> object | None: ...
    @property
    def pairs(self) -> int | None: ...
    @property
    def server(self) -> str | None: ...
    @property
    def sample(self) -> Ratio | None: ...


class End(IntEnum):
    """Place in a pair."""

    SENDER = 0
    RECEIVER = 1


def no_leftovers(request: PairingRequest, rounds: Rounds) -> list[Pair]:
    return []


@dataclass(frozen=True, slots=True)
class Pairing:
    """One way to choose pairs: one file here, one row in `pairing/table.py`."""

    name: str
    rounds: Callable[[PairingRequest, Partners, Random], Rounds]
    """Rounds of (sender, receiver). Raises UsageError for what these partners can't give."""
    fields: tuple[str, ...]
    """Fields of a test that mean nothing with some other pairings, as they are written."""
    needs: tuple[str, ...] = ()
    """Those of them that a test can't do without."""
    summed_at: End = End.SENDER
    """The end whose node a criterion `per node` sums over."""
    leftovers: Callable[[PairingRequest, Rounds], list[Pair]] = no_leftovers
    """Pairs that meet while fewer others send."""
    node_claim: str = "claim.nodes"
    """Wording of what a criterion `per node` is about."""
    drawn: bool = False
    """Whether it picks pairs at random: what they show is then a statement on all roads, as of a random sample."""
    at_once: str = "condition.at-once"
    """Wording of who else measures at the same time."""

    @property
    def directed(self) -> bool:
        """Whether a test chooses one direction or both."""
        return "direction" in self.fields

    def rounds_of(self, request: PairingRequest, partners: Partners, seed: int) -> Rounds:
        """The rounds of one test, each of at least one pair.

        Tests of one pairing and scope get the same pairs, so that latency can be read beside throughput.
        Raises UsageError where the test asks for what these partners can't give.
        """
        return [round_ for round_ in self.rounds(request, partners, Random(seed)) if round_]

    def node_of(self, pair: Pair) -> str:
        """The node that the pair's value counts for, `per node`."""
        return pair[self.summed_at].node


def lanes(sender: Member, receiver: Member, partners: Partners) -> Iterator[Pair]:
    """Worker by worker: the first of one with the first of the other, and so on."""
    if partners.allowed(sender[0], receiver[0]):
        yield from zip(sender, receiver, strict=True)


def directed(request: PairingRequest, rounds: Rounds) -> Rounds:
    if request.direction == "forward":
        return rounds
    return rounds + [[(receiver, sender) for sender, receiver in round_] for round_ in rounds]


def matching(group: Iterable[Member], partners: Partners, rng: Random) -> list[Pair]:
    """Workers paired 1:1, the two places with the most free workers first, so that as few as possible stay alone."""
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


def one_way(rounds: Rounds) -> Rounds:
    """The same pairs with no worker that sends and receives at once."""
    return arranged(chain(*rounds))


def side_by_side(groups: Iterable[Rounds]) -> Rounds:
    """The rounds of several groups at the same time: the first ones together, the second ones, and so on."""
    return [list(chain(*parts)) for parts in zip_longest(*groups, fillvalue=())]


def arranged(pairs: Iterable[Pair], *, full_duplex: bool = False) -> Rounds:
    """Each pair in the first round that uses neither of its workers yet (greedy edge colouring).

    In full duplex a worker that sends to one may receive from another one meanwhile.
    """
    rounds: Rounds = []
    busy: dict[object, int] = {}
    for pair in pairs:
        used = tuple(zip(pair, End, strict=True)) if full_duplex else pair
        taken = busy.get(used[0], 0) | busy.get(used[1], 0)
        first = (~taken & (taken + 1)).bit_length() - 1
        for one in used:
            busy[one] = busy.get(one, 0) | 1 << first
        if first == len(rounds):
            rounds.append([])
        rounds[first].append(pair)
    return rounds
