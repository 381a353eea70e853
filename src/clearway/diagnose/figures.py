"""What was measured, pair by pair and over all pairs, judged or not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from clearway.base.units import Quantity
from clearway.ledger.record import Record
from clearway.probe.distribution import SampleStats
from clearway.probe.metrics import METRICS, Better, Metric
from clearway.probe.records import Pair, Trial
from clearway.spec.model import Test
from clearway.verdict.evidence import value_of_all
from clearway.verdict.search import search_of
from clearway.verdict.trials import TrialIndex


@dataclass(frozen=True, slots=True)
class Figure:
    """A metric with one of its statistics."""

    metric: Metric
    statistic: str

    @property
    def name(self) -> str:
        return f"{self.metric.name} {self.statistic}"


@dataclass(frozen=True, slots=True)
class PairFigures:
    pair: Pair
    across_zones: bool
    values: Mapping[str, Quantity]
    """By name of the figure; what was not measured is not there."""
    measurements: int
    """Behind each value."""


@dataclass(frozen=True, slots=True)
class Summary:
    """One figure over pairs. `worst` is the bad end, p5 and p95 are nearest ranks; None of too few pairs."""

    figure: Figure
    across_zones: bool
    pairs: int
    mean: Quantity
    p5: Quantity | None
    p50: Quantity
    p95: Quantity | None
    worst: Quantity
    worst_pair: Pair


_TAILS = 20
"""Pairs from which p5 and p95 are shown: the nearest rank of fewer is simply the worst or the best pair."""


def shown_figures(test: Test) -> tuple[Figure, ...]:
    """The figures of a test: what its criteria ask for, then the usual ones."""
    asked = [Figure(criterion.metric, criterion.statistic) for criterion in test.accept]
    rows = (row for row in METRICS.values() if test.protocol in row.protocols)
    # Each attempt of a search has a rate of its own: other figures of it together say nothing.
    known = [row for row in rows if test.search is None or row.needs == "search"]
    carried = sorted(known, key=lambda row: row.rank)
    usual = [Figure(row, statistic) for row in carried for statistic in row.shown]
    return tuple(dict.fromkeys([*asked, *usual]))


def pair_figures(record: Record, test: Test) -> tuple[PairFigures, ...]:
    """Every pair of `test` that has a measured value, in order of measuring. A void attempt gives none."""
    index = record.derived(TrialIndex)
    trials: dict[Pair, list[Trial]] = {}
    for trial in index.trials:
        mine = trial.probe.test == test.name and trial.probe.is_figure
        if mine and index.is_figure(trial):
            trials.setdefault(trial.probe.pair, []).append(trial)
    zones = {node.name: node.zone for node in record.inventory.nodes}
    figures = shown_figures(test)
    return tuple(
        PairFigures(pair, zones.get(pair[0].node) != zones.get(pair[1].node), values, len(tried))
        for pair, tried in trials.items()
        for values in (_values(figures, tried) if test.search is None else _found(index, test, pair, figures),)
    )


def figures_by_test(record: Record) -> Mapping[str, tuple[PairFigures, ...]]:
    """Of all tests, by name. Diagnosis and report ask for the same: see `Record.derived`."""
    return {test.name: pair_figures(record, test) for test in record.spec.tests}


def summaries(test: Test, pairs: Iterable[PairFigures]) -> tuple[Summary, ...]:
    """Each figure over the pairs that carry it, within a zone first, then across zones."""
    known = tuple(pairs)
    return tuple(
        found
        for across in (False, True)
        for figure in shown_figures(test)
        if (found := _summary(figure, [pair for pair in known if pair.across_zones is across], across=across))
        is not None
    )


def _values(figures: Sequence[Figure], trials: Sequence[Trial]) -> Mapping[str, Quantity]:
    found = ((figure, value_of_all(figure.metric, figure.statistic, trials)) for figure in figures)
    return {figure.name: figure.metric.unit(value) for figure, value in found if value is not None}


def _found(index: TrialIndex, test: Test, pair: Pair, figures: Sequence[Figure]) -> Mapping[str, Quantity]:
    """What a search found."""
    search = search_of(index, test, pair)
    bracket = None if search is None else search.bracket
    return {} if bracket is None else {figure.name: figure.metric.unit(bracket.value) for figure in figures}


def _summary(figure: Figure, pairs: Sequence[PairFigures], *, across: bool) -> Summary | None:
    by_pair = {pair.pair: pair.values[figure.name].si for pair in pairs if figure.name in pair.values}
    if not by_pair:
        return None
    over = SampleStats(tuple(by_pair.values()))
    worst = min if figure.metric.better is Better.HIGHER else max
    worst_pair = worst(by_pair, key=by_pair.__getitem__)

    def quantity(statistic: str) -> Quantity:
        value = over.statistic(statistic)
        assert value is not None
        return figure.metric.unit(value)

    return Summary(
        figure=figure,
        across_zones=across,
        pairs=len(by_pair),
        mean=quantity("mean"),
        p5=quantity("p5") if len(by_pair) >= _TAILS else None,
        p50=quantity("median"),
        p95=quantity("p95") if len(by_pair) >= _TAILS else None,
        worst=figure.metric.unit(by_pair[worst_pair]),
        worst_pair=worst_pair,
    )
