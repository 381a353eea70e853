"""The metric table: what can be asked of a trial, in which unit, and which way is better.

The criterion grammar, the verdict, `explain` and the wording all read this one table. A metric's
`read` gives the values inside one trial as a distribution, or None where the trial doesn't carry it.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import Enum
from typing import Callable, Mapping, Optional, Protocol, Tuple, Type, TypeVar

from clearway.base.units import Count, Duration, Frequency, Quantity, Rate, Ratio
from clearway.probe.measurement import Histogram, Http, RoundTrip, Tcp, Udp, rank
from clearway.probe.parameters import UdpParameters
from clearway.probe.records import Result, Trial

M = TypeVar("M")

PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d+)?)")


class Better(str, Enum):
    HIGHER = "higher"
    LOWER = "lower"


class Distribution(Protocol):
    """The values inside one trial, in the metric's SI unit."""

    @property
    def count(self) -> int:
        """How many samples stand behind any statistic."""

    def statistic(self, name: str) -> Optional[float]:
        """`mean`, `median`, `min`, `max`, `pNN` or `total`; None if there are no values."""


@dataclass(frozen=True)
class SampleStats:
    """Values kept one by one: statistics are exact, percentiles by nearest rank."""

    values: Tuple[float, ...]

    @property
    def count(self) -> int:
        return len(self.values)

    def statistic(self, name: str) -> Optional[float]:
        if not self.values:
            return None
        ordered = sorted(self.values)
        if name == "mean":
            return math.fsum(ordered) / len(ordered)
        if name == "min":
            return ordered[0]
        if name == "max":
            return ordered[-1]
        return ordered[rank(percent(name), len(ordered)) - 1]


@dataclass(frozen=True)
class HistogramStats:
    """Values kept as a histogram: percentiles to 0.8 %, the rest exact."""

    histogram: Histogram

    @property
    def count(self) -> int:
        return self.histogram.count

    def statistic(self, name: str) -> Optional[float]:
        histogram = self.histogram
        if not histogram.count:
            return None
        if name == "mean":
            return histogram.total / histogram.count
        if name == "min":
            return histogram.least
        if name == "max":
            return histogram.most
        return histogram.percentile(percent(name))


@dataclass(frozen=True)
class SingleValue:
    """One value over the whole session, from `count` events."""

    value: float
    count: int

    def statistic(self, name: str) -> Optional[float]:
        return self.value


def percent(statistic: str) -> float:
    """`median` is 50, `p99.9` is 99.9; raises ValueError on anything else."""
    if statistic == "median":
        return 50.0
    if match := PERCENTILE.fullmatch(statistic):
        return float(match.group(1))
    raise ValueError(f"not a percentile: {statistic}")


@dataclass(frozen=True)
class Metric:
    name: str
    unit: Type[Quantity]
    better: Better
    statistics: Tuple[str, ...]
    """Statistics that make sense; `pNN` stands for any percentile."""
    default: Optional[str]
    """Statistic meant when none is written; None: it has to be named."""
    protocols: Tuple[str, ...]
    """Protocols whose probes carry it."""
    read: Callable[[Trial], Optional[Distribution]]
    summable: bool = False
    """Whether values of several pairs add up to something."""
    shown: Tuple[str, ...] = ()
    """Statistics that a report shows, asked for or not."""
    rank: int = 1
    """Where they stand among a test's figures: the lowest first, equal ones by the table's order."""
    baseline: Tuple[str, ...] = ()
    """Protocols whose tests, if they have no criteria, get a limit of this metric, of the last statistic shown."""

    def allows(self, statistic: str) -> bool:
        if "pNN" in self.statistics and PERCENTILE.fullmatch(statistic):
            return True
        return statistic in self.statistics and statistic != "pNN"

    def value(self, trial: Trial, statistic: str) -> Optional[float]:
        """One statistic of an attempt, in SI units; None if the attempt does not carry it."""
        values = self.read(trial)
        return None if values is None else values.statistic(statistic)


def measured(result: Optional[Result], kind: Type[M]) -> Optional[M]:
    """The measurement of one half if it has one of that kind."""
    if result is not None and isinstance(result.measurement, kind):
        return result.measurement
    return None


def _throughput(trial: Trial) -> Optional[Distribution]:
    flow = measured(trial.serve, Tcp) or measured(trial.serve, Udp)
    if flow is None or flow.series is None or flow.interval is None:
        return None
    return SampleStats(tuple(size.per(flow.interval).si for size in flow.series))


def _packet_rate(trial: Trial) -> Optional[Distribution]:
    flow = measured(trial.serve, Udp)
    if flow is None or flow.datagrams is None or flow.interval is None:
        return None
    return SampleStats(tuple(n / flow.interval.si for n in flow.datagrams))


def host_drops(trial: Trial) -> Optional[int]:
    """Datagrams that reached the receiver's host but not its socket: RcvbufErrors around the probe.

    None if the kernel's counters do not say which probe's they were; they then count as lost on the way.
    """
    counters = trial.serve.counters if trial.serve else None
    return counters.udp_rcvbuf_errors if counters else None


