"""Inventories and specs to plan for."""

from __future__ import annotations

from typing import Any

from clearway.base.units import Rate
from clearway.probe.records import Inventory, Node
from clearway.spec.model import Spec

GIGABIT = Rate(1e9)


def cluster(*zones: int, link: Rate | None = GIGABIT) -> Inventory:
    """`cluster(3, 2)` has zones z1 (node-1, node-2, node-3) and z2 (node-4, node-5)."""
    of_nodes = [f"z{zone}" for zone, count in enumerate(zones, start=1) for _ in range(count)]
    return Inventory("lab", tuple(Node(f"node-{i}", zone, link=link) for i, zone in enumerate(of_nodes, start=1)))


def unlabelled(count: int, link: Rate | None = GIGABIT) -> Inventory:
    return Inventory("lab", tuple(Node(f"node-{i}", link=link) for i in range(1, count + 1)))


def spec(*tests: dict[str, Any], **fields: Any) -> Spec:
    """A spec of TCP tests named `tcp` unless they say otherwise."""
    return Spec.model_validate(
        {"version": 1, "tests": [{"name": "tcp", "protocol": "tcp", **t} for t in tests], **fields}
    )
