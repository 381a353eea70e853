"""Which nodes fail when: drawn in advance, from a seed. Pure."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from clearway.base.units import Duration, Ratio
from clearway.plan.failing import breakable, drawn
from clearway.probe.records import Node


@dataclass(frozen=True)
class ChaosRequest:
    """ClusterLoader2's `nodeFailure`, in its terms."""

    failure_rate: Ratio
    """Share of the nodes not yet broken that fail together, rounded up."""
    interval: Duration
    """Before the first failure, and from the end of one to the next."""
    jitter: float
    """An interval is drawn from itself up to itself times (1 + jitter)."""
    downtime: Duration
    """From when a failure is seen until the node is restored."""
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True)
class TimedWave:
    """Nodes that fail together, `pause` after the last ones were restored."""

    pause: Duration
    nodes: tuple[str, ...]


def schedule(request: ChaosRequest, nodes: Sequence[Node], seed: int) -> tuple[TimedWave, ...]:
    """Every node that may be broken, once; the same seed and nodes give the same schedule."""
    chance = random.Random(seed)

    def size(left: int) -> int:
        return math.ceil(request.failure_rate.si * left)

    return tuple(
        TimedWave(request.interval * (1 + request.jitter * chance.random()), wave)
        for wave in drawn(breakable(nodes, request.exclude), seed, size)
    )
