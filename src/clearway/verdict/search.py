"""The search for the highest UDP rate of a pair that loses no more than a limit.

Rates are steps down from the highest one that is tried. A step is judged as a criterion on loss is: its repeats are
pooled, and it holds if the whole interval does. Bisection finds the highest step that holds, because a road that drops
at one rate drops more at a higher one. What stays undecided after all repeats is taken as not holding, so a rate that
is found was shown.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from clearway.base.quantity_text import exact_text
from clearway.base.units import Rate
from clearway.probe.metrics import LOSS
from clearway.probe.parameters import UdpParameters
from clearway.probe.records import Pair, Probe, Role, Trial
from clearway.spec.criteria import EVERY, Criterion, Over, Relation
from clearway.spec.model import Search, Test
from clearway.verdict.evidence import pooled, read
from clearway.verdict.interval import Bracket, Share
from clearway.verdict.looks import Looks
from clearway.verdict.model import PairState
from clearway.verdict.trials import TrialIndex


@dataclass(frozen=True, slots=True)
class RateSteps:
    """The rates of a search: step 0 is the highest one, the last is above 0."""

    highest: Rate
    search: Search

    @property
    def steps(self) -> int:
        return math.ceil(1 / self.search.step.si - _ROUNDING)

    @property
    def looked_at(self) -> int:
        """Steps that a bisection tries at most, the highest included."""
        return 1 + math.ceil(math.log2(self.steps))

    def rate(self, step: int) -> Rate:
        """In whole bit/s. Nothing at all below the last step: no datagram, no loss."""
        return Rate(float(round(self.highest.si * max(0.0, 1 - step * self.search.step.si))))

    def step_of(self, rate: Rate) -> int:
        return round((1 - rate.over(self.highest)) / self.search.step.si)


_ROUNDING = 1e-9


@dataclass(frozen=True)
class RateSearch:
    """How far the search of one pair got."""

    index: TrialIndex
    test: Test
    search: Search
    probe: Probe
    """As it was planned: at the highest rate."""

    @cached_property
    def rates(self) -> RateSteps:
        assert isinstance(self.probe.parameters, UdpParameters)
        return RateSteps(self.probe.parameters.rate, self.search)

    @cached_property
    def standings(self) -> Mapping[int, PairState]:
        """Of every step that has an attempt, also a void one."""
        return {step: self._standing(trials) for step, trials in self._tried.items()}

    @property
    def bracket(self) -> Bracket | None:
        """The highest rate that holds, and above it the lowest one that is shown not to; None: nothing is known."""
        if all(standing is PairState.UNDECIDED for standing in self.standings.values()):
            return None
        holds = self.rates.rate(self._holds).si
        broken = [step for step, standing in self.standings.items() if standing is PairState.BREAKS]
        top = math.nextafter(self.rates.rate(max(broken)).si, 0) if broken else self.rates.highest.si
        return Bracket(holds, max(holds, top))

    @property
    def repeats(self) -> int:
        """Attempts that count, over all steps."""
        return sum(map(self.index.counts, (trial for trials in self._tried.values() for trial in trials)))

    @property
    def next_probe(self) -> Probe | None:
        """What to measure next; None: the highest step that holds is known, or the budget is spent."""
        step = self._next_step
        if step is None:
            return None
        made = {trial.probe.repeat for trial in self._tried.get(step, ())}
        rate = self.rates.rate(step)
        assert isinstance(self.probe.parameters, UdpParameters)
        parameters, repeat = replace(self.probe.parameters, rate=rate), len(made)
        place = self.probe.id.rpartition("@")[0]
        name = f"{place}@{step}#{repeat}"
        return replace(self.probe, id=name, parameters=parameters, repeat=repeat, step=exact_text(rate))

    @property
    def _next_step(self) -> int | None:
        """An undecided step again, else the one in the middle of those that may be the highest to hold."""
        again = [step for step, standing in self.standings.items() if standing is PairState.UNDECIDED]
        if again and not self._is_spent(again[-1]):
            return again[-1]
        lowest_bad = max((step for step in self.standings if step < self._holds), default=-1)
        if self._holds - lowest_bad <= 1:
            return None
        return 0 if lowest_bad < 0 else (lowest_bad + self._holds) // 2

    @property
    def _holds(self) -> int:
        """The highest step that holds: of the numbers, the least."""
        held = (step for step, standing in self.standings.items() if standing is PairState.HOLDS)
        return min(held, default=self.rates.steps)

    def _is_spent(self, step: int) -> bool:
        return len({trial.probe.repeat for trial in self._tried[step]}) >= self.test.repeats.max

    @cached_property
    def _tried(self) -> Mapping[int, Sequence[Trial]]:
        """Attempts by step, in order of their first one."""
        found: dict[int, list[Trial]] = defaultdict(list)
        for trial in self.index.attempts.get((self.test.name, self.probe.pair), ()):
            if isinstance(trial.probe.parameters, UdpParameters):
                found[self.rates.step_of(trial.probe.parameters.rate)].append(trial)
        return found

    def _standing(self, trials: Sequence[Trial]) -> PairState:
        """By the loss of all repeats together. What the road did to a sender is no rate that holds either."""
        road = self.index.evidence(trials)
        if road.breaking or road.against:
            return PairState.BREAKS
        limit = self.search.loss
        criterion = Criterion(LOSS, "total", Relation.AT_MOST, limit, Over.PAIRS, EVERY, "")
        readings, unusable = read(criterion, list(filter(self.index.counts, trials)))
        if not readings or unusable:
            return PairState.UNDECIDED
        tails = Looks(self.test.repeats, self.rates.looked_at, 1.0).tails(len(readings), noise_is_learned=False)
        loss = pooled(criterion, limit, readings)
        assert isinstance(loss, Share), "a share with a limit above 0"
        interval = loss.interval(tails.breaks, tails.breaks)
        met = [criterion.is_met(end, limit.si) for end in (interval.low, interval.high)]
        return PairState.HOLDS if all(met) else PairState.UNDECIDED if any(met) else PairState.BREAKS


def search_of(index: TrialIndex, test: Test, pair: Pair) -> RateSearch | None:
    """The search of one pair; None of a test without one, and of a pair that is not judged."""
    if test.search is None:
        return None
    planned = (probe for round_ in index.record.plan if round_.test == test.name for probe in round_.probes)
    probe = next((one for one in planned if one.pair == pair and one.role is Role.JUDGED), None)
    return None if probe is None else RateSearch(index, test, test.search, probe)
