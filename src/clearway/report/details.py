"""What an engineer looks at behind a verdict: the nodes, and how the worst pairs and one in the middle behaved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from clearway.base.units import Duration, Size
from clearway.ledger.record import Record
from clearway.probe.histogram import Histogram
from clearway.probe.measurement import Http, RoundTrip, Tcp
from clearway.probe.readings import measured
from clearway.probe.records import Pair, Trial
from clearway.report.document import CurvePart, NodePart, PercentilesPart
from clearway.verdict.trials import TrialIndex

_WORST = 2
"""Pairs shown of each test, beside one in the middle: more of them hide each other."""
_PERCENTILES = (50, 90, 99, 99.9)
T = TypeVar("T")
_Key = Callable[[T], float]


def node_parts(record: Record) -> Iterator[NodePart]:
    """All nodes of the inventory, with what the workers on them found."""
    workers = {worker.slot.node: worker for worker in record.workers}
    for node in record.inventory.nodes:
        worker = workers.get(node.name)
        yield NodePart(
            name=node.name,
            zone=node.zone,
            machine=node.on_machine,
            link=node.link,
            mtu=None if worker is None else worker.mtu,
            facts={} if worker is None else worker.facts,
        )


def curve_parts(record: Record) -> Iterator[CurvePart]:
    """Of TCP tests: the narrowest pairs, those that stood still the longest, and one in the middle."""
    for test, by_pair in _measured(record).items():
        curves = [curve for trials in by_pair.values() for trial in trials if (curve := _curve(test, trial))]
        still = [curve for curve in curves if curve.stall is not None and curve.stall.si > 0]
        longest = sorted(still, key=_stalled)[:1]
        shown = [*longest, *_worst_and_middle(curves, _mean)]
        yield from {id(curve): curve for curve in shown}.values()


def _curve(test: str, trial: Trial) -> CurvePart | None:
    flow = measured(trial.serve, Tcp)
    if flow is None or flow.series is None or flow.interval is None:
        return None
    sender, receiver = map(str, trial.probe.pair)
    return CurvePart(
        test=test,
        sender=sender,
        receiver=receiver,
        interval=flow.interval,
        rates=tuple(Size(size.si).per(flow.interval) for size in flow.series),
        stall=flow.stall,
        stalled_at=flow.stalled_at,
    )


def _mean(curve: CurvePart) -> float:
    return sum(rate.si for rate in curve.rates) / len(curve.rates)


def _stalled(curve: CurvePart) -> float:
    return -curve.stall.si if curve.stall is not None else 0.0


def percentile_parts(record: Record) -> Iterator[PercentilesPart]:
    """Of tests that time answers: the slowest pairs, and one in the middle."""
    for test, by_pair in _measured(record).items():
        found = [part for pair, trials in by_pair.items() if (part := _percentiles(test, pair, trials))]
        yield from _worst_and_middle(found, lambda part: -part.values["p99"].si)


def _percentiles(test: str, pair: Pair, trials: Sequence[Trial]) -> PercentilesPart | None:
    delays = Histogram.sum(delay for trial in trials if (delay := _delays(trial)) is not None)
    if delays.most is None:
        return None
    values = {f"p{percent:g}": Duration(delays.percentile(percent) or 0.0) for percent in _PERCENTILES}
    values["p100"] = Duration(delays.most)
    return PercentilesPart(test=test, sender=str(pair[0]), receiver=str(pair[1]), count=delays.count, values=values)


def _delays(trial: Trial) -> Histogram | None:
    http, round_trip = measured(trial.send, Http), measured(trial.send, RoundTrip)
    if http is not None:
        return http.latency
    return None if round_trip is None else round_trip.round_trip


def _worst_and_middle(found: Sequence[T], key: _Key[T]) -> Sequence[T]:
    """The worst by `key` first; all where there are few."""
    ordered = sorted(found, key=key)
    if len(ordered) <= _WORST + 1:
        return ordered
    return [*ordered[:_WORST], ordered[max(_WORST, len(ordered) // 2)]]


def _measured(record: Record) -> Mapping[str, Mapping[Pair, Sequence[Trial]]]:
    """The attempts whose values are figures, by test and pair."""
    index, found = record.derived(TrialIndex), defaultdict[str, dict[Pair, list[Trial]]](dict)
    for trial in record.trials:
        if trial.probe.is_figure and index.is_figure(trial):
            found[trial.probe.test].setdefault(trial.probe.pair, []).append(trial)
    return found
