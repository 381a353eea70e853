"""Which few places explain why some pairs are worse than the rest: a robust model of bottlenecks.

Each pair has a level; more is better. Without a fault all levels scatter around one usual level. A place (a node's
sending, a link, ...) that is at fault lowers all pairs through it by its depth. Of several such places on the way of
a pair only the deepest counts: bottlenecks do not add.

Places are added one by one, the one that explains most first, and left out again where later ones explain their pairs
better. What a place has to explain rises with the number of places of its kind: one of many looks bad by chance.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import median

from clearway.diagnose.usual_level import LEAST_USUAL, spread, usual_level
from clearway.verdict.quantiles import student_quantile, student_tail

_FEWEST = 6
"""Pairs below which no noise is known."""
_STEPS = 30
"""Rounds of adding and leaving out: far more than there are places in an answer that helps a reader."""
_STARTS = (0.5, 0.85)
"""Ranks from which the usual level is searched: two slow zone pairs are more than half of a small network."""
_LIKELY = 0.4
"""The highest chance that a bar may mean: a tail ends at a half."""
_PRICE = 10.0
"""Of a place, beside that of its being one of many: its odds against none are 1 to 150 before anything is seen."""
_SOUND_SHARE = 0.2
"""Of a place's pairs, above which narrower places may explain it better: by noise alone fewer look sound."""
_OUTLIER = 5.0
"""Noises from which on a misfit rises linearly, so that one dead pair does not decide on a place of many pairs."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place that may be at fault."""

    pairs: tuple[int, ...]
    """By their index."""
    rivals: int
    """Places of its kind."""


@dataclass(frozen=True, slots=True)
class Levels:
    """What the pairs show."""

    levels: Sequence[float]
    measurements: Sequence[int]
    """Behind each level, which is their mean."""


@dataclass(frozen=True, slots=True)
class Bar:
    """What a place has to show, to be called at fault."""

    innocents: float
    """How many places of a kind noise alone may bring over it, in the mean of many runs."""
    depth: float
    """The least depth that is worth a word."""
    noise: float
    """The least noise that is assumed of one measurement: what is alike by chance is no finer measure."""

    def chance(self, candidate: Candidate) -> float:
        """That noise brings this one over it."""
        return min(_LIKELY, self.innocents / candidate.rivals)


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """A place at fault."""

    candidate: int
    depth: float
    """By how much its pairs lie below the usual level."""
    strength: float
    """What it explains, as a multiple of what it had to."""
    chance: float
    """At most so many places of its kind look so bad by noise alone, in the mean of many runs."""


def bottlenecks(seen: Levels, candidates: Sequence[Candidate], bar: Bar) -> tuple[Bottleneck, ...]:
    """The places at fault, the strongest first; none where they would touch most pairs."""
    if len(seen.levels) < _FEWEST:
        return ()
    ordered = sorted(seen.levels)
    starts = {ordered[int(rank * (len(ordered) - 1))] for rank in _STARTS}
    problem = _Search(seen, candidates, bar)
    answers = [answer for start in sorted(starts) if (answer := _searched(problem, start)).touched <= problem.most]
    if not answers:
        return ()
    best = min(answers, key=lambda answer: answer.misfit)
    return min((best, *_finer(best)), key=lambda answer: answer.misfit).places


@dataclass(frozen=True, slots=True)
class _Search:
    seen: Levels
    candidates: Sequence[Candidate]
    bar: Bar
    barred: int | None = None
    """A candidate that is no answer this time."""

    @property
    def most(self) -> float:
        return (1 - LEAST_USUAL) * len(self.seen.levels)


