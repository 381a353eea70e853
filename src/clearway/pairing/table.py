"""The pairings, by the name that a spec gives them."""

from __future__ import annotations

from collections.abc import Mapping

from clearway.pairing.all_to_all import ALL_TO_ALL
from clearway.pairing.base import Pairing
from clearway.pairing.incast import INCAST
from clearway.pairing.mesh import MESH
from clearway.pairing.one_to_one import ONE_TO_ONE
from clearway.pairing.sample import SAMPLE

PAIRINGS: Mapping[str, Pairing] = {pairing.name: pairing for pairing in (ONE_TO_ONE, MESH, INCAST, ALL_TO_ALL, SAMPLE)}
DEFAULT_PAIRING = ONE_TO_ONE
