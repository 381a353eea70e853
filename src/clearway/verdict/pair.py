"""Pairs, or groups of pairs, against one criterion.

What the attempts at each show is put together, and its interval is compared with the limit. The noise of means is
learned from all members at once. For `in total` and `per node`, the values of a group of pairs are summed first.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from clearway.base.units import Count, Duration, Quantity, Rate
from clearway.pairing.table import PAIRINGS
from clearway.probe.metrics import Better
from clearway.probe.records import Outcome, Pair, Reason, Trial
from clearway.spec.criteria import Criterion, LinkShare, Over
from clearway.spec.model import Repeats, Test
from clearway.verdict.attempt import outcome, void_reason
from clearway.verdict.evidence import Evidence, Reading, is_worst, pooled, read, worst
from clearway.verdict.interval import Interval, Mean
from clearway.verdict.looks import Looks
from clearway.verdict.model import PairState, PairValue
from clearway.verdict.noise import Means, Noise
from clearway.verdict.search import RateSearch, search_of
from clearway.verdict.thresholds import ZONE
from clearway.verdict.trials import TrialIndex
from clearway.verdict.waits import tools_waited, without_waits

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

    readings: tuple[Reading, ...] = ()
    """One for each usable repeat."""
    unusable: tuple[Reason, ...] = ()
    """Why the values can't be judged."""
    disqualifying: tuple[Reason, ...] = ()
    """Why they may break, but not hold."""
    breaking: tuple[Reason, ...] = ()
    """What breaks the pair with any value: a path that is proven dead."""
    waited: Duration = Duration(0)
    """The most that the tools waited for a CPU within a second."""


@dataclass(frozen=True, slots=True)
class Member:
    """A pair or a group of pairs: what a criterion counts."""

    subject: Pair | str
    limit: Quantity | None
    samples: Samples
    evidence: Evidence | None
    """None: nothing was measured."""
    repeats: int
    unwaited: Evidence | None = None
    """What is left of times beyond the limit without the tools' own waiting for a CPU; None: all of it."""


def judge_members(context: CriterionContext, pairs: Sequence[Pair]) -> list[PairValue]:
    """All pairs, or groups of them, as the criterion asks."""
    each = context.criterion.over is Over.PAIRS
    members = list(_pairs(context, pairs) if each else _groups(context, pairs))
    return decide(context.criterion, context.test.repeats, members)


def decide(criterion: Criterion, repeats: Repeats, members: Sequence[Member]) -> list[PairValue]:
    """Where each stands, by what it shows and by the noise of all."""
    looks = Looks(repeats, len(members), criterion.share.si)
    noise = Noise.of([means for member in members if (means := _relative(member)) is not None])
    return [_decide(criterion, looks, noise, member) for member in members]


def _pairs(context: CriterionContext, pairs: Sequence[Pair]) -> Iterator[Member]:
    for pair in pairs:
        if (search := search_of(context.index, context.test, pair)) is not None:
            yield _found(context, pair, search)
            continue
        limit, samples = limit_for(context.criterion, context.index.link(pair)), collect_samples(context, pair)
        evidence = pooled(context.criterion, limit, samples.readings) if samples.readings else None
        member = Member(pair, limit, samples, evidence, len(samples.readings))
        is_beyond = (
            limit is not None and evidence is not None and not context.criterion.is_met(evidence.value, limit.si)
        )
        yield replace(member, unwaited=without_waits(context.criterion, samples.readings)) if is_beyond else member


def _found(context: CriterionContext, pair: Pair, search: RateSearch) -> Member:
    """What a search found. Each step is judged by itself, so nothing that one attempt shows is said of the pair."""
    bracket, limit = search.bracket, limit_for(context.criterion, context.index.link(pair))
    missing = _why_missing(context, context.index.attempts[context.test.name, pair], 0) if bracket is None else ()
    return Member(pair, limit, Samples(unusable=missing), bracket, search.repeats)


def _groups(context: CriterionContext, pairs: Sequence[Pair]) -> Iterator[Member]:
    """One member for each group."""
    groups: dict[str, list[Pair]] = defaultdict(list)
    pairing, in_total = PAIRINGS[context.test.pairing], context.criterion.over is Over.TOTAL
    for pair in pairs:
        groups[TOTAL if in_total else pairing.node_of(pair)].append(pair)
    for name, members in groups.items():
        yield _group(context, name, members)


def _group(context: CriterionContext, name: str, pairs: Sequence[Pair]) -> Member:
    """It has as many repeats as its pairs have in common; what is wrong with one pair is wrong with the group."""
    found = {pair: collect_samples(context, pair) for pair in pairs}
    repeats = min(len(one.readings) for one in found.values())
    totals = [_total(context, {pair: one.readings[n].value for pair, one in found.items()}) for n in range(repeats)]
    # A dead path breaks its own pair; it leaves a sum undecided.
    faults = [one.breaking or one.unusable for one in found.values()]
    samples = Samples(
        unusable=tuple(reason for reasons in faults for reason in reasons),
        disqualifying=tuple(reason for one in found.values() for reason in one.disqualifying),
    )
    record = context.index.record
    link = None if name == TOTAL else record.spec.link or record.inventory.node(name).link
    return Member(name, limit_for(context.criterion, link), samples, _summed(context.criterion, totals), repeats)


