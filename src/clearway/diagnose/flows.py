"""What the flows of a pair show that their sum hides: a bad member of a bundle, a limit per flow, a credit that ran
out, segments sent again, datagrams out of order or twice, a road that stood still. A network may rightly be so; its
buyer has to know.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from clearway.base.units import Duration, Rate, Ratio, Size
from clearway.ledger.record import Record
from clearway.plan.unseen import MANY_STREAMS
from clearway.probe.datagrams import FlowLoss, flow_losses
from clearway.probe.measurement import Tcp, Udp
from clearway.probe.metrics import DUPLICATES, THROUGHPUT
from clearway.probe.parameters import TcpParameters, UdpParameters
from clearway.probe.readings import measured
from clearway.probe.records import Finding, Pair, Severity, Trial
from clearway.verdict.attempt import sent_again
from clearway.verdict.thresholds import SENT_AGAIN
from clearway.verdict.trials import TrialIndex

_CHANCE = 0.001
"""How often chance alone may make a flow of one trial look bad, over all its flows."""
_LOSSY = 0.005
"""Loss of a flow that is worth a name: five times what the profiles allow."""
_DELAYED = Duration(0.001)
"""A flow that is later than the others by this and more: ten times what a switch adds, a fifth of what bulk data in
the way adds at 1 Gbit/s."""
_FEWEST = 4
"""Flows whose median delay says what is usual."""
_SHOWN = 10
"""Pairs of a kind listed, the worst first: more than a reader looks at. The results have them all."""
_ALONE = 0.5
"""Share of many streams under which one stream is limited. Without a limit per flow one stream carried more than 0.9
of eight on shaped links from 100 Mbit/s to 1 Gbit/s."""
_LONG = Duration(30)
"""Window from which its thirds are compared: shorter ones end before a usual credit does."""
_FALLEN = 0.8
"""Last third against the first. Thirds of a steady path differ by a few per cent."""

STOOD_STILL = Duration(0.3)
"""Over all flows at once. TCP that waits for its shortest timer, 0.2 s, after a loss shows less in rows of 0.1 s."""
_COPIES = 0.001
"""Share of datagrams. A network makes none; fewer may be what opens and closes a session."""
_OUT_OF_ORDER = 0.01
"""Share of datagrams. A path of one queue has none; TCP takes three in a row for a loss."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one attempt, or one pair, shows."""

    code: str
    pair: Pair
    badness: float
    """Of several that show the same, the larger is worse."""
    values: Mapping[str, object]

    def finding(self) -> Finding:
        sender, receiver = self.pair
        return Finding(self.code, Severity.WARNING, f"{sender.label} -> {receiver.label}", self.values)


def flow_findings(record: Record) -> Iterator[Finding]:
    """By kind: each pair once, with its worst attempt, the worst pairs first."""
    index = record.derived(TrialIndex)
    trials = [trial for trial in record.trials if _is_shown(trial) and index.is_figure(trial)]
    worst: dict[tuple[str, Pair], _Seen] = {}
    for seen in _all_seen(trials):
        known = worst.setdefault((seen.code, seen.pair), seen)
        if seen.badness > known.badness:
            worst[seen.code, seen.pair] = seen
    by_kind: dict[str, list[_Seen]] = {}
    for seen in worst.values():
        by_kind.setdefault(seen.code, []).append(seen)
    for found in by_kind.values():
        found.sort(key=lambda seen: -seen.badness)
        yield from (seen.finding() for seen in found[:_SHOWN])
        if len(found) > _SHOWN:
            yield Finding("flows.more", Severity.WARNING, values={"count": len(found) - _SHOWN})


def shown_by(trials: Sequence[Trial]) -> Mapping[str, Mapping[str, object]]:
    """What these attempts show: codes of findings, each with the values of the worst one."""
    worst: dict[str, _Seen] = {}
    for seen in _all_seen(trials):
        worst[seen.code] = max(worst.get(seen.code, seen), seen, key=lambda one: one.badness)
    return {code: seen.values for code, seen in worst.items()}


def _is_shown(trial: Trial) -> bool:
    """Not an attempt of a search, which drops datagrams on purpose."""
    return trial.probe.is_figure and trial.probe.step is None


def _all_seen(trials: Sequence[Trial]) -> Iterator[_Seen]:
    for trial in trials:
        yield from _stalled(trial)
        if isinstance(trial.probe.parameters, UdpParameters):
            yield from _of_udp(trial)
        elif isinstance(trial.probe.parameters, TcpParameters):
            yield from _of_tcp(trial)
    yield from _single_flows(trials)


