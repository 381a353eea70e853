"""Which ordered pairs of workers meet, and which of them at once.

Every function returns rounds of (sender, receiver); in a round no worker is used twice, but for incast
and all-to-all, whose point it is.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, chain, permutations, zip_longest
from random import Random

from clearway.base.errors import UsageError
from clearway.plan.zones import Member, Partners
from clearway.probe.records import Pair, Slot
from clearway.spec.model import Test

Rounds = list[list[Pair]]


def rounds_of(test: Test, partners: Partners, seed: int) -> Rounds:
    """The rounds of one test, each of at least one pair.

    Tests of one pairing and scope get the same pairs, so that latency can be read beside throughput.
    Raises UsageError where the test's own wish can't be met.
    """
    return [round_ for round_ in _PAIRINGS[test.pairing](test, partners, Random(seed)) if round_]


def leftovers(test: Test, rounds: Rounds) -> list[Pair]:
    """One-to-one: the pairs of the extra rounds, which meet while fewer others send."""
    if test.pairing != "one-to-one":
        return []
    forward = rounds if test.direction == "forward" else rounds[: len(rounds) // 2]
    return list(chain(*forward[1:]))


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


def one_factorisation(count: int) -> Iterator[list[tuple[int, int]]]:
    """Rounds in which each of `count` players meets each other one exactly once, the lower number first.

    The circle method: one player stands, the others move on; count - 1 rounds, or count if it is odd.
    """
    players: list[int | None] = [*range(count), *([None] if count % 2 else [])]
    half = len(players) // 2
    for _ in range(len(players) - 1):
        meetings = zip(players[:half], reversed(players[half:]), strict=True)
        yield [(min(a, b), max(a, b)) for a, b in meetings if a is not None and b is not None]
        players = [players[0], players[-1], *players[1:-1]]


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


def _one_to_one(test: Test, partners: Partners, rng: Random) -> Rounds:
    together: list[Pair] = []
    extra: list[Pair] = []
    for group in partners.groups:
        matched = matching(group, partners, rng)
        together += matched
        extra += leftover_pairs(group, matched, partners)
    if test.pairs is not None:
        return _directed(test, [together[: test.pairs]])
    return _directed(test, [together, *arranged(extra)])


def _mesh(test: Test, partners: Partners, rng: Random) -> Rounds:
    parity = rng.randrange(2)
    by_group = [_meetings(group, partners, parity) for group in partners.groups]
    return _directed(test, [list(chain(*parts)) for parts in zip_longest(*by_group, fillvalue=())])


def _meetings(group: Sequence[Member], partners: Partners, parity: int) -> Rounds:
    """A group's rounds; who sends alternates, so that each node sends about as often as it receives."""
    rounds = []
    for meetings in one_factorisation(len(group)):
        ordered = [(a, b) if (a + b + parity) % 2 else (b, a) for a, b in meetings]
        rounds.append([pair for a, b in ordered for pair in _lanes(group[a], group[b], partners)])
    return rounds


def _incast(test: Test, partners: Partners, rng: Random) -> Rounds:
    if test.server is not None and test.server not in partners.machines:
        raise UsageError("plan.unknown-node", test=test.name, node=test.server, choices=tuple(partners.machines))
    return [
        _the_first([pair for member in group for pair in _lanes(member, server, partners)], test.pairs)
        for group in partners.groups
        for server in group
        if test.server in (None, server[0].node)
    ]


def _the_first(pairs: list[Pair], count: int | None) -> list[Pair]:
    """So many of them, on as many nodes as can be."""
    return pairs if count is None else sorted(pairs, key=lambda pair: pair[0].index)[:count]


def _all_to_all(test: Test, partners: Partners, rng: Random) -> Rounds:
    return [list(_everything(partners))]


def _sample(test: Test, partners: Partners, rng: Random) -> Rounds:
    """Drawn one by one: listing all pairs of a thousand nodes to take one in a hundred would take seconds."""
    if test.sample is None:
        raise UsageError("plan.sample-missing", test=test.name)
    lanes = max((len(member) for group in partners.groups for member in group), default=0)
    total = sum(partners.ordered_pairs(group) for group in partners.groups) * lanes
    # Rounded first: 0.07 x 100 is a little more than 7, and is not meant to be 8.
    size = math.ceil(round(test.sample.si * total, 6))
    chosen = dict.fromkeys(_cover(partners, rng)[:size])
    groups = [group for group in partners.groups if partners.ordered_pairs(group)]
    weights = list(accumulate(partners.ordered_pairs(group) for group in groups))
    while len(chosen) < size:
        (group,) = rng.choices(groups, cum_weights=weights)
        sender, receiver = rng.choice(group), rng.choice(group)
        if partners.allowed(sender[0], receiver[0]):
            lane = rng.randrange(lanes)
            chosen.setdefault((sender[lane], receiver[lane]))
    return arranged(chosen)


def _cover(partners: Partners, rng: Random) -> list[Pair]:
    """About as few pairs as touch every node, those that touch two new ones first."""
    matched: list[Pair] = []
    alone: list[Pair] = []
    for group in partners.groups:
        pairs = matching([member[:1] for member in group], partners, rng)
        matched += pairs
        alone += leftover_pairs(group, pairs, partners)
    rng.shuffle(matched)
    return matched + alone


def _everything(partners: Partners) -> Iterator[Pair]:
    """Every ordered pair."""
    for group in partners.groups:
        for sender, receiver in permutations(group, 2):
            yield from _lanes(sender, receiver, partners)


def _lanes(sender: Member, receiver: Member, partners: Partners) -> Iterator[Pair]:
    """Worker by worker: the first of one with the first of the other, and so on."""
    if partners.allowed(sender[0], receiver[0]):
        yield from zip(sender, receiver, strict=True)


def _directed(test: Test, rounds: Rounds) -> Rounds:
    if test.direction == "forward":
        return rounds
    return rounds + [[(receiver, sender) for sender, receiver in round_] for round_ in rounds]


_PAIRINGS: Mapping[str, Callable[[Test, Partners, Random], Rounds]] = {
    "one-to-one": _one_to_one,
    "mesh": _mesh,
    "incast": _incast,
    "all-to-all": _all_to_all,
    "sample": _sample,
}
