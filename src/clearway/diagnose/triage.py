"""Is it the road or the application: what two nodes showed, held against the limits of a sound road and a baseline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

from clearway.base.units import Quantity
from clearway.diagnose.figures import Figure, PairFigures, pair_figures, shown_figures
from clearway.ledger.record import Record
from clearway.probe.metrics import Better, Metric
from clearway.probe.records import Pair, Reason
from clearway.spec.criteria import Criterion
from clearway.spec.model import Test
from clearway.verdict.model import CriterionVerdict, PairState, RunVerdict, State


class Answer(StrEnum):
    ROAD = "road"
    """A limit is broken, or the road is far worse than in the baseline."""
    APPLICATION = "application"
    """The road is sound: look elsewhere."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class RoadSign:
    """One thing that the road does badly."""

    pair: Pair
    test: str
    figure: Figure
    value: Quantity | None
    """None: nothing got through, and `reasons` say why."""
    criterion: Criterion | None = None
    """The one that it breaks; None: it is worse than in the baseline."""
    usual: Quantity | None = None
    """What the baseline has."""
    reasons: tuple[Reason, ...] = ()
    weight: float = 0.0
    """By what factor it is beyond the limit or the baseline."""


@dataclass(frozen=True, slots=True)
class TriageRow:
    """One figure of one pair."""

    test: str
    figure: Figure
    pair: Pair
    value: Quantity
    usual: Quantity | None
    """What the baseline has."""
    is_asked: bool
    """Whether a criterion judges it."""


@dataclass(frozen=True, slots=True)
class Triage:
    answer: Answer
    signs: tuple[RoadSign, ...]
    """The strongest first."""
    open: tuple[tuple[CriterionVerdict, Pair | str], ...]
    """What could not be decided."""
    rows: tuple[TriageRow, ...]


_CHANGED = 2.0
"""By what factor a figure has to be worse than in the baseline. Two runs of one road at different times differ by less,
and a board that was fast enough is not called slow for less."""


def triage(record: Record, verdict: RunVerdict, baseline: Record | None) -> Triage:
    """The answer. A sign of a bad road outweighs what is open; only a road that met every limit is sound."""
    rows = tuple(_rows(record, baseline))
    signs = _once([*_broken(verdict), *(sign for row in rows if (sign := _worse(row)) is not None)])
    still_open = tuple(
        (judged, pair.subject)
        for judged in verdict.criteria
        for pair in judged.pairs
        if pair.standing is PairState.UNDECIDED
    )
    return Triage(_answer(verdict, signs), signs, still_open, rows)


def _once(signs: Sequence[RoadSign]) -> tuple[RoadSign, ...]:
    """Each figure of a pair once, by its limit rather than by the baseline; the strongest first."""
    first: dict[tuple[str, Figure, Pair], RoadSign] = {}
    for sign in signs:
        first.setdefault((sign.test, sign.figure, sign.pair), sign)
    return tuple(sorted(first.values(), key=lambda sign: -sign.weight))


def _answer(verdict: RunVerdict, signs: Sequence[RoadSign]) -> Answer:
    if signs or verdict.state is State.FAIL:
        return Answer.ROAD
    return Answer.APPLICATION if verdict.state is State.PASS else Answer.UNKNOWN


def _broken(verdict: RunVerdict) -> Iterator[RoadSign]:
    for test in verdict.tests:
        for judged in test.criteria:
            figure = Figure(judged.criterion.metric, judged.criterion.statistic)
            for pair in judged.pairs:
                if pair.standing is PairState.BREAKS and not isinstance(pair.subject, str):
                    weight = _factor(figure.metric, pair.value, pair.limit)
                    known = (pair.subject, test.name, figure, pair.value, judged.criterion)
                    yield RoadSign(*known, reasons=pair.reasons, weight=weight)


def _worse(row: TriageRow) -> RoadSign | None:
    """What is far worse than in the baseline, of the figures that are judged and that pairs are compared by."""
    contrast = row.figure.metric.contrast
    if row.usual is None or contrast is None or not row.is_asked:
        return None
    unit = row.figure.metric.unit
    value, usual = (unit(max(one.si, contrast.least)) for one in (row.value, row.usual))
    factor = _factor(row.figure.metric, value, usual)
    if factor < max(_CHANGED, contrast.worse):
        return None
    return RoadSign(row.pair, row.test, row.figure, row.value, usual=row.usual, weight=factor)


def _factor(metric: Metric, value: Quantity | None, other: Quantity | None) -> float:
    """How many times worse a value is; nothing at all is the worst."""
    if value is None or other is None:
        return float("inf")
    worse, better = (other, value) if metric.better is Better.HIGHER else (value, other)
    return worse.si / better.si if better.si else float("inf")


def _rows(record: Record, baseline: Record | None) -> Iterator[TriageRow]:
    for test in record.spec.tests:
        before = () if baseline is None else _before(test, baseline)
        asked = {Figure(criterion.metric, criterion.statistic) for criterion in test.accept}
        for figure in shown_figures(test):
            for found in pair_figures(record, test):
                if figure.name in found.values:
                    usual = _usual(figure, found.pair, before)
                    yield TriageRow(test.name, figure, found.pair, found.values[figure.name], usual, figure in asked)


def _before(test: Test, baseline: Record) -> tuple[PairFigures, ...]:
    """The figures of the baseline's test of the same name, else of the first that does the same."""
    alike = [other for other in baseline.spec.tests if _does_the_same(test, other)]
    chosen = next((other for other in alike if other.name == test.name), alike[0] if alike else None)
    return () if chosen is None else pair_figures(baseline, chosen)


def _does_the_same(test: Test, other: Test) -> bool:
    """Whether figures of the two can be held against each other: same protocol, flows and load."""
    fields = ("protocol", "streams", "flows", "transport", "message", "against_idle")
    loads = test.background is None, other.background is None
    return loads[0] == loads[1] and all(getattr(test, name) == getattr(other, name) for name in fields)


def _usual(figure: Figure, pair: Pair, before: Sequence[PairFigures]) -> Quantity | None:
    """That of the same two nodes, else the median of all pairs."""
    known = {found.pair: found.values[figure.name] for found in before if figure.name in found.values}
    if not known:
        return None
    return known.get(pair) or figure.metric.unit(median(value.si for value in known.values()))
