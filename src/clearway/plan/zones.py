"""Who may measure against whom in one test: by machine, by zone, by node."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clearway.probe.records import Finding, Inventory, Node, Severity, Slot
from clearway.spec.model import PairScope, Test

Member = tuple[Slot, ...]
"""What is paired as one: the workers of a node or, inside a node, a single worker."""

_THE_ONLY_ZONE = ""


@dataclass(frozen=True, slots=True)
class Partners:
    """The candidates of one test."""

    scope: PairScope
    groups: tuple[tuple[Member, ...], ...]
    """Partners come from the same group."""
    machines: Mapping[str, str]
    zones: Mapping[str, str | None]

    def place(self, slot: Slot) -> str | None:
        """Where both ends of a pair must not be at once."""
        if self.scope == "same-node":
            return str(slot)
        return self.zones[slot.node] if self.scope == "cross-zone" else self.machines[slot.node]

    def allowed(self, one: Slot, other: Slot) -> bool:
        apart = self.scope == "same-node" or self.machines[one.node] != self.machines[other.node]
        return apart and self.place(one) != self.place(other)

    def ordered_pairs(self, group: Sequence[Member]) -> int:
        """How many ordered pairs of a group are allowed, counted without listing them."""
        machines = Counter(str(m[0]) if self.scope == "same-node" else self.machines[m[0].node] for m in group)
        places = Counter(self.place(m[0]) for m in group)
        both = Counter((self.place(m[0]), self.machines[m[0].node]) for m in group)
        on_one_machine, in_one_place, in_both = (sum(n * n for n in c.values()) for c in (machines, places, both))
        return len(group) ** 2 - on_one_machine - in_one_place + in_both

    def cross(self, one: Slot, other: Slot) -> bool:
        """Whether the two are not known to be in the same zone."""
        zone = self.zones[one.node]
        return zone is None or zone != self.zones[other.node]


def partners(test: Test, inventory: Inventory, workers_per_node: int) -> Partners:
    """A node of unknown zone is no candidate where the zone matters."""
    return Partners(
        scope=test.scope,
        groups=_groups(test.scope, inventory, workers_per_node),
        machines={node.name: node.on_machine for node in inventory.nodes},
        zones=zones(inventory),
    )


def zones(inventory: Inventory) -> dict[str, str | None]:
    """Node name -> zone. Without any label all nodes are one zone; None is unknown beside known ones."""
    labelled = any(node.zone for node in inventory.nodes)
    return {node.name: (node.zone or None) if labelled else _THE_ONLY_ZONE for node in inventory.nodes}


def zone_findings(inventory: Inventory) -> tuple[Finding, ...]:
    """What the zone labels leave open."""
    unlabelled = tuple(node.name for node in inventory.nodes if not node.zone)
    if len(unlabelled) == len(inventory.nodes):
        return (Finding("plan.one-zone", Severity.INFO, values={"nodes": len(unlabelled)}),)
    return tuple(Finding("plan.zone-unknown", Severity.WARNING, name) for name in unlabelled)


def _groups(scope: PairScope, inventory: Inventory, workers: int) -> tuple[tuple[Member, ...], ...]:
    if scope == "same-node":
        return tuple(tuple((slot,) for slot in _slots(node, workers)) for node in inventory.nodes)
    if scope == "any":
        return (tuple(_slots(node, workers) for node in inventory.nodes),)
    known, by_zone = zones(inventory), dict[str, list[Member]]()
    for node in inventory.nodes:
        if (zone := known[node.name]) is not None:
            by_zone.setdefault(zone, []).append(_slots(node, workers))
    if scope == "same-zone":
        return tuple(tuple(members) for members in by_zone.values())
    return (tuple(member for members in by_zone.values() for member in members),)


def _slots(node: Node, workers: int) -> Member:
    return tuple(Slot(node.name, index) for index in range(workers))
