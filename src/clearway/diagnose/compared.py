"""The pairs of one test, compared by one figure: which places explain that some are worse than the rest."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median

from clearway.base.units import Quantity, Ratio
from clearway.diagnose.bottlenecks import Bottleneck, Candidate, Levels, bottlenecks
from clearway.diagnose.comparisons import Comparison
from clearway.diagnose.places import Road, Surroundings, distinct_places, roads_through
from clearway.verdict.suspect import Place, PlaceKind, PlaceSign


@dataclass(frozen=True, slots=True)
class ComparedPair:
    road: Road
    value: Quantity
    measurements: int
    usual: float = 1.0
    """What the value is seen as a share of, in SI units."""


@dataclass(frozen=True, slots=True)
class FoundPlace:
    """A place at fault, as one figure of one test shows it."""

    place: Place
    strength: float
    """What it explains, as a multiple of what noise may explain."""
    sign: PlaceSign
    sound: tuple[Place, ...]
    """Places next to it whose other pairs are like the rest."""
    alike: tuple[Place, ...]
    """Places with the same pairs."""


@dataclass(frozen=True)
class Compared:
    test: str
    comparison: Comparison
    pairs: Sequence[ComparedPair]
    surroundings: Surroundings

    @property
    def shown(self) -> Iterator[FoundPlace]:
        """The places that explain which pairs are worse, the strongest first."""
        named = list(self._alike)
        rivals = Counter(place.kind for place in named)
        candidates = [Candidate(self._through[place], rivals[place.kind]) for place in named]
        seen = Levels(self._levels, [pair.measurements for pair in self.pairs])
        found = bottlenecks(seen, candidates, self.comparison.bar)
        accused = [named[one.candidate] for one in found]
        touched = {index for place in accused for index in self._through[place]}
        rest = [index for index in range(len(self.pairs)) if index not in touched]
        for place, bottleneck in zip(accused, found, strict=True):
            sound = tuple(near for near in _next_to(place) if self._is_sound(near, rest))
            yield FoundPlace(place, bottleneck.strength, self._sign(place, bottleneck, rest), sound, self._alike[place])

    def _sign(self, place: Place, bottleneck: Bottleneck, rest: Sequence[int]) -> PlaceSign:
        through = self._through[place]
        return PlaceSign(
            test=self.test,
            metric=self.comparison.figure.metric.name,
            statistic=self.comparison.figure.statistic,
            value=self._median(through),
            elsewhere=self._median(rest),
            pairs=len(through),
            others=len(rest),
            measurements=sum(self.pairs[index].measurements for index in through),
            chance=Ratio(bottleneck.chance),
        )

    def _is_sound(self, place: Place, rest: Sequence[int]) -> bool:
        """Whether its pairs that go through no suspect are nearer to the rest than to a place at fault."""
        own = [self._levels[index] for index in set(self._through.get(place, ())).intersection(rest)]
        usual = median(self._levels[index] for index in rest)
        return bool(own) and median(own) > usual - self.comparison.bar.depth / 2

    def _median(self, indices: Sequence[int]) -> Quantity:
        """Of an even number the lower of the two in the middle, which a pair showed."""
        values = sorted((self.pairs[index].value for index in indices), key=lambda value: value.si)
        return values[(len(values) - 1) // 2]

    @cached_property
    def _through(self) -> Mapping[Place, tuple[int, ...]]:
        return roads_through([pair.road for pair in self.pairs], self.surroundings)

    @cached_property
    def _alike(self) -> Mapping[Place, tuple[Place, ...]]:
        return distinct_places(self._through)

    @cached_property
    def _levels(self) -> Sequence[float]:
        levels = [self.comparison.level(pair.value.si, pair.usual) for pair in self.pairs]
        if not self.comparison.contrast.by_distance:
            return levels
        zones = self.surroundings.zones
        return _without_distance(levels, [tuple(zones[node] for node in pair.road) for pair in self.pairs])


def _without_distance(levels: Sequence[float], zones: Sequence[tuple[str | None, ...]]) -> Sequence[float]:
    """As differences to the median of the same two zones."""
    blocks: dict[tuple[str | None, ...], list[float]] = defaultdict(list)
    for level, block in zip(levels, zones, strict=True):
        blocks[block].append(level)
    usual = {block: median(found) for block, found in blocks.items()}
    return [level - usual[block] for level, block in zip(levels, zones, strict=True)]


def _next_to(place: Place) -> Iterable[Place]:
    """The places that a reader may suspect instead."""
    if place.kind is not PlaceKind.LINK:
        return (place.way_back,)
    sender, receiver = place.names
    return Place(PlaceKind.SENDS, (sender,)), Place(PlaceKind.RECEIVES, (receiver,)), place.way_back
