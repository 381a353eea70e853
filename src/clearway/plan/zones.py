"""Who may measure against whom in one test: by machine, by zone, by node."""

from __future__ import annotations

from clearway.pairing.base import Member, PairScope, Partners
from clearway.probe.records import Finding, Inventory, Node, Severity, Slot
from clearway.spec.model import Test

_THE_ONLY_ZONE = ""


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
