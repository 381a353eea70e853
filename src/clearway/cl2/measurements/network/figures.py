"""From a run's record to PerfData: the figures that ClusterLoader2 gives, in its units, and each pair beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, median

from clearway.cl2.measurements.network.request import NetworkStartParameters
from clearway.cl2.perf_data import Item
from clearway.ledger.record import Record
from clearway.probe.distribution import Distribution, SampleStats, SingleValue
from clearway.probe.metrics import METRICS
from clearway.probe.records import Outcome, Pair, Role, Trial
from clearway.verdict.attempt import outcome

_KBYTE = 1024 * 8
"""Bits in what iperf calls a kbyte."""


@dataclass(frozen=True)
class PerfFigure:
    """One of ClusterLoader2's metrics, and clearway's metric for it."""

    name: str
    unit: str
    metric: str
    statistic: str
    per_si: float
    """How many of its units are in one SI unit."""


FIGURES: Mapping[str, Sequence[PerfFigure]] = {
    "TCP": (PerfFigure("Throughput", "kbytes/sec", "throughput", "mean", 1 / _KBYTE),),
    "UDP": (
        PerfFigure("Packet_Per_Second", "pps", "packet-rate", "mean", 1.0),
        PerfFigure("Jitter", "ms", "jitter", "mean", 1e3),
        PerfFigure("Lost_Packets", "percentage", "loss", "total", 100.0),
    ),
    "HTTP": (PerfFigure("Response_Time", "seconds", "latency", "mean", 1.0),),
}
"""UDP's one-way latency is not among them: it would be the difference of two nodes' clocks."""

_ALL_NODES: Mapping[str, str] = {"Sender": "all", "Receiver": "all"}
_INSIDE: Mapping[str, str] = {"Perc05": "p5", "Perc50": "p50", "Perc95": "p95", "Perc99": "p99"}


def items(record: Record, params: NetworkStartParameters) -> Iterator[Item]:
    """For each metric one item over all pairs, then one for each pair, with its nodes.

    Every item has every label: perfdash's page chooses a value for each label that it has seen, and finds only what
    has them all.
    """
    by_pair = _measured(record)
    for figure in FIGURES[params.protocol]:
        values = {pair: found for pair, trials in by_pair.items() if (found := _value(figure, trials)) is not None}
        labels = {"Metric": figure.name, "Protocol": params.protocol, "Ratio": params.ratio}
        if params.ratio == "1:1":
            for pair, value in values.items():
                yield Item({"Value": value}, figure.unit, {**labels, **_nodes(pair), "Over": "pairs"})
        elif values:
            yield Item(_over(tuple(values.values())), figure.unit, {**labels, **_ALL_NODES, "Over": "pairs"})
        for pair in values:
            yield Item(_inside(figure, by_pair[pair]), figure.unit, {**labels, **_nodes(pair), "Over": "samples"})


def without_data(record: Record) -> Iterator[tuple[Pair, Outcome]]:
    """Each planned pair that no attempt measured, with the outcome of the last attempt."""
    planned = (probe for round_ in record.plan for probe in round_.probes if probe.role is not Role.BACKGROUND)
    last = {probe.pair: Outcome.NOT_RUN for probe in planned}
    for trial in record.trials:
        if last.get(trial.probe.pair) not in (None, Outcome.MEASURED):
            last[trial.probe.pair] = outcome(trial)
    return ((pair, found) for pair, found in last.items() if found is not Outcome.MEASURED)


def _measured(record: Record) -> dict[Pair, list[Trial]]:
    found: dict[Pair, list[Trial]] = {}
    for trial in record.trials:
        if trial.probe.is_figure and outcome(trial) is Outcome.MEASURED:
            found.setdefault(trial.probe.pair, []).append(trial)
    return found


def _value(figure: PerfFigure, trials: Sequence[Trial]) -> float | None:
    """Of one pair: the median of its repeats."""
    read = (values.statistic(figure.statistic) for values in _distributions(figure, trials))
    found = [value * figure.per_si for value in read if value is not None]
    return median(found) if found else None


def _distributions(figure: PerfFigure, trials: Sequence[Trial]) -> Iterator[Distribution]:
    for trial in trials:
        if (values := METRICS[figure.metric].read(trial)) is not None:
            yield values


def _over(values: tuple[float, ...]) -> dict[str, float]:
    """Over pairs: percentiles by nearest rank, as ClusterLoader2 has them, and the mean."""
    ordered = SampleStats(values)
    ranks = {name: ordered.statistic(statistic) for name, statistic in _INSIDE.items() if name != "Perc99"}
    return {**{name: value for name, value in ranks.items() if value is not None}, "Mean": mean(values)}


def _inside(figure: PerfFigure, trials: Sequence[Trial]) -> dict[str, float]:
    """Inside the latest attempt at a pair: over its intervals or requests, if the metric has several values."""
    (*_, values) = _distributions(figure, trials)
    single = isinstance(values, SingleValue) or values.count == 1
    names = {"Mean": figure.statistic} if single else {"Mean": "mean", **_INSIDE}
    read = {name: values.statistic(statistic) for name, statistic in names.items()}
    return {name: value * figure.per_si for name, value in read.items() if value is not None}


def _nodes(pair: Pair) -> dict[str, str]:
    return {"Sender": str(pair[0]), "Receiver": str(pair[1])}
