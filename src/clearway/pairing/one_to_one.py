"""Each node in one pair: all nodes are loaded once, at the least cost. Nodes left over meet in rounds of their own."""

from __future__ import annotations

from itertools import chain
from random import Random

from clearway.pairing.base import (
    Pairing,
    PairingRequest,
    Partners,
    Rounds,
    arranged,
    directed,
    leftover_pairs,
    matching,
)
from clearway.probe.records import Pair


def _rounds(request: PairingRequest, partners: Partners, rng: Random) -> Rounds:
    together: list[Pair] = []
    extra: list[Pair] = []
    for group in partners.groups:
        matched = matching(group, partners, rng)
        together += matched
        extra += leftover_pairs(group, matched, partners)
    if request.pairs is not None:
        return directed(request, [together[: request.pairs]])
    return directed(request, [together, *arranged(extra)])


def _leftovers(request: PairingRequest, rounds: Rounds) -> list[Pair]:
    """The pairs of the extra rounds."""
    forward = rounds if request.direction == "forward" else rounds[: len(rounds) // 2]
    return list(chain(*forward[1:]))


ONE_TO_ONE = Pairing("one-to-one", _rounds, fields=("direction", "isolated", "pairs"), leftovers=_leftovers, drawn=True)
