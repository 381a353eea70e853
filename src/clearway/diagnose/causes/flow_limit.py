"""One flow gets far less than several together on the same road: each is limited by itself."""

from __future__ import annotations

from clearway.base.units import Rate
from clearway.diagnose.causes.case import Case
from clearway.diagnose.causes.full_windows import waited
from clearway.diagnose.ceilings import ceiling_of
from clearway.probe.parameters import TcpParameters
from clearway.probe.records import Reason

_MOST = 0.5
"""Share of its time that a flow waits for its window: then the window is what limits it."""


def flow_limit(case: Case) -> Reason | None:
    """On the road, as it does not wait for its own window."""
    found = case.flows.get("flows.single")
    if found is None or _waits(case):
        return None
    rate = found["one"]
    known = ceiling_of(case.record, case.nodes, rate) if isinstance(rate, Rate) else None
    ceiling = {} if known is None else {"ceiling": known.rate, "provider": known.name}
    return Reason("cause.flow-limit", {**found, **ceiling})


def one_flow(case: Case) -> Reason | None:
    """One flow's window is too small for the bandwidth-delay product of the road."""
    found = case.flows.get("flows.single")
    return Reason("cause.one-flow", dict(found)) if found is not None and _waits(case) else None


def _waits(case: Case) -> bool:
    alone = [trial for trial in case.through if _is_single(trial.probe.parameters)]
    shares = (waited(alone, part) for part in (lambda one: one.receiver_limited, lambda one: one.buffer_limited))
    return any(share is not None and share >= _MOST for share in shares)


def _is_single(parameters: object) -> bool:
    return isinstance(parameters, TcpParameters) and parameters.streams == 1
