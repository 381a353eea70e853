"""The road stands still for a moment, and carries as others do before or after that."""

from __future__ import annotations

from collections.abc import Sequence

from clearway.base.units import Duration
from clearway.diagnose.causes.case import Case, typical
from clearway.diagnose.flows import STOOD_STILL
from clearway.probe.measurement import Tcp, Udp
from clearway.probe.readings import measured
from clearway.probe.records import Reason, Trial

_SHORT, _GOOD = Duration(0.1), 0.8
_CARRIES = 0.5
"""Of a good interval elsewhere in the same test: a road that is slow all the time stands still now and then too."""


def outage(case: Case) -> Reason | None:
    found = case.flows.get("flows.stalled")
    still = [trial for trial in case.through if _stall(trial) >= STOOD_STILL.si]
    if found is None or not any(_carries(trial, case.elsewhere) for trial in still):
        return None
    return Reason("cause.outage", dict(found))


def _carries(trial: Trial, others: Sequence[Trial]) -> bool:
    asked = trial.probe.test, trial.probe.parameters
    usual = typical([_good(other) for other in others if (other.probe.test, other.probe.parameters) == asked])
    return _good(trial) > _CARRIES * (usual or 0.0)


def _good(trial: Trial) -> float:
    """Bytes of a good interval; 0: there is none. Short ones may hold a burst: of them one in five is better."""
    flow = measured(trial.serve, Tcp) or measured(trial.serve, Udp)
    if flow is None or not flow.series or flow.interval is None:
        return 0.0
    sizes = sorted(size.si for size in flow.series)
    return sizes[-1] if flow.interval >= _SHORT else sizes[int(_GOOD * (len(sizes) - 1))]


def _stall(trial: Trial) -> float:
    flow = measured(trial.serve, Tcp) or measured(trial.serve, Udp)
    return flow.stall.si if flow is not None and flow.stall is not None else 0.0
