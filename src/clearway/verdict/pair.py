"""One pair, or one group of pairs, against one criterion.

Samples are collected and their interval is compared with the limit; for `in total` and `per node`, the samples of a
group of pairs are summed first.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from clearway.base.units import Count, Quantity, Rate, Ratio
from clearway.pairing.table import PAIRINGS
from clearway.probe.metrics import Better, percent
from clearway.probe.records import Outcome, Pair, Reason, Trial
from clearway.spec.criteria import Criterion, LinkShare, Over
from clearway.spec.model import Test
from clearway.verdict.model import PairState, PairValue
from clearway.verdict.thresholds import BEYOND_PERCENTILE, CONFIDENCE, RULE_OF_THREE
from clearway.verdict.trials import TrialIndex, disqualifying, outcome, void_reason

TOTAL = "total"
"""Name of the one group of `in total`."""


@dataclass(frozen=True, slots=True)
class CriterionContext:
    """A criterion with its test and the attempts of the run."""

    index: TrialIndex
    test: Test
    criterion: Criterion


@dataclass(frozen=True, slots=True)
class Samples:
    """What the attempts at one pair give for one criterion."""

    values: tuple[float, ...]
    """One for each usable repeat, in the metric's SI unit."""
    unusable: tuple[Reason, ...] = ()
    """Why the values can't be judged."""
    disqualifying: tuple[Reason, ...] = ()
    """Why they may break, but not hold."""
    unreachable: Reason | None = None
    """Set if the path is proven dead."""


@dataclass(frozen=True, slots=True)
class Interval:
    low: float
    middle: float
    high: float


def judge_pair(context: CriterionContext, pair: Pair) -> PairValue:
    limit = limit_for(context.criterion, context.index.link(pair))
    return decide(context.criterion, pair, collect_samples(context, pair), limit)


def judge_groups(context: CriterionContext, pairs: Sequence[Pair]) -> Iterator[PairValue]:
    """One value for each group."""
    groups: dict[str, list[Pair]] = defaultdict(list)
    pairing, in_total = PAIRINGS[context.test.pairing], context.criterion.over is Over.TOTAL
    for pair in pairs:
        groups[TOTAL if in_total else pairing.node_of(pair)].append(pair)
    for name, members in groups.items():
        yield _judge_group(context, name, members)


def _judge_group(context: CriterionContext, name: str, pairs: Sequence[Pair]) -> PairValue:
    """It has as many repeats as its pairs have in common; what is wrong with one pair is wrong with the group."""
    samples = {pair: collect_samples(context, pair) for pair in pairs}
    repeats = min(len(found.values) for found in samples.values())
    totals = [_total(context, {pair: found.values[n] for pair, found in samples.items()}) for n in range(repeats)]
    # A dead path breaks its own pair; it leaves a sum undecided.
    faults = [(found.unreachable,) if found.unreachable else found.unusable for found in samples.values()]
    unusable = [reason for reasons in faults for reason in reasons]
    disqualifying = [reason for found in samples.values() for reason in found.disqualifying]
    record = context.index.record
    link = None if name == TOTAL else record.spec.link or record.inventory.node(name).link
    summed = Samples(tuple(totals), tuple(unusable), tuple(disqualifying))
    return decide(context.criterion, name, summed, limit_for(context.criterion, link))


def _total(context: CriterionContext, values: Mapping[Pair, float]) -> float:
    """Counts are summed over all rounds, rates over what ran at once: then the worst round counts."""
    metric, index = context.criterion.metric, context.index
    if metric.unit is Count:
        return math.fsum(values.values())
    at_once: dict[str, float] = defaultdict(float)
    for pair, value in values.items():
        first = index.measured(context.test.name, pair)[0]
        at_once[index.origins[first.round or ""]] += value
    return (min if metric.better is Better.HIGHER else max)(at_once.values())


def collect_samples(context: CriterionContext, pair: Pair) -> Samples:
    """Gather the values of all repeats of a pair, and what is wrong with them."""
    index, test = context.index, context.test
    attempts = index.attempts[test.name, pair]
    usable = index.measured(test.name, pair)
    last = attempts[-1] if attempts else None
    if not usable and last is not None and outcome(last) is Outcome.UNREACHABLE and not index.disturbances.of(last):
        return Samples((), unreachable=void_reason(last))
    values, unusable = _values(context.criterion, usable)
    if len(usable) < test.repeats.min:
        unusable = (*unusable, *_why_missing(context, attempts, len(usable)))
    return Samples(values, unusable, tuple(reason for trial in usable for reason in disqualifying(trial)))


