"""Where one subject (a pair, a node, the total) stands against one criterion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clearway.base.units import Quantity
from clearway.probe.records import Outcome, Pair, Reason, Trial
from clearway.spec.criteria import Criterion
from clearway.verdict.evidence import disqualifying, limit_for, outcome, too_few, void_reason
from clearway.verdict.interval import median_interval
from clearway.verdict.model import PairState, PairValue
from clearway.verdict.trial_index import TrialIndex


@dataclass(frozen=True, slots=True)
class Samples:
    """What the attempts at one pair give for one criterion."""

    values: tuple[float, ...]
    """One a usable repeat, in the metric's SI unit."""
    unusable: tuple[Reason, ...] = ()
    """Why the values can't be judged."""
    disqualifying: tuple[Reason, ...] = ()
    """Why they may break, but not hold."""
    unreachable: Reason | None = None
    """Set if the path is proven dead."""


def judge_pair(index: TrialIndex, criterion: Criterion, test: str, pair: Pair, wanted: int) -> PairValue:
    """The standing of one pair; `wanted` repeats have to be there."""
    reading = collect_samples(index, criterion, test, pair, wanted)
    return decide(criterion, pair, reading, limit_for(criterion, index.link(pair)))


def collect_samples(index: TrialIndex, criterion: Criterion, test: str, pair: Pair, wanted: int) -> Samples:
    """Gather the values of all repeats of a pair, and what is wrong with them."""
    attempts = index.attempts(test, pair)
    usable = index.measured(test, pair)
    values, unusable = _values(criterion, usable)
    last = attempts[-1] if attempts else None
    if not usable and last is not None and outcome(last) is Outcome.UNREACHABLE and not index.disturbed(last):
        return Samples((), unreachable=void_reason(last))
    if len(usable) < wanted:
        unusable = (*unusable, *_what_happened(index, attempts, len(usable), wanted))
    return Samples(values, unusable, tuple(reason for trial in usable for reason in disqualifying(trial)))


def decide(criterion: Criterion, subject: Pair | str, reading: Samples, limit: Quantity | None) -> PairValue:
    """Hold, break or stay undecided: the whole interval on one side of the limit decides."""
    if reading.unreachable is not None:
        return PairValue(subject=subject, standing=PairState.BREAKS, limit=limit, reasons=(reading.unreachable,))
    if not reading.values:
        reasons = reading.unusable or (Reason("verdict.not-measured"),)
        return PairValue(subject=subject, standing=PairState.UNDECIDED, limit=limit, reasons=reasons)
    interval = median_interval(reading.values)
    standing, reasons = _decide(criterion, reading, limit, (interval.low, interval.high))
    unit = criterion.metric.unit
    return PairValue(
        subject=subject,
        standing=standing,
        limit=limit,
        value=unit(interval.middle),
        low=unit(interval.low),
        high=unit(interval.high),
        repeats=len(reading.values),
        reasons=reasons,
    )


def _decide(
    criterion: Criterion, reading: Samples, limit: Quantity | None, ends: tuple[float, float]
) -> tuple[PairState, tuple[Reason, ...]]:
    if limit is None:
        return PairState.UNDECIDED, (Reason("verdict.link-unknown"),)
    if reading.unusable:
        return PairState.UNDECIDED, reading.unusable
    met = [criterion.is_met(end, limit.si) for end in ends]
    if not any(met):
        return PairState.BREAKS, (_beyond(criterion, reading, limit), *reading.disqualifying)
    if not all(met):
        return PairState.UNDECIDED, (Reason("verdict.straddles", {"repeats": len(reading.values)}),)
    if reading.disqualifying:
        return PairState.UNDECIDED, reading.disqualifying
    return PairState.HOLDS, ()


def _beyond(criterion: Criterion, reading: Samples, limit: Quantity) -> Reason:
    unit = criterion.metric.unit
    middle = median_interval(reading.values).middle
    side = "below" if middle < limit.si else "above"
    return Reason(f"verdict.{side}-limit", {"by": unit(abs(middle - limit.si)), "limit": limit, "value": unit(middle)})


def _values(criterion: Criterion, trials: Sequence[Trial]) -> tuple[tuple[float, ...], tuple[Reason, ...]]:
    values, unusable = [], []
    for trial in trials:
        distribution = criterion.metric.read(trial)
        value = distribution.statistic(criterion.statistic) if distribution is not None else None
        if distribution is None or value is None:
            unusable.append(Reason("verdict.no-value", {"metric": criterion.metric.name}))
            continue
        values.append(value)
        if (reason := too_few(criterion, distribution)) is not None:
            unusable.append(reason)
    return tuple(values), tuple(unusable)


def _what_happened(index: TrialIndex, attempts: Sequence[Trial], usable: int, wanted: int) -> tuple[Reason, ...]:
    """Why repeats are missing: what the last attempt that does not count shows."""
    for trial in reversed(attempts):
        if disturbed := index.disturbed(trial):
            return disturbed
        if outcome(trial) is not Outcome.MEASURED:
            return (void_reason(trial),)
        if faults := index.faults(trial):
            return faults
    return (Reason("verdict.repeats-missing", {"count": usable, "needed": wanted}),)
