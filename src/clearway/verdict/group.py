"""Pairs summed into one value, `in total` or `per node`, against one criterion."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from clearway.base.units import Count
from clearway.pairing.table import PAIRINGS
from clearway.probe.metrics import Better
from clearway.probe.records import Pair, Reason
from clearway.spec.criteria import Over
from clearway.verdict.model import PairValue
from clearway.verdict.pair import CriterionContext, Samples, collect_samples, decide, limit_for

TOTAL = "total"
"""Name of the one group of `in total`."""


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
    unusable = [reason for found in samples.values() for reason in _unusable(found)]
    disqualifying = [reason for found in samples.values() for reason in found.disqualifying]
    record = context.index.record
    link = None if name == TOTAL else record.spec.link or record.inventory.node(name).link
    summed = Samples(tuple(totals), tuple(unusable), tuple(disqualifying))
    return decide(context.criterion, name, summed, limit_for(context.criterion, link))


def _unusable(samples: Samples) -> tuple[Reason, ...]:
    """A dead path breaks its own pair; it leaves a sum undecided."""
    return samples.unusable if samples.unreachable is None else (samples.unreachable,)


def _total(context: CriterionContext, values: Mapping[Pair, float]) -> float:
    """Counts are summed over all rounds, rates over what ran at once: then the worst round counts."""
    metric, index = context.criterion.metric, context.index
    if metric.unit is Count:
        return math.fsum(values.values())
    at_once: dict[str, float] = defaultdict(float)
    for pair, value in values.items():
        first = index.measured(context.test.name, pair)[0]
        at_once[index.origin(first.round or "")] += value
    return (min if metric.better is Better.HIGHER else max)(at_once.values())
