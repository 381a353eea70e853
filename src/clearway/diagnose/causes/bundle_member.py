"""Some flows of a pair lose much and the others almost nothing: one of several links or paths is bad."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from clearway.diagnose.causes.case import Case
from clearway.diagnose.flows import lossy_flows
from clearway.probe.datagrams import flow_losses
from clearway.probe.measurement import Tcp
from clearway.probe.readings import measured
from clearway.probe.records import Reason, Trial

_LITTLE = 0.1
"""Of what the worst flow loses: what the median one may lose."""


def bundle_member(case: Case) -> Reason | None:
    seen = [one for trial in case.through for one in (*_lossy(trial), *_dead(trial))]
    if not seen:
        return None
    count, flows = max(seen)
    return Reason("cause.bundle-member", {"count": count, "flows": flows})


def _lossy(trial: Trial) -> Iterator[tuple[int, int]]:
    flows = flow_losses(trial)
    lossy = lossy_flows(flows)
    if lossy and median(flow.share for flow in flows) <= _LITTLE * lossy[0].share:
        yield len(lossy), len(flows)


def _dead(trial: Trial) -> Iterator[tuple[int, int]]:
    receiver = measured(trial.serve, Tcp)
    flows = (receiver.by_stream or ()) if receiver is not None else ()
    silent = sum(size.si == 0 for size in flows)
    if silent and silent <= len(flows) / 2:
        yield silent, len(flows)