@dataclass(frozen=True)
class _Answer:
    """Some places with their depths, and what is usual beside them."""

    problem: _Search
    depths: Mapping[int, float]
    """By candidate."""
    start: float
    """About the usual level."""
    proving: bool = False
    """Whether all that the places leave unexplained counts as noise: they have to stand above that too."""

    @cached_property
    def cover(self) -> Sequence[float]:
        """By how much each pair is lowered; 0: by no place."""
        return self._cover_without(None)

    @cached_property
    def touched(self) -> int:
        return sum(depth > 0 for depth in self.cover)

    @cached_property
    def usual(self) -> tuple[float, float]:
        """Level of the pairs that no place touches, and the noise of one measurement."""
        seen, bar = self.problem.seen, self.problem.bar
        free = [level for level, depth in zip(seen.levels, self.cover, strict=True) if not depth]
        counts = [count for count, depth in zip(seen.measurements, self.cover, strict=True) if not depth]
        usual, noise = usual_level(free, counts, self.start, bar.noise)
        return usual, max(noise, spread(free, counts, usual)) if self.proving else noise

    @cached_property
    def shortfalls(self) -> Sequence[float]:
        """How far each pair lies below the usual level."""
        usual, _ = self.usual
        return [usual - level for level in self.problem.seen.levels]

    @cached_property
    def scales(self) -> Sequence[float]:
        """One over the noise of each level."""
        _, noise = self.usual
        return [math.sqrt(count) / noise for count in self.problem.seen.measurements]

    @property
    def misfit(self) -> float:
        """Minus twice the logarithm of the likelihood, and a price for each place: many places explain anything."""
        pairs = zip(self.shortfalls, self.cover, self.scales, strict=True)
        left = math.fsum(_loss((shortfall - depth) * scale) for shortfall, depth, scale in pairs)
        prices = math.fsum(_PRICE + 2 * math.log(self.problem.candidates[index].rivals) for index in self.depths)
        return left + 2 * len(self.shortfalls) * math.log(self.usual[1]) + prices

    @property
    def places(self) -> tuple[Bottleneck, ...]:
        named = [self._named(index, depth) for index, depth in self.depths.items()]
        return tuple(sorted(named, key=lambda one: (-one.strength, one.candidate)))

    def _named(self, index: int, depth: float) -> Bottleneck:
        candidate, strength = self.problem.candidates[index], self._strength(index)
        noises = math.sqrt(strength * self.needed(candidate))
        return Bottleneck(index, depth, strength, candidate.rivals * student_tail(noises, self.freedom))

    def needed(self, candidate: Candidate) -> float:
        """What noise makes such a place explain only with the chance that is allowed."""
        return student_quantile(self.problem.bar.chance(candidate), self.freedom) ** 2

    @cached_property
    def freedom(self) -> int:
        """Of the noise."""
        return max(1, len(self.cover) - self.touched - 1)

    def deepest(self) -> tuple[int, float] | None:
        """The place to add, with its depth: the one that explains most beyond what it has to."""
        best, most = None, 0.0
        for index, candidate in enumerate(self.problem.candidates):
            if index in self.depths or index == self.problem.barred:
                continue
            if (depth := self._depth(candidate, self.cover)) < self.problem.bar.depth:
                continue
            beyond = self._gain(candidate, depth, self.cover) - self.needed(candidate)
            if beyond > most:
                best, most = (index, depth), beyond
        return best

    def _weakest(self) -> int | None:
        strengths = {index: self._strength(index) for index in self.depths}
        weak = min(strengths, key=lambda index: strengths[index], default=None)
        return weak if weak is not None and strengths[weak] < 1 else None

    def fitted(self, depths: Mapping[int, float]) -> _Answer:
        """With these places instead, each with the depth that its own pairs show."""
        rough = replace(self, depths=depths, start=self.usual[0])
        own = {index: rough.own_depth(index) for index in depths}
        return replace(rough, depths={index: depth for index, depth in own.items() if depth > 0})

    def without_weak(self) -> _Answer:
        """Without the places whose pairs the others explain as well, or noise does."""
        weak = self._weakest()
        if weak is None:
            return self
        return self.fitted({index: depth for index, depth in self.depths.items() if index != weak}).without_weak()

    def is_partly_sound(self, index: int) -> bool:
        """Whether many pairs of a place at fault are nearer to the usual level than to its own."""
        pairs, depth = self.problem.candidates[index].pairs, self.depths[index]
        return sum(self.shortfalls[pair] < depth / 2 for pair in pairs) > _SOUND_SHARE * len(pairs)

    def own_depth(self, index: int) -> float:
        return self._depth(self.problem.candidates[index], self._cover_without(index))

    def _strength(self, index: int) -> float:
        candidate = self.problem.candidates[index]
        gain = self._gain(candidate, self.depths[index], self._cover_without(index))
        return gain / self.needed(candidate) if self.depths[index] >= self.problem.bar.depth else 0.0

    def _depth(self, candidate: Candidate, cover: Sequence[float]) -> float:
        """By the pairs that no other place touches, if there are any."""
        free = [self.shortfalls[pair] for pair in candidate.pairs if not cover[pair]]
        return median(free or [self.shortfalls[pair] for pair in candidate.pairs])

    def _gain(self, candidate: Candidate, depth: float, cover: Sequence[float]) -> float:
        """By how much a place lowers the misfit of its pairs."""
        gain = 0.0
        for pair in candidate.pairs:
            if depth > (before := cover[pair]):
                shortfall, scale = self.shortfalls[pair], self.scales[pair]
                gain += _loss((shortfall - before) * scale) - _loss((shortfall - depth) * scale)
        return gain

    def _cover_without(self, left_out: int | None) -> Sequence[float]:
        cover = [0.0] * len(self.problem.seen.levels)
        for index, depth in self.depths.items():
            if index != left_out:
                for pair in self.problem.candidates[index].pairs:
                    cover[pair] = max(cover[pair], depth)
        return cover


def _finer(answer: _Answer) -> Iterator[_Answer]:
    """Several places instead of one: a wide one is added first also where two narrow ones are at fault."""
    problem = answer.problem
    for index in filter(answer.is_partly_sound, answer.depths):
        finer = _searched(replace(problem, barred=index), answer.start)
        if len(finer.depths) > len(answer.depths) and finer.touched <= problem.most:
            yield finer


def _searched(problem: _Search, start: float) -> _Answer:
    """The answer that adding one by one leads to."""
    answer = _Answer(problem, {}, start)
    for _ in range(_STEPS):
        if (added := answer.deepest()) is None or answer.touched > problem.most:
            break
        answer = answer.fitted({**answer.depths, added[0]: added[1]}).without_weak()
    return replace(answer, proving=True).without_weak()


def _loss(noises: float) -> float:
    """Square of a misfit in noises, linear beyond _OUTLIER (Huber's)."""
    size = abs(noises)
    return size * size if size <= _OUTLIER else _OUTLIER * (2 * size - _OUTLIER)
