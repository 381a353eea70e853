"""Made-up networks in which all pairs are measured, with faults at places that are known."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations, permutations

from clearway.diagnose.bottlenecks import Bar, Candidate, Levels, bottlenecks
from clearway.diagnose.comparisons import COMPARISONS
from clearway.diagnose.places import Surroundings, distinct_places, roads_through
from clearway.verdict.suspect import Place, PlaceKind

NOISE = 0.05
"""Standard deviation of one measurement, as a share of its mean."""
LEFT = 0.8
"""Share of the usual throughput that a fault leaves."""
AGAIN = 2
"""Measurements that a re-test adds to each pair of a suspect: one in each of two rounds."""
_ONE_IN_300 = 1 / 300

THROUGHPUT = next(one for one in COMPARISONS if one.figure.name == "throughput mean")


@dataclass
class Mesh:
    """All ordered pairs of some nodes in some zones, with faults that noise covers in part."""

    nodes: int
    zones: int
    rng: random.Random
    faults: tuple[Place, ...] = ()
    measured: list[list[float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        names = [f"node-{number}" for number in range(1, self.nodes + 1)]
        zone = {name: f"zone-{index * self.zones // self.nodes}" for index, name in enumerate(names)}
        through = roads_through(list(permutations(names, 2)), Surroundings(zone, {}))
        self.places = {place: through[place] for place in distinct_places(through)}
        self.pairs = self.nodes * (self.nodes - 1)

    def break_some(self, count: int) -> None:
        """Faults that the pairs distinguish: neither hides the other, and no other two explain the same pairs."""
        while True:
            kinds = self.rng.choices(sorted({place.kind for place in self.places}), k=count)
            faults = tuple(self.rng.choice([one for one in self.places if one.kind == kind]) for kind in kinds)
            if not self._are_hidden(faults) and not self._are_ambiguous(faults):
                self.faults = faults
                return

    def _are_hidden(self, faults: Sequence[Place]) -> bool:
        through = [set(self.places[place]) for place in faults]
        return any(2 * len(one & other) > min(len(one), len(other)) for one, other in combinations(through, 2))

    def _are_ambiguous(self, faults: Sequence[Place]) -> bool:
        broken = self._through(faults)
        wide = [
            place for place in self.places if place.kind not in (PlaceKind.LINK, PlaceKind.SENDS, PlaceKind.RECEIVES)
        ]
        others = (pair for pair in combinations(wide, 2) if set(pair) != set(faults))
        return len(faults) > 1 and any(self._through(pair) == broken for pair in others)

    def _through(self, places: Sequence[Place]) -> set[int]:
        return {pair for place in places for pair in self.places[place]}

    def measure(self) -> None:
        """Each pair once."""
        slow = self._through(self.faults)
        self.measured = [[self._value(slow=pair in slow)] for pair in range(self.pairs)]

    def measure_again(self, places: Sequence[Place]) -> None:
        """What re-tests would add."""
        slow = self._through(self.faults)
        for pair in self._through(places):
            self.measured[pair] += [self._value(slow=pair in slow) for _ in range(AGAIN)]

    def _value(self, *, slow: bool) -> float:
        return (LEFT if slow else 1.0) * self.rng.gauss(1, NOISE)

    def suspects(self) -> set[Place]:
        """Those that are worth a re-test: one in 300 innocent links is among them."""
        return self._found(Bar(_ONE_IN_300 * self.pairs, THROUGHPUT.bar.depth, THROUGHPUT.bar.noise))

    def accused(self) -> set[Place]:
        """Those that a report names."""
        return self._found(THROUGHPUT.bar)

    def _found(self, bar: Bar) -> set[Place]:
        rivals = Counter(place.kind for place in self.places)
        candidates = [Candidate(through, rivals[place.kind]) for place, through in self.places.items()]
        levels = Levels([sum(values) / len(values) for values in self.measured], list(map(len, self.measured)))
        return {list(self.places)[one.candidate] for one in bottlenecks(levels, candidates, bar)}


def drawn_mesh(seed: int, largest: int = 64) -> Mesh:
    """8 nodes or more, in one to four zones of at least four nodes, with none to two faults."""
    rng = random.Random(seed)
    nodes = rng.randint(8, largest)
    mesh = Mesh(nodes, min(rng.randint(1, 4), nodes // 4), rng)
    mesh.break_some(rng.randint(0, 2))
    mesh.measure()
    return mesh
