"""A share of all pairs in whole rings, drawn by the seed: in each, every node sends to one and receives from one.

Under background traffic a ring takes two or three rounds, one direction of a link at a time, as in a mesh.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from random import Random

from clearway.base.errors import UsageError
from clearway.base.units import Ratio
from clearway.pairing.base import (
    Member,
    Pairing,
    PairingRequest,
    Partners,
    Rounds,
    arranged,
    leftover_pairs,
    one_way,
    side_by_side,
)
from clearway.pairing.mesh import both_ways, ring
from clearway.probe.records import Pair

_DRAWS = 8
"""Rings to choose from where pairs would be drawn twice: only small groups need more than a few."""


def _rounds(request: PairingRequest, partners: Partners, rng: Random) -> Rounds:
    if request.sample is None:
        raise UsageError("plan.sample-missing", test=request.name)
    rings = side_by_side([_drawn(group, partners, request.sample, rng) for group in partners.groups])
    return rings if request.background is None else one_way(rings)


def _drawn(group: Sequence[Member], partners: Partners, share: Ratio, rng: Random) -> Rounds:
    """So many rings of the group as its share of the pairs asks for, rounded up to whole ones."""
    most = partners.most_partners(group)
    # Rounded first: 0.07 x 100 is a little more than 7, and is not meant to be 8.
    count = math.ceil(round(share.si * most, 6))
    if count >= most:
        return both_ways(group, partners)
    rings = list(islice(_rings(group, partners, rng), count))
    # Where one zone has more nodes than all others together, rings leave some of its nodes out.
    return rings + arranged(leftover_pairs(group, chain(*rings), partners), full_duplex=True)


def _rings(group: Sequence[Member], partners: Partners, rng: Random) -> Iterator[list[Pair]]:
    """Rings without end, with no pair twice: of a few draws the one with the most new pairs."""
    draws, seen = _draws(group, partners, rng), set[Pair]()
    while True:
        best: list[Pair] = []
        for pairs in islice(draws, _DRAWS):
            new = [pair for pair in pairs if pair not in seen]
            best = max(best, new, key=len)
            if len(new) == len(pairs):
                break
        seen.update(best)
        yield best


def _draws(group: Sequence[Member], partners: Partners, rng: Random) -> Iterator[list[Pair]]:
    """Rings of an order that is drawn, each step once; then of another order.

    The members of a place stand together, so that a step that is longer than the largest place leads to another one.
    """
    while True:
        order = _order(group, partners, rng)
        largest = max(map(len, order))
        members = tuple(chain(*order))
        shortest, longest = sorted((largest, len(members) - largest))
        steps = range(max(shortest, 1), longest + 1)
        for step in rng.sample(steps, len(steps)):
            yield ring(members, step, partners)


def _order(group: Sequence[Member], partners: Partners, rng: Random) -> list[list[Member]]:
    """The members by place, places and members in an order that is drawn."""
    places: dict[str | None, list[Member]] = {}
    for member in rng.sample(group, len(group)):
        places.setdefault(partners.place(member[0]), []).append(member)
    return list(places.values())


SAMPLE = Pairing("sample", _rounds, fields=("isolated", "sample"), needs=("sample",), drawn=True)