def _summed(criterion: Criterion, totals: Sequence[float]) -> Evidence | None:
    if not totals:
        return None
    return worst(criterion, totals) if is_worst(criterion) else Means(tuple(totals))


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
    """Gather what all repeats of a pair measured, and what is wrong with it."""
    index, test = context.index, context.test
    attempts = index.attempts[test.name, pair]
    usable = index.measured(test.name, pair)
    if context.criterion.metric.of_road and (known := read(context.criterion, attempts[-1:])[0]):
        return Samples(known)
    evidence = index.evidence(attempts)
    if evidence.breaking:
        return Samples(breaking=evidence.breaking)
    readings, unusable = read(context.criterion, usable)
    if len(usable) < test.repeats.min:
        unusable = (*unusable, *_why_missing(context, attempts, len(usable)))
    waited = max((tools_waited(trial) for trial in usable), default=Duration(0))
    return Samples(readings, unusable, evidence.against, waited=waited)


def limit_for(criterion: Criterion, link: Rate | None) -> Quantity | None:
    """The limit in the metric's unit; None for a share of a link whose rate is unknown."""
    if not isinstance(criterion.limit, LinkShare):
        return criterion.limit
    return None if link is None else link * criterion.limit.share.si


def _relative(member: Member) -> Means | None:
    """The means of a member in multiples of its limit; None if it has none, or no limit."""
    if not isinstance(member.evidence, Means) or member.limit is None:
        return None
    limit = member.limit.si
    return replace(member.evidence, values=tuple(value / limit for value in member.evidence.values))


def _decide(criterion: Criterion, looks: Looks, noise: Noise, member: Member) -> PairValue:
    """Hold, break or stay undecided: the whole interval on one side of the limit decides."""
    known = PairValue(subject=member.subject, standing=PairState.UNDECIDED, limit=member.limit)
    if member.samples.breaking:
        return replace(known, standing=PairState.BREAKS, reasons=member.samples.breaking)
    if member.evidence is None:
        return replace(known, reasons=member.samples.unusable or (Reason("verdict.not-measured"),))
    unit = criterion.metric.unit
    interval = _interval(criterion, looks, noise, member, member.evidence)
    value, low, high = (unit(end) for end in (interval.value, interval.low, interval.high))
    measured = replace(known, repeats=member.repeats, value=value, low=low, high=high)
    standing, reasons = _compare(criterion, member.samples, measured, is_last=looks.is_last(member.repeats))
    return replace(measured, standing=standing, reasons=reasons)


def _interval(criterion: Criterion, looks: Looks, noise: Noise, member: Member, evidence: Evidence) -> Interval:
    """Its bad end may be on the wrong side of the true value as often as a verdict that holds may be wrong."""
    tails = looks.tails(member.repeats, noise_is_learned=isinstance(evidence, Means))
    low, high = (tails.holds, tails.breaks) if criterion.metric.better is Better.HIGHER else (tails.breaks, tails.holds)
    if not isinstance(evidence, Means):
        found = evidence.interval(low, high)
        unwaited = member.unwaited
        if unwaited is None or isinstance(unwaited, Means):
            return found
        return replace(found, low=min(found.low, unwaited.interval(low, high).low))
    relative = _relative(member)
    if relative is None or member.limit is None:
        return Mean(evidence, 1.0, Noise()).interval(low, high)
    return Mean(relative, member.limit.si, noise).interval(low, high)


def _compare(
    criterion: Criterion, samples: Samples, measured: PairValue, *, is_last: bool
) -> tuple[PairState, tuple[Reason, ...]]:
    value, low, high, limit = measured.value, measured.low, measured.high, measured.limit
    assert value is not None and low is not None and high is not None
    if limit is None:
        return PairState.UNDECIDED, (Reason("verdict.link-unknown"),)
    if samples.unusable:
        return PairState.UNDECIDED, samples.unusable
    met = [criterion.is_met(end.si, limit.si) for end in (low, high)]
    if not any(met):
        return PairState.BREAKS, (_beyond(value, limit), *samples.disqualifying)
    if not all(met):
        waited = (Reason("verdict.cpu-waited", {"time": samples.waited}),) if samples.waited.si else ()
        return PairState.UNDECIDED, (_doubt(measured, limit, is_last=is_last), *waited)
    return (PairState.UNDECIDED, samples.disqualifying) if samples.disqualifying else (PairState.HOLDS, ())


def _beyond(value: Quantity, limit: Quantity) -> Reason:
    unit, side = type(limit), "below" if value < limit else "above"
    by = unit(abs(value.si - limit.si))
    return Reason(f"verdict.{side}-limit", {"by": by, "limit": limit, "value": value})


def _doubt(measured: PairValue, limit: Quantity, *, is_last: bool) -> Reason:
    """Too close to decide: all of the interval is near the limit, or the value is and there are no more repeats."""
    ends = {"value": measured.value, "low": measured.low, "high": measured.high}
    near = {name: end is not None and abs(end.si - limit.si) <= ZONE.value * limit.si for name, end in ends.items()}
    if (near["low"] and near["high"]) or (is_last and near["value"]):
        return Reason("verdict.too-close", {**ends, "limit": limit})
    return Reason("verdict.straddles", {**ends, "limit": limit, "repeats": measured.repeats})


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
