"""What one attempt shows of each metric, as a distribution; None where the attempt does not carry it.

What datagrams show has a file of its own.
"""

from __future__ import annotations

from typing import Optional, Sequence, Type, TypeVar

from clearway.base.units import Rate
from clearway.probe.distribution import (
    AddedStats,
    ConnectingStats,
    Distribution,
    HistogramStats,
    LevelStats,
    SampleStats,
    SingleValue,
)
from clearway.probe.measurement import Http, RoundTrip, Tcp, Udp
from clearway.probe.parameters import UdpParameters
from clearway.probe.records import Result, Trial

M = TypeVar("M")


def measured(result: Optional[Result], kind: Type[M]) -> Optional[M]:
    """The measurement of one half if it has one of that kind."""
    if result is not None and isinstance(result.measurement, kind):
        return result.measurement
    return None


_SHORTEST = 0.1
"""Seconds. UDP is counted by 10 ms, in which one datagram more or less, or a row read late, is no level of its own."""


def throughput(trial: Trial) -> Optional[Distribution]:
    flow = measured(trial.serve, Tcp) or measured(trial.serve, Udp)
    if flow is None or flow.series is None or flow.interval is None:
        return None
    sizes, interval = [size.si for size in flow.series], flow.interval.si
    joined = min(max(1, round(_SHORTEST / interval)), len(sizes))
    ends = range(joined, len(sizes) + 1, joined)
    levels = tuple([_rate(sizes[end - joined : end], interval) for end in ends])
    return LevelStats(levels, _rate(sizes, interval))


def _rate(sizes: Sequence[float], interval: float) -> float:
    """Bits per second, of bytes in intervals of so many seconds."""
    return sum(sizes) * 8 / (interval * len(sizes))


def rate_tried(trial: Trial) -> Optional[Distribution]:
    """Of one attempt of a search; which rate is the highest to hold, all of a pair's attempts show."""
    rate = offered(trial) if trial.probe.step is not None else None
    return None if rate is None else SingleValue(rate.si, 1)


def stall(trial: Trial) -> Optional[Distribution]:
    flow = measured(trial.serve, Tcp) or measured(trial.serve, Udp) or measured(trial.send, Http)
    return None if flow is None or flow.stall is None else SingleValue(flow.stall.si, 1)


def connect(trial: Trial) -> Optional[Distribution]:
    sender, client = measured(trial.send, Tcp), measured(trial.send, Http)
    if client is not None and client.connect is not None:
        return ConnectingStats(client.connect)
    return SampleStats(tuple(one.si for one in sender.connect)) if sender is not None and sender.connect else None


def latency(trial: Trial) -> Optional[Distribution]:
    client = measured(trial.send, Http)
    return HistogramStats(client.latency) if client is not None and client.latency.count else None


def request_rate(trial: Trial) -> Optional[Distribution]:
    client, window = measured(trial.send, Http), trial.probe.window.duration
    if client is None or not client.latency.count or client.span.si <= 0:
        return None
    if client.answers is None or client.interval is None:
        return SingleValue(client.latency.count / client.span.si, client.latency.count)
    last = window - client.interval * (len(client.answers) - 1)
    lengths = [*[client.interval] * (len(client.answers) - 1), last]
    rates = tuple(count / length.si for count, length in zip(client.answers, lengths))
    return LevelStats(rates, sum(client.answers) / window.si)


def errors(trial: Trial) -> Optional[Distribution]:
    client = measured(trial.send, Http)
    if client is None:
        return None
    failed = sum(client.errors.values())
    return SingleValue(float(failed), client.latency.count + failed)


def retransmits(trial: Trial) -> Optional[Distribution]:
    sender = measured(trial.send, Tcp)
    if sender is None or sender.retransmits is None:
        return None
    return SingleValue(float(sender.retransmits), 1)


def tcp_rtt(trial: Trial) -> Optional[Distribution]:
    sender = measured(trial.send, Tcp)
    return SampleStats(tuple(rtt.si for rtt in sender.rtt)) if sender is not None and sender.rtt else None


def round_trip(trial: Optional[Trial]) -> Optional[HistogramStats]:
    client = None if trial is None else measured(trial.send, RoundTrip)
    return HistogramStats(client.round_trip) if client is not None and client.round_trip.count else None


def idle_round_trip(trial: Trial) -> Optional[Distribution]:
    return round_trip(trial.idle)


def added_delay(trial: Trial) -> Optional[Distribution]:
    loaded, idle = round_trip(trial), round_trip(trial.idle)
    return None if loaded is None or idle is None else AddedStats(loaded, idle)


def round_trips_per_minute(trial: Trial) -> Optional[Distribution]:
    """One after the other, each as long as the mean one under load (draft-ietf-ippm-responsiveness says RPM)."""
    found = round_trip(trial) if trial.probe.background is not None else None
    mean = None if found is None else found.statistic("mean")
    return SingleValue(_MINUTE / mean, found.count) if found is not None and mean else None


_MINUTE = 60.0


def path_mtu(trial: Trial) -> Optional[Distribution]:
    return None if trial.path_mtu is None else SingleValue(trial.path_mtu.si, 1)


def offered(trial: Trial) -> Optional[Rate]:
    """The rate a UDP probe was asked to send, payload bits; None for other protocols."""
    parameters = trial.probe.parameters
    return parameters.rate if isinstance(parameters, UdpParameters) else None
