"""What each rung of a ladder costs beside the one before, from paired differences: the rungs were measured in turns.

A difference is that of one repeat, over all its pairs: pairs that are measured at once share their disturbances, so
they count as one.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median

from clearway.base.units import Quantity, Ratio
from clearway.diagnose.figures import Figure
from clearway.diagnose.signed_rank import Estimate, middle
from clearway.ledger.record import Record
from clearway.probe.metrics import METRICS, Better
from clearway.spec.ladder import ladder_of, side_by_side
from clearway.spec.model import Test
from clearway.verdict.evidence import value_of_all
from clearway.verdict.trials import TrialIndex

_Turn = tuple[str, str, int]
"""Sending node, receiving node, repeat."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Positive is worse than the rung before."""

    share: Ratio
    share_low: Ratio
    share_high: Ratio
    amount: Quantity
    amount_low: Quantity
    amount_high: Quantity
    repeats: int
    """Differences behind it."""


@dataclass(frozen=True, slots=True)
class Rung:
    path: str
    value: Quantity | None
    """Median of its repeats; None: nothing was measured."""
    cost: Cost | None = None
    """None for the first, and where too few repeats have both."""


@dataclass(frozen=True, slots=True)
class Ladder:
    name: str
    figure: Figure
    rungs: tuple[Rung, ...]


def ladders(record: Record) -> tuple[Ladder, ...]:
    """All of a run, in its order."""
    groups = (tests for tests in side_by_side(record.spec.tests) if tests[0].ladder is not None)
    return tuple(_ladder(record, tests, figure) for tests in groups for figure in _compared(tests[0]))


def _compared(test: Test) -> Iterator[Figure]:
    """What a test is for first, then how long connections took. Of delays the median: few late ones don't move it."""
    carried = (metric for metric in METRICS.values() if test.protocol in metric.protocols)
    for metric in sorted(carried, key=lambda metric: test.protocol not in metric.baseline):
        if metric.laddered is not None:
            yield Figure(metric, metric.laddered)


def _ladder(record: Record, tests: Sequence[Test], figure: Figure) -> Ladder:
    values = _values(record, {test.name for test in tests}, figure)
    first = Rung(str(tests[0].path), _usual(values[tests[0].name], figure))
    rungs = (
        Rung(str(test.path), _usual(values[test.name], figure), cost(values[before.name], values[test.name], figure))
        for before, test in pairwise(tests)
    )
    return Ladder(str(ladder_of(tests[0])), figure, (first, *rungs))


def _values(record: Record, tests: set[str], figure: Figure) -> Mapping[str, Mapping[_Turn, float]]:
    index, found = record.derived(TrialIndex), defaultdict[str, dict[_Turn, float]](dict)
    for trial in record.trials:
        probe = trial.probe
        if probe.test in tests and probe.is_figure and index.is_figure(trial):
            value = value_of_all(figure.metric, figure.statistic, [trial])
            if value is not None:
                found[probe.test][str(probe.source.node), str(probe.target.node), probe.repeat] = value
    return found


def _usual(values: Mapping[_Turn, float], figure: Figure) -> Quantity | None:
    return figure.metric.unit(median(values.values())) if values else None


def cost(before: Mapping[_Turn, float], after: Mapping[_Turn, float], figure: Figure) -> Cost | None:
    """Of one rung beside another, by what both measured of the same pair in the same repeat. None: too few repeats."""
    worse = -1.0 if figure.metric.better is Better.HIGHER else 1.0
    both = [turn for turn in before.keys() & after.keys() if before[turn] > 0 and after[turn] > 0]
    factors = middle(tuple(_by_repeat(both, lambda turn: math.log(after[turn] / before[turn]))))
    amounts = middle(tuple(_by_repeat(both, lambda turn: after[turn] - before[turn])))
    if factors is None or amounts is None:
        return None
    ratios = Estimate(*map(math.exp, (factors.value, factors.low, factors.high)))
    share, amount = ratios.moved(worse, -worse).cut, amounts.moved(worse).cut
    unit = figure.metric.unit
    return Cost(
        share=Ratio(share.value),
        share_low=Ratio(share.low),
        share_high=Ratio(share.high),
        amount=unit(amount.value),
        amount_low=unit(amount.low),
        amount_high=unit(amount.high),
        repeats=len({turn[2] for turn in both}),
    )


def _by_repeat(turns: Sequence[_Turn], difference: Callable[[_Turn], float]) -> Iterator[float]:
    """The mean of each repeat's differences."""
    found: dict[int, list[float]] = {}
    for turn in turns:
        found.setdefault(turn[2], []).append(difference(turn))
    return (fmean(one) for one in found.values())
