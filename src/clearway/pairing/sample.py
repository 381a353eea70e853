"""A share of all pairs, drawn by the seed, that touches every node if it is large enough."""

from __future__ import annotations

import math
from itertools import accumulate
from random import Random

from clearway.base.errors import UsageError
from clearway.pairing.base import Pairing, PairingRequest, Partners, Rounds, arranged, leftover_pairs, matching
from clearway.probe.records import Pair


def _rounds(request: PairingRequest, partners: Partners, rng: Random) -> Rounds:
    """Drawn one by one: listing all pairs of a thousand nodes to take one in a hundred would take seconds."""
    if request.sample is None:
        raise UsageError("plan.sample-missing", test=request.name)
    lanes = max((len(member) for group in partners.groups for member in group), default=0)
    total = sum(partners.ordered_pairs(group) for group in partners.groups) * lanes
    # Rounded first: 0.07 x 100 is a little more than 7, and is not meant to be 8.
    size = math.ceil(round(request.sample.si * total, 6))
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


SAMPLE = Pairing("sample", _rounds, fields=("isolated", "sample"), needs=("sample",), drawn=True)
