"""What was measured, pair by pair and over all pairs, judged or not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from clearway.base.units import Quantity
from clearway.ledger.record import Record
from clearway.probe.metrics import METRICS, Better, Metric, SampleStats
from clearway.probe.records import Pair, Role, Trial
from clearway.spec.model import Test
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


@dataclass(frozen=True, slots=True)
class Summary:
    """One figure over pairs. `worst` is the bad end, p5 and p95 are nearest ranks."""

    figure: Figure
    across_zones: bool
    pairs: int
    mean: Quantity
    p5: Quantity
    p50: Quantity
    p95: Quantity
    worst: Quantity
    worst_pair: Pair


def shown_figures(test: Test) -> tuple[Figure, ...]:
    """The figures of a test: what its criteria ask for, then the usual ones."""
    asked = [Figure(criterion.metric, criterion.statistic) for criterion in test.accept]
    carried = sorted((row for row in METRICS.values() if test.protocol in row.protocols), key=lambda row: row.rank)
    usual = [Figure(row, statistic) for row in carried for statistic in row.shown]
    return tuple(dict.fromkeys([*asked, *usual]))


def pair_figures(record: Record, test: Test) -> tuple[PairFigures, ...]:
    """Every pair of `test` that has a measured value, in order of measuring. A void attempt gives none."""
    index = TrialIndex(record)
    trials: dict[Pair, list[Trial]] = {}
    for trial in record.trials:
        mine = trial.probe.test == test.name and trial.probe.role is not Role.BACKGROUND
        if mine and index.is_figure(trial):
            trials.setdefault(trial.probe.pair, []).append(trial)
    zones = {node.name: node.zone for node in record.inventory.nodes}
    figures = shown_figures(test)
    return tuple(
        PairFigures(pair, zones.get(pair[0].node) != zones.get(pair[1].node), _values(figures, tried))
        for pair, tried in trials.items()
    )


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
    read = ((figure, [figure.metric.value(trial, figure.statistic) for trial in trials]) for figure in figures)
    found = ((figure, [value for value in values if value is not None]) for figure, values in read)
    return {figure.name: figure.metric.unit(median(values)) for figure, values in found if values}


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
        p5=quantity("p5"),
        p50=quantity("median"),
        p95=quantity("p95"),
        worst=figure.metric.unit(by_pair[worst_pair]),
        worst_pair=worst_pair,
    )
