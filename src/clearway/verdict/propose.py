"""Limits made from what a run measured: the baseline that a later run is held to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from clearway.base.errors import UsageError
from clearway.base.quantity_text import exact_text
from clearway.base.units import Duration, Quantity, Rate, Ratio
from clearway.ledger.record import Record
from clearway.probe.metrics import METRICS
from clearway.spec.criteria import GOOD_SIDE, Criterion, Over, Relation, parse_criterion
from clearway.spec.load import dump_mapping
from clearway.spec.model import Test
from clearway.verdict.judge import judge, reached
from clearway.verdict.model import CriterionVerdict

_LOOSEST: Mapping[type[Quantity], str] = {Rate: "1 bit/s", Ratio: "99 %", Duration: "1h"}
"""Limits that every pair meets, to learn what a test without criteria achieved."""

_LEAST_LOSS = Ratio(0.001)
"""Proposed for a loss of 0: a limit of 0 would fail with the first datagram that is lost by chance."""


def limits_text(record: Record, margin: Ratio) -> str:
    """A limits file: every criterion at what this run would just have passed, less the margin.

    Raises UsageError if the run measured nothing that a limit can be made from.
    """
    accept: dict[str, list[str]] = {}
    for verdict in judge(_with_usual_criteria(record)).tests:
        for judged in verdict.criteria:
            if (met := _just_met(judged)) is not None:
                accept.setdefault(verdict.name, []).append(_line(judged.criterion, met, margin))
    if not accept:
        raise UsageError("limits.nothing-measured", run=record.manifest.run)
    return dump_mapping({"version": 1, "accept": accept})


def _with_usual_criteria(record: Record) -> Record:
    tests = tuple(test if test.accept else _with_usual(test) for test in record.spec.tests)
    return replace(record, spec=record.spec.model_copy(update={"tests": tests}))


def _with_usual(test: Test) -> Test:
    rows = [row for row in METRICS.values() if test.protocol in row.baseline]
    texts = (f"{row.name} {row.usual} {GOOD_SIDE[row.better]} {_LOOSEST[row.unit]}" for row in rows)
    return test.model_copy(update={"accept": tuple(map(parse_criterion, texts))})


def _just_met(judged: CriterionVerdict) -> Quantity | None:
    """By the bad ends of the intervals: a limit nearer than that would leave this very run undecided."""
    upwards = judged.criterion.relation is Relation.AT_MOST
    return reached(judged.criterion, [pair.high if upwards else pair.low for pair in judged.pairs])


def _line(criterion: Criterion, achieved: Quantity, margin: Ratio) -> str:
    """The same criterion with a new limit: what was achieved, less the margin."""
    upwards = criterion.relation is Relation.AT_MOST
    limit = achieved * (1 + margin.si if upwards else 1 - margin.si)
    if isinstance(limit, Ratio) and upwards:
        limit = max(limit, _LEAST_LOSS)
    if upwards and criterion.metric.finest is not None:
        limit = max(limit, criterion.metric.unit(criterion.metric.finest))
    statistic = f" {criterion.statistic}" if criterion.statistic != criterion.metric.default else ""
    return f"{criterion.metric.name}{statistic} {criterion.relation} {_rounded(limit)}{_over(criterion)}"


def _rounded(limit: Quantity) -> str:
    """Three digits: a measurement is not more exact."""
    return exact_text(type(limit)(float(f"{limit.si:.3g}")))


def _over(criterion: Criterion) -> str:
    if criterion.over is Over.TOTAL:
        return " in total"
    if criterion.over is Over.NODES:
        return " per node"
    return "" if criterion.share.si >= 1 else f" for {exact_text(criterion.share)} of pairs"
