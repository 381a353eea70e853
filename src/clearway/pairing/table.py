"""The pairings, by the name that a spec gives them."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from clearway.pairing.all_to_all import ALL_TO_ALL
from clearway.pairing.base import Pairing, PairingRequest, Partners, Rounds
from clearway.pairing.incast import INCAST
from clearway.pairing.mesh import MESH
from clearway.pairing.one_to_one import ONE_TO_ONE
from clearway.pairing.sample import SAMPLE

PAIRINGS: Mapping[str, Pairing] = {pairing.name: pairing for pairing in (ONE_TO_ONE, MESH, INCAST, ALL_TO_ALL, SAMPLE)}
DEFAULT_PAIRING = ONE_TO_ONE


def rounds_of(pairing: str, request: PairingRequest, partners: Partners, seed: int) -> Rounds:
    """The rounds of one test, each of at least one pair.

    Tests of one pairing and scope get the same pairs, so that latency can be read beside throughput.
    Raises UsageError where the test asks for what these partners can't give.
    """
    return [round_ for round_ in PAIRINGS[pairing].rounds(request, partners, Random(seed)) if round_]