def decide(criterion: Criterion, subject: Pair | str, samples: Samples, limit: Quantity | None) -> PairValue:
    """Hold, break or stay undecided: the whole interval on one side of the limit decides."""
    if samples.unreachable is not None:
        return PairValue(subject=subject, standing=PairState.BREAKS, limit=limit, reasons=(samples.unreachable,))
    if not samples.values:
        reasons = samples.unusable or (Reason("verdict.not-measured"),)
        return PairValue(subject=subject, standing=PairState.UNDECIDED, limit=limit, reasons=reasons)
    interval = median_interval(samples.values)
    standing, reasons = _compare(criterion, samples, interval, limit)
    unit = criterion.metric.unit
    return PairValue(
        subject=subject,
        standing=standing,
        limit=limit,
        value=unit(interval.middle),
        low=unit(interval.low),
        high=unit(interval.high),
        repeats=len(samples.values),
        reasons=reasons,
    )


def median_interval(values: Sequence[float]) -> Interval:
    """Median of `values` and its 95 % order-statistic interval; with fewer than 6 values, their whole range.

    The interval from the k-th smallest to the k-th largest value covers the true median with
    probability 1 - 2 P(B < k), B binomial(n, 1/2). Raises ValueError on no values.
    """
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    n = len(ordered)
    outer = max(0, _rank(n) - 1)
    return Interval(ordered[outer], (ordered[(n - 1) // 2] + ordered[n // 2]) / 2, ordered[n - 1 - outer])


def limit_for(criterion: Criterion, link: Rate | None) -> Quantity | None:
    """The limit in the metric's unit; None for a share of a link whose rate is unknown."""
    if not isinstance(criterion.limit, LinkShare):
        return criterion.limit
    return None if link is None else link * criterion.limit.share.si


def _rank(n: int) -> int:
    """Largest k that keeps the coverage; 0 if no k does."""
    tail, k = 0.0, 0
    while True:
        tail += math.comb(n, k) / 2**n
        if 1 - 2 * tail < CONFIDENCE.value:
            return k
        k += 1


def _compare(
    criterion: Criterion, samples: Samples, interval: Interval, limit: Quantity | None
) -> tuple[PairState, tuple[Reason, ...]]:
    if limit is None:
        return PairState.UNDECIDED, (Reason("verdict.link-unknown"),)
    if samples.unusable:
        return PairState.UNDECIDED, samples.unusable
    met = [criterion.is_met(end, limit.si) for end in (interval.low, interval.high)]
    if not any(met):
        return PairState.BREAKS, (_beyond(interval.middle, limit), *samples.disqualifying)
    if not all(met):
        return PairState.UNDECIDED, (Reason("verdict.straddles", {"repeats": len(samples.values)}),)
    return (PairState.UNDECIDED, samples.disqualifying) if samples.disqualifying else (PairState.HOLDS, ())


def _beyond(value: float, limit: Quantity) -> Reason:
    unit, side = type(limit), "below" if value < limit.si else "above"
    return Reason(f"verdict.{side}-limit", {"by": unit(abs(value - limit.si)), "limit": limit, "value": unit(value)})


def _values(criterion: Criterion, trials: Sequence[Trial]) -> tuple[tuple[float, ...], tuple[Reason, ...]]:
    values, unusable, needed = [], [], _needed_samples(criterion)
    for trial in trials:
        distribution = criterion.metric.read(trial)
        value = distribution.statistic(criterion.statistic) if distribution is not None else None
        if distribution is None or value is None:
            unusable.append(Reason("verdict.no-value", {"metric": criterion.metric.name}))
            continue
        values.append(value)
        if distribution.count < needed:
            unusable.append(Reason("verdict.too-few-samples", {"count": distribution.count, "needed": needed}))
    return tuple(values), tuple(unusable)


def _needed_samples(criterion: Criterion) -> int:
    if isinstance(criterion.limit, Ratio):
        return math.ceil(RULE_OF_THREE.value / criterion.limit.si) if criterion.limit.si > 0 else 1
    if criterion.statistic == "median" or criterion.statistic.startswith("p"):
        return round(BEYOND_PERCENTILE.value / (1 - percent(criterion.statistic) / 100))
    return 1


def _why_missing(context: CriterionContext, attempts: Sequence[Trial], usable: int) -> tuple[Reason, ...]:
    """Why repeats are missing: what the last attempt that does not count shows."""
    for trial in reversed(attempts):
        if disturbed := context.index.disturbances.of(trial):
            return disturbed
        if outcome(trial) is not Outcome.MEASURED:
            return (void_reason(trial),)
        if faults := context.index.faults(trial):
            return faults
    return (Reason("verdict.repeats-missing", {"count": usable, "needed": context.test.repeats.min}),)
