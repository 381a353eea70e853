"""Where one subject (a pair, a node, the total) stands against one criterion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clearway.base.units import Quantity
from clearway.probe.records import Outcome, Reason, Slot, Trial
from clearway.spec.criteria import Criterion
from clearway.verdict.dossier import Dossier, Pair
from clearway.verdict.evidence import blemishes, limit_for, outcome, too_few, void_reason
from clearway.verdict.interval import median_interval
from clearway.verdict.model import PairValue, Standing


@dataclass(frozen=True, slots=True)
class Reading:
    """What the attempts at one pair give for one criterion."""

    values: tuple[float, ...]
    """One a usable repeat, in the metric's SI unit."""
    doubts: tuple[Reason, ...] = ()
    """Why the values can't be judged."""
    blemishes: tuple[Reason, ...] = ()
    """Why they may break, but not hold."""
    unreachable: Reason | None = None
    """Set if the path is proven dead."""


def of_pair(dossier: Dossier, criterion: Criterion, test: str, pair: Pair, wanted: int) -> PairValue:
    """The standing of one pair; `wanted` repeats have to be there."""
    reading = read(dossier, criterion, test, pair, wanted)
    return stand(criterion, pair, reading, limit_for(criterion, dossier.link(pair)))


def read(dossier: Dossier, criterion: Criterion, test: str, pair: Pair, wanted: int) -> Reading:
    """Gather the values of all repeats of a pair, and what is wrong with them."""
    attempts = dossier.attempts(test, pair)
    usable = dossier.measured(test, pair)
    values, doubts = _values(criterion, usable)
    last = attempts[-1] if attempts else None
    if not usable and last is not None and outcome(last) is Outcome.UNREACHABLE and not dossier.disturbed(last):
        return Reading((), unreachable=void_reason(last))
    if len(usable) < wanted:
        doubts = (*doubts, *_what_happened(dossier, attempts, len(usable), wanted))
    return Reading(values, doubts, tuple(reason for trial in usable for reason in blemishes(trial)))


def stand(
    criterion: Criterion, subject: tuple[Slot, Slot] | str, reading: Reading, limit: Quantity | None
) -> PairValue:
    """Hold, break or stay undecided: the whole interval on one side of the limit decides."""
    if reading.unreachable is not None:
        return PairValue(subject=subject, standing=Standing.BREAKS, limit=limit, reasons=(reading.unreachable,))
    if not reading.values:
        reasons = reading.doubts or (Reason("verdict.not-measured"),)
        return PairValue(subject=subject, standing=Standing.UNDECIDED, limit=limit, reasons=reasons)
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
    criterion: Criterion, reading: Reading, limit: Quantity | None, ends: tuple[float, float]
) -> tuple[Standing, tuple[Reason, ...]]:
    if limit is None:
        return Standing.UNDECIDED, (Reason("verdict.link-unknown"),)
    if reading.doubts:
        return Standing.UNDECIDED, reading.doubts
    met = [criterion.is_met(end, limit.si) for end in ends]
    if not any(met):
        return Standing.BREAKS, (_beyond(criterion, reading, limit), *reading.blemishes)
    if not all(met):
        return Standing.UNDECIDED, (Reason("verdict.straddles", {"repeats": len(reading.values)}),)
    if reading.blemishes:
        return Standing.UNDECIDED, reading.blemishes
    return Standing.HOLDS, ()


def _beyond(criterion: Criterion, reading: Reading, limit: Quantity) -> Reason:
    unit = criterion.metric.unit
    middle = median_interval(reading.values).middle
    side = "below" if middle < limit.si else "above"
    return Reason(f"verdict.{side}-limit", {"by": unit(abs(middle - limit.si)), "limit": limit, "value": unit(middle)})


def _values(criterion: Criterion, trials: Sequence[Trial]) -> tuple[tuple[float, ...], tuple[Reason, ...]]:
    values, doubts = [], []
    for trial in trials:
        distribution = criterion.metric.read(trial)
        value = distribution.statistic(criterion.statistic) if distribution is not None else None
        if distribution is None or value is None:
            doubts.append(Reason("verdict.no-value", {"metric": criterion.metric.name}))
            continue
        values.append(value)
        if (reason := too_few(criterion, distribution)) is not None:
            doubts.append(reason)
    return tuple(values), tuple(doubts)


def _what_happened(dossier: Dossier, attempts: Sequence[Trial], usable: int, wanted: int) -> tuple[Reason, ...]:
    """Why repeats are missing: what the last attempt that does not count shows."""
    for trial in reversed(attempts):
        if disturbed := dossier.disturbed(trial):
            return disturbed
        if outcome(trial) is not Outcome.MEASURED:
            return (void_reason(trial),)
        if faults := dossier.faults(trial):
            return faults
    return (Reason("verdict.repeats-missing", {"count": usable, "needed": wanted}),)
