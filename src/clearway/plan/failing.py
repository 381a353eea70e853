"""Which nodes are broken on purpose, and during which tests.

They are drawn before the first is broken, so that the number of judged pairs comes from the plan.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from clearway.base.errors import UsageError
from clearway.probe.records import Inventory, Node
from clearway.spec.model import Spec

CONTROL_PLANE = "control-plane"
"""Key in the facts of a node of the control plane."""


@dataclass(frozen=True, slots=True)
class Wave:
    """Nodes that are broken together, and the tests that are judged meanwhile."""

    nodes: tuple[str, ...]
    tests: tuple[str, ...]


def breakable(nodes: Sequence[Node], exclude: Sequence[str] = ()) -> tuple[str, ...]:
    """Names of the nodes that may be broken at all, sorted."""
    return tuple(sorted(node.name for node in nodes if CONTROL_PLANE not in node.facts and node.name not in exclude))


def drawn(nodes: Sequence[str], seed: int, size: Callable[[int], int]) -> Iterator[tuple[str, ...]]:
    """Nodes wave by wave, none of them twice, until none is left; `size` has a wave's by how many are left."""
    left = random.Random(seed).sample(sorted(nodes), len(nodes))
    while left and (count := min(size(len(left)), len(left))) > 0:
        wave, left = left[:count], left[count:]
        yield tuple(sorted(wave))


def waves(spec: Spec, inventory: Inventory) -> tuple[Wave, ...]:
    """One wave for tests `when: failing` that stand together.

    Raises UsageError if the share is less than a node, or there are too few nodes.
    """
    if spec.chaos is None:
        return ()
    wanted = [
        tuple(test.name for test in tests)
        for when, tests in groupby(spec.tests, lambda test: test.when)
        if when == "failing"
    ]
    if not wanted:
        return ()
    if (size := int(spec.chaos.nodes.si * len(inventory.nodes) + 1e-9)) == 0:
        raise UsageError("plan.share-below-a-node", share=spec.chaos.nodes, nodes=len(inventory.nodes))
    found = list(drawn(breakable(inventory.nodes, spec.chaos.exclude), spec.seed, lambda _: size))
    full = [wave for wave in found if len(wave) == size]
    if len(full) < len(wanted):
        raise UsageError("plan.too-few-to-break", needed=size * len(wanted), found=sum(map(len, found)))
    return tuple(Wave(nodes, tests) for nodes, tests in zip(full, wanted, strict=False))


def broken_during(spec: Spec, inventory: Inventory) -> Mapping[str, tuple[str, ...]]:
    """The nodes that are broken during each test `when: failing`."""
    return {test: wave.nodes for wave in waves(spec, inventory) for test in wave.tests}
