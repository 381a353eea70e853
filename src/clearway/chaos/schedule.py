"""Which nodes fail when: drawn beforehand, from a seed. Pure."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from clearway.base.units import Duration, Ratio
from clearway.plan.failing import breakable, drawn
from clearway.probe.records import Node


@dataclass(frozen=True)
class Wish:
    """ClusterLoader2's `nodeFailure`, in its terms."""

    failure_rate: Ratio
    """Share of the nodes still whole that fail together, rounded up."""
    interval: Duration
    """Before the first failure, and from the end of one to the next."""
    jitter: float
    """An interval is drawn from itself up to itself times (1 + jitter)."""
    downtime: Duration
    """From when a failure is seen until the node is put back."""
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True)
class Wave:
    """Nodes that fail together, after a pause since the last ones were put back."""

    pause: Duration
    nodes: tuple[str, ...]


def schedule(wish: Wish, nodes: Sequence[Node], seed: int) -> tuple[Wave, ...]:
    """Every node that may be broken, once; the same seed and nodes give the same."""
    chance = random.Random(seed)

    def size(left: int) -> int:
        return math.ceil(wish.failure_rate.si * left)

    return tuple(
        Wave(wish.interval * (1 + wish.jitter * chance.random()), wave)
        for wave in drawn(breakable(nodes, wish.exclude), seed, size)
    )