def _stalled(trial: Trial) -> Iterator[_Seen]:
    flow = measured(trial.serve, Tcp) or measured(trial.serve, Udp)
    if flow is not None and flow.stall is not None and flow.stall >= STOOD_STILL:
        yield _Seen("flows.stalled", trial.probe.pair, flow.stall.si, {"length": flow.stall, "at": flow.stalled_at})


def _of_udp(trial: Trial) -> Iterator[_Seen]:
    pair, flows = trial.probe.pair, flow_losses(trial)
    if lossy := lossy_flows(flows):
        share = lossy[0].share
        values = {"count": len(lossy), "flows": len(flows), "worst": Ratio(share)}
        yield _Seen("flows.lossy", pair, share, values)
    if late := delayed_flows(flows):
        values = {"count": len(late), "flows": len(flows), "behind": max(late)}
        yield _Seen("flows.delayed", pair, max(late).si, values)
    receiver = measured(trial.serve, Udp)
    copies = DUPLICATES.value(trial, "total")
    if copies is not None and copies > _COPIES:
        yield _Seen("flows.duplicated", pair, copies, {"share": Ratio(copies)})
    if receiver is not None and receiver.received and receiver.reordered is not None:
        share = receiver.reordered / receiver.received
        if share > _OUT_OF_ORDER:
            yield _Seen("flows.out-of-order", pair, share, {"share": Ratio(share)})


def _of_tcp(trial: Trial) -> Iterator[_Seen]:
    """Segments sent again; and in a long test, what the last third carried of the first."""
    pair, window, flow = trial.probe.pair, trial.probe.window, measured(trial.serve, Tcp)
    if (again := sent_again(trial)) is not None and again[1].si > SENT_AGAIN.value:
        yield _Seen("flows.sent-again", pair, again[1].si, {"count": f"{again[0]:,}", "share": again[1]})
    if flow is not None and flow.series and flow.interval is not None and window.duration >= _LONG:
        third = len(flow.series) // 3
        first, last = (Size(sum(size.si for size in part)) for part in (flow.series[:third], flow.series[-third:]))
        if last < first * _FALLEN:
            length, rates = window.duration, (size.per(flow.interval * third) for size in (first, last))
            values = dict(zip(("first", "last"), rates, strict=True))
            yield _Seen("flows.fallen", pair, first.si - last.si, {**values, "length": length})


def lossy_flows(flows: Sequence[FlowLoss]) -> tuple[FlowLoss, ...]:
    """Flows that lost more than chance explains, if all had the loss of the median flow; the worst first."""
    if not flows:
        return ()
    usual = median(flow.share for flow in flows)
    return tuple(flow for flow in flows if flow.share >= _LOSSY and _is_outlier(flow, usual, len(flows)))


def _is_outlier(flow: FlowLoss, usual: float, flows: int) -> bool:
    """By the Poisson tail of its losses. A median of 0 only shows a usual loss below one datagram per flow."""
    expected = max(1.0, usual * flow.sent)
    below = math.fsum(math.exp(n * math.log(expected) - expected - math.lgamma(n + 1)) for n in range(flow.lost))
    return 1 - below < _CHANCE / flows


def delayed_flows(flows: Sequence[FlowLoss]) -> tuple[Duration, ...]:
    """How much later the late flows arrive than the median flow; both ends' clocks are the same for all."""
    known = [flow.delay.si for flow in flows if flow.delay is not None]
    if len(known) < _FEWEST:
        return ()
    usual = median(known)
    spread = median(abs(delay - usual) for delay in known)
    limit = max(_DELAYED.si, 10 * spread)
    return tuple(Duration(delay - usual) for delay in known if delay - usual >= limit)


def _single_flows(trials: Iterable[Trial]) -> Iterator[_Seen]:
    """Pairs whose single stream carried far less than several together."""
    alone: Mapping[Pair, list[float]] = defaultdict(list)
    many: Mapping[Pair, list[tuple[int, float]]] = defaultdict(list)
    for trial in trials:
        asked, rate = trial.probe.parameters, THROUGHPUT.value(trial, "mean")
        if not isinstance(asked, TcpParameters) or asked.rate is not None or rate is None:
            continue
        if asked.streams == 1:
            alone[trial.probe.pair].append(rate)
        elif asked.streams >= MANY_STREAMS:
            many[trial.probe.pair].append((asked.streams, rate))
    for pair in alone.keys() & many.keys():
        one, together, streams = median(alone[pair]), median(rate for _, rate in many[pair]), many[pair][0][0]
        if one < _ALONE * together:
            share = one / together
            values = {"one": Rate(one), "many": Rate(together), "streams": streams, "share": Ratio(share)}
            yield _Seen("flows.single", pair, -share, values)
