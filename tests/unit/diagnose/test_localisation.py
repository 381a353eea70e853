"""The faults of many made-up networks are found and named, and nothing that is innocent is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pytest

from unit.diagnose.meshes import drawn_mesh

FOUND = 0.98
"""Share of the meshes whose faults are all named."""


def results(seeds: Iterable[int], largest: int = 64) -> Counter[str]:
    counted: Counter[str] = Counter()
    for seed in seeds:
        mesh = drawn_mesh(seed, largest)
        mesh.measure_again(sorted(mesh.suspects()))
        named = mesh.accused()
        counted["meshes"] += 1
        counted["faults"] += len(mesh.faults)
        counted["found"] += named >= set(mesh.faults)
        counted["innocent"] += len(named - set(mesh.faults))
    return counted


def test_faults_of_a_fifth_in_small_meshes_are_named_and_nothing_else() -> None:
    counted = results(range(24), largest=10)
    assert counted["faults"] > 15
    assert counted["found"] >= FOUND * counted["meshes"]
    assert counted["innocent"] == 0


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_faults_of_a_fifth_in_meshes_of_8_to_64_nodes_are_named_and_nothing_else() -> None:
    counted = results(range(1000, 1200))
    assert counted["faults"] > 150
    assert counted["found"] >= FOUND * counted["meshes"]
    assert counted["innocent"] == 0
