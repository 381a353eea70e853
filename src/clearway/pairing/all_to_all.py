"""Every ordered pair at once: the one round in which all workers send to all others."""

from __future__ import annotations

from itertools import permutations
from random import Random

from clearway.pairing.base import Pairing, PairingRequest, Partners, Rounds, lanes


def _rounds(request: PairingRequest, partners: Partners, rng: Random) -> Rounds:
    ordered = (ends for group in partners.groups for ends in permutations(group, 2))
    return [[pair for sender, receiver in ordered for pair in lanes(sender, receiver, partners)]]


ALL_TO_ALL = Pairing("all-to-all", _rounds, fields=(), at_once="condition.all-at-once")