def _missing(trial: Trial) -> Optional[Tuple[int, int]]:
    """Datagrams sent, and of these not received."""
    sender, receiver = measured(trial.send, Udp), measured(trial.serve, Udp)
    if sender is None or not sender.sent or receiver is None or receiver.received is None:
        return None
    return sender.sent, max(0, sender.sent - receiver.received)


def _loss(trial: Trial) -> Optional[Distribution]:
    if (found := _missing(trial)) is None:
        return None
    sent, missing = found
    return SingleValue(max(0, missing - (host_drops(trial) or 0)) / sent, sent)


def _host_loss(trial: Trial) -> Optional[Distribution]:
    found, drops = _missing(trial), host_drops(trial)
    if found is None or drops is None:
        return None
    sent, missing = found
    return SingleValue(min(missing, drops) / sent, sent)


def _reorder(trial: Trial) -> Optional[Distribution]:
    receiver = measured(trial.serve, Udp)
    if receiver is None or receiver.reordered is None or not receiver.received:
        return None
    return SingleValue(receiver.reordered / receiver.received, receiver.received)


def _jitter(trial: Trial) -> Optional[Distribution]:
    receiver = measured(trial.serve, Udp)
    if receiver is None or not receiver.jitter:
        return None
    return SampleStats(tuple(jitter.si for jitter in receiver.jitter))


def _latency(trial: Trial) -> Optional[Distribution]:
    client = measured(trial.send, Http)
    return HistogramStats(client.latency) if client is not None and client.latency.count else None


def _request_rate(trial: Trial) -> Optional[Distribution]:
    client = measured(trial.send, Http)
    if client is None or not client.latency.count or client.span.si <= 0:
        return None
    return SingleValue(client.latency.count / client.span.si, client.latency.count)


def _errors(trial: Trial) -> Optional[Distribution]:
    client = measured(trial.send, Http)
    if client is None:
        return None
    failed = sum(client.errors.values())
    return SingleValue(float(failed), client.latency.count + failed)


def _retransmits(trial: Trial) -> Optional[Distribution]:
    sender = measured(trial.send, Tcp)
    if sender is None or sender.retransmits is None:
        return None
    return SingleValue(float(sender.retransmits), 1)


def _tcp_rtt(trial: Trial) -> Optional[Distribution]:
    sender = measured(trial.send, Tcp)
    return SampleStats(tuple(rtt.si for rtt in sender.rtt)) if sender is not None and sender.rtt else None


def _round_trip(trial: Trial) -> Optional[Distribution]:
    client = measured(trial.send, RoundTrip)
    return HistogramStats(client.round_trip) if client is not None and client.round_trip.count else None


_LEVELS = ("mean", "median", "min", "max")
_DELAYS = ("mean", "median", "max", "pNN")
_TOTAL = ("total",)
_ONCE = (_TOTAL, "total")
"""Statistics and default of a single value over the whole session."""
_USUAL = ("median", "p99")
_HIGHER, _LOWER = Better.HIGHER, Better.LOWER

THROUGHPUT = Metric(
    *("throughput", Rate, _HIGHER, _LEVELS, "mean", ("tcp", "udp"), _throughput),
    summable=True,
    shown=("mean",),
    rank=2,
    baseline=("tcp",),
)
METRICS: Mapping[str, Metric] = {
    metric.name: metric
    for metric in (
        THROUGHPUT,
        Metric("packet-rate", Frequency, _HIGHER, _LEVELS, "mean", ("udp",), _packet_rate, summable=True),
        Metric("loss", Ratio, _LOWER, *_ONCE, ("udp",), _loss, shown=_TOTAL, rank=0, baseline=("udp",)),
        Metric("host-loss", Ratio, _LOWER, *_ONCE, ("udp",), _host_loss, shown=_TOTAL),
        Metric("reorder", Ratio, _LOWER, *_ONCE, ("udp",), _reorder, shown=_TOTAL),
        Metric("jitter", Duration, _LOWER, _DELAYS, None, ("udp",), _jitter, shown=("p95",), rank=0, baseline=("udp",)),
        Metric("latency", Duration, _LOWER, _DELAYS, None, ("http",), _latency, shown=_USUAL, baseline=("http",)),
        Metric("request-rate", Frequency, _HIGHER, *_ONCE, ("http",), _request_rate, summable=True, shown=_TOTAL),
        Metric("errors", Count, _LOWER, *_ONCE, ("http",), _errors, summable=True, shown=_TOTAL),
        Metric("retransmits", Count, _LOWER, *_ONCE, ("tcp",), _retransmits, summable=True, shown=_TOTAL, rank=2),
        Metric("tcp-rtt", Duration, _LOWER, _DELAYS, None, ("tcp",), _tcp_rtt, shown=("p95",), rank=2),
        Metric(
            *("round-trip", Duration, _LOWER, _DELAYS, None, ("round-trip",), _round_trip),
            shown=_USUAL,
            baseline=("round-trip",),
        ),
    )
}


def offered(trial: Trial) -> Optional[Rate]:
    """The rate a UDP probe was asked to send, payload bits; None for other protocols."""
    parameters = trial.probe.parameters
    return parameters.rate if isinstance(parameters, UdpParameters) else None
