"""What became of a trial's datagrams, from both of its halves: lost on the way or in the host, doubled, out of order.

Many flows between one pair, each from a port of its own, are also read one by one. A bundle of links, or equal-cost
paths, spread flows by their ports. One bad member then hurts some flows and leaves the others whole: the sum over all
flows hides it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple

from clearway.base.units import Duration
from clearway.probe.distribution import Distribution, SampleStats, SingleValue
from clearway.probe.measurement import Udp
from clearway.probe.records import Result, Trial

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
    sender, receiver = _udp(trial.send), _udp(trial.serve)
    if sender is None or receiver is None:
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


def _udp(result: Optional[Result]) -> Optional[Udp]:
    """The measurement of one half of a UDP probe, if it has one."""
    return result.measurement if result is not None and isinstance(result.measurement, Udp) else None


def packet_rate(trial: Trial) -> Optional[Distribution]:
    flow = _udp(trial.serve)
    if flow is None or flow.datagrams is None or flow.interval is None:
        return None
    return SampleStats(tuple(n / flow.interval.si for n in flow.datagrams))


def host_drops(trial: Trial) -> Optional[int]:
    """Datagrams that reached the probe's own socket and found its buffer full.

    None if its count could not be read; they then count as lost on the way. So does what arrived damaged, which the
    socket counts too.
    """
    counters = trial.serve.counters if trial.serve else None
    if counters is None or counters.socket_drops is None:
        return None
    return max(0, counters.socket_drops - (counters.udp_checksum_errors or 0))


def _missing(trial: Trial) -> Optional[Tuple[int, int]]:
    """Datagrams sent, and of these not received: by both counts or by sequence numbers, whichever are more.

    Over the whole session, but of many flows inside the window.
    """
    if flows := flow_losses(trial):
        return sum(flow.sent for flow in flows), sum(flow.lost for flow in flows)
    sender, receiver = _udp(trial.send), _udp(trial.serve)
    if sender is None or not sender.sent or receiver is None or receiver.received is None:
        return None
    if receiver.lost_by_sequence is None and receiver.received > sender.sent:
        return None  # copies hide the losses, and no sequence numbers show them
    by_count = sender.sent - (receiver.received - (receiver.duplicates or 0))
    return sender.sent, min(sender.sent, max(0, by_count, receiver.lost_by_sequence or 0))


def loss(trial: Trial) -> Optional[Distribution]:
    if (found := _missing(trial)) is None:
        return None
    sent, missing = found
    return SingleValue(max(0, missing - (host_drops(trial) or 0)) / sent, sent, _losses_in_time(trial))


def _losses_in_time(trial: Trial) -> Tuple[Tuple[int, int], ...]:
    """Datagrams of each interval, and of these lost."""
    receiver = _udp(trial.serve)
    if receiver is None or receiver.datagrams is None or receiver.losses is None:
        return ()
    return tuple((came + lost, lost) for came, lost in zip(receiver.datagrams, receiver.losses))


def host_loss(trial: Trial) -> Optional[Distribution]:
    found, drops = _missing(trial), host_drops(trial)
    if found is None or drops is None:
        return None
    sent, missing = found
    return SingleValue(min(missing, drops) / sent, sent)


def reorder(trial: Trial) -> Optional[Distribution]:
    receiver = _udp(trial.serve)
    if receiver is None or receiver.reordered is None or not receiver.received:
        return None
    return SingleValue(receiver.reordered / receiver.received, receiver.received)


def flow_loss(trial: Trial) -> Optional[Distribution]:
    flows = flow_losses(trial)
    return SingleValue(flows[0].share, flows[0].sent) if flows else None


def duplicates(trial: Trial) -> Optional[Distribution]:
    receiver = _udp(trial.serve)
    if receiver is None or not receiver.received or (copies := _copies(trial, receiver)) is None:
        return None
    return SingleValue(copies / receiver.received, receiver.received)


def _copies(trial: Trial, receiver: Udp) -> Optional[int]:
    """As the receiver knows them; without sequence numbers at least what came above what was sent."""
    sender = _udp(trial.send)
    if receiver.duplicates is not None or sender is None or sender.sent is None or receiver.received is None:
        return receiver.duplicates
    return receiver.received - sender.sent if receiver.received > sender.sent else None


def jitter(trial: Trial) -> Optional[Distribution]:
    receiver = _udp(trial.serve)
    if receiver is None or not receiver.jitter:
        return None
    return SampleStats(tuple(one.si for one in receiver.jitter))
