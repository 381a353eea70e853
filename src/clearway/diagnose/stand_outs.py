"""Pairs that an acceptance must not hide: those that break a limit inside an allowed share, those far from the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median, median_low

from clearway.base.units import Quantity
from clearway.spec.criteria import Criterion, LinkShare, Over, Relation
from clearway.verdict.model import CriterionVerdict, PairState, PairValue, RunVerdict, StandOut, State
from clearway.verdict.thresholds import FAR


def stand_outs(verdict: RunVerdict) -> Iterator[StandOut]:
    """By test and criterion; nothing of a run that is not accepted."""
    if verdict.state is not State.PASS:
        return
    for test in verdict.tests:
        for judged in test.criteria:
            if judged.criterion.over is Over.PAIRS:
                yield from _of_criterion(test.name, judged)


def _of_criterion(test: str, judged: CriterionVerdict) -> Iterator[StandOut]:
    breaking = tuple(pair for pair in judged.pairs if pair.standing is PairState.BREAKS)
    for broken, pairs in ((True, breaking), (False, _far(judged))):
        if pairs:
            yield StandOut(
                test=test,
                criterion=judged.criterion,
                breaking=broken,
                pairs=pairs,
                of=len(judged.pairs),
                median=_median([pair.value for pair in judged.pairs if pair.value is not None]),
            )


def _median(values: Sequence[Quantity]) -> Quantity | None:
    return type(values[0])(median_low(value.si for value in values)) if values else None


def _far(judged: CriterionVerdict) -> tuple[PairValue, ...]:
    """Pairs that hold, far on the worse side of the median: fewer than half, or there is no rest to be far from.

    Limits that are shares of links are what is compared.
    """
    levels = [(pair, level) for pair in judged.pairs if (level := _level(judged.criterion, pair)) is not None]
    if not levels:
        return ()
    usual = median(level for _, level in levels)
    holding = [(pair, level) for pair, level in levels if pair.standing is PairState.HOLDS]
    far = tuple(pair for pair, level in holding if _is_far(judged.criterion, pair, level, usual))
    return far if 2 * len(far) < len(levels) else ()


def _level(criterion: Criterion, pair: PairValue) -> float | None:
    if pair.value is None:
        return None
    if isinstance(criterion.limit, LinkShare):
        return pair.value.over(pair.limit) if pair.limit is not None else None
    return pair.value.si


def _is_far(criterion: Criterion, pair: PairValue, level: float, usual: float) -> bool:
    if criterion.relation is Relation.AT_LEAST:
        return level < FAR.value * usual
    assert pair.value is not None
    near_limit = pair.limit is not None and pair.value.si > FAR.value * pair.limit.si
    return near_limit and level * FAR.value > usual
