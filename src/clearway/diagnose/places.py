"""The places of a network that a fault may lie at, and which of the measured roads go through each."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from clearway.ledger.record import Record
from clearway.plan.model import zones
from clearway.probe.records import Inventory, Pair
from clearway.verdict.suspect import Place, PlaceKind

Road = tuple[str, str]
"""Names of the node that sends and the node that receives."""
_KINDS = tuple(PlaceKind)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What nodes share."""

    zones: Mapping[str, str | None]
    """By node; None where it is not known."""
    machines: Mapping[str, str]
    """By node; only of machines with several nodes."""

    @classmethod
    def of(cls, inventory: Inventory) -> Surroundings:
        count = Counter(node.on_machine for node in inventory.nodes)
        shared = {node.name: node.on_machine for node in inventory.nodes if count[node.on_machine] > 1}
        return cls(zones(inventory), shared)

    def places_on(self, road: Road) -> Iterator[Place]:
        """All places that a road goes through."""
        sender, receiver = road
        yield Place(PlaceKind.LINK, road)
        yield Place(PlaceKind.SENDS, (sender,))
        yield Place(PlaceKind.RECEIVES, (receiver,))
        if sender in self.machines:
            yield Place(PlaceKind.LEAVES_MACHINE, (self.machines[sender],))
        if receiver in self.machines:
            yield Place(PlaceKind.ENTERS_MACHINE, (self.machines[receiver],))
        here, there = self.zones[sender], self.zones[receiver]
        if here is not None and there is not None and here != there:
            yield Place(PlaceKind.ZONES, (here, there))
            yield Place(PlaceKind.LEAVES_ZONE, (here,))
            yield Place(PlaceKind.ENTERS_ZONE, (there,))


def surroundings_of(record: Record) -> Surroundings:
    """The same for all suspects of a run: see `Record.derived`."""
    return Surroundings.of(record.inventory)


def road_of(pair: Pair) -> Road:
    sender, receiver = pair
    return sender.node, receiver.node


def roads_through(roads: Sequence[Road], surroundings: Surroundings) -> dict[Place, tuple[int, ...]]:
    """Every place with its roads, by index; the kinds of places that few roads go through come first."""
    found: dict[Place, list[int]] = defaultdict(list)
    for index, road in enumerate(roads):
        for place in surroundings.places_on(road):
            found[place].append(index)
    return {place: tuple(found[place]) for place in sorted(found, key=lambda one: _KINDS.index(one.kind))}


def distinct_places(places: Mapping[Place, tuple[int, ...]]) -> dict[Place, tuple[Place, ...]]:
    """Of places with the same roads only the first, with the others that have the same ones."""
    first: dict[tuple[int, ...], Place] = {}
    alike: dict[Place, tuple[Place, ...]] = {}
    for place, through in places.items():
        known = first.setdefault(through, place)
        alike[known] = () if known == place else (*alike[known], place)
    return alike
