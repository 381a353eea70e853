"""Many UDP flows between one pair, each from a port of its own: how each fared, from both halves of a trial.

A bundle of links, or equal-cost paths, spread flows by their ports. One bad member then hurts some flows and leaves
the others whole: the sum over all flows hides it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple

from clearway.base.units import Duration
from clearway.probe.measurement import Udp
from clearway.probe.records import Trial

_PACE = 0.02
"""Of a flow whose record does not say when it fell silent: the share of its datagrams that may be missing without a gap
in the sequence. A sender that had its CPU all the time sends that evenly."""


@dataclass(frozen=True)
class FlowLoss:
    """One flow inside the window."""

    port: int
    sent: int
    """Datagrams that it carried, or should have."""
    lost: int
    delay: Optional[Duration]

    @property
    def share(self) -> float:
        return self.lost / self.sent if self.sent else 0.0


def flow_losses(trial: Trial) -> Tuple[FlowLoss, ...]:
    """The flows of a trial, the worst first; () where there was one flow only, or a half is missing.

    A gap in the sequence numbers is loss. A flow that goes silent leaves no gap: what its sender should have sent in
    that time then counts. Fewer datagrams without a gap or a silence are a sender that did not send evenly.
    """
    sender, receiver = (half.measurement if half is not None else None for half in (trial.send, trial.serve))
    if not isinstance(sender, Udp) or not isinstance(receiver, Udp):
        return ()
    if sender.by_flow is None or receiver.by_flow is None or sender.sending_time is None:
        return ()
    share = min(1.0, trial.probe.window.duration.over(sender.sending_time))
    arrived = {flow.port: flow for flow in receiver.by_flow}
    found = []
    for flow in sender.by_flow:
        expected, seen = round(flow.datagrams * share), arrived.get(flow.port)
        if seen is None:
            found.append(FlowLoss(flow.port, expected, expected, None))
            continue
        gaps = seen.lost or 0
        silent = None if seen.silent is None else seen.silent.over(trial.probe.window.duration)
        lost = max(gaps, _unseen(expected, expected - seen.datagrams, silent))
        found.append(FlowLoss(flow.port, seen.datagrams + lost, lost, seen.delay))
    return tuple(sorted(found, key=lambda one: (-one.share, one.port)))


def _unseen(expected: int, missing: int, silent: Optional[float]) -> int:
    """Datagrams lost without a gap, of a flow that was silent for the last `silent` of the window."""
    if silent is None:
        return missing if missing > expected * _PACE else 0
    return max(0, min(missing, round(expected * silent)))
