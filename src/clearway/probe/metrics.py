"""The metric table: what can be asked of a trial, in which unit, and which way is better.

The criterion grammar, the verdict, `explain` and the wording all read this one table. A metric's
`read` gives the values inside one trial as a distribution, or None where the trial doesn't carry it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Callable, Mapping, Optional, Sequence, Tuple, Type, TypeVar

from clearway.base.units import Count, Duration, Frequency, Quantity, Rate, Ratio, Size
from clearway.probe import datagrams
from clearway.probe.distribution import (
    PERCENTILE,
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

_EXTREMES = ("min", "max")
"""One single sample decides them."""


class Better(str, Enum):
    HIGHER = "higher"
    LOWER = "lower"


class Question(str, Enum):
    """What a metric answers, as a person asks who knows no metric."""

    WIDE = "wide"
    QUICK = "quick"
    WHOLE = "whole"
    """Does everything arrive, and evenly?"""


@dataclass(frozen=True)
class Contrast:
    """What difference between pairs is worth a word, of the usual statistic of a metric: they are compared to find a
    fault.
    """

    worse: float
    """The least factor by which pairs are worse than the rest."""
    noise: float
    """The least relative noise that is assumed of one measurement: what is alike by chance is no finer measure."""
    least: float = 0.0
    """In SI units: values below are alike."""
    by_distance: bool = False
    """Whether distance alone makes zones differ."""


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
    """Protocols whose tests, if they have no criteria, get a limit of this metric, of its usual statistic."""
    finest: Optional[float] = None
    """The least limit, in SI units, that is made from a run: about what the tools count it in."""
    of_road: bool = False
    """Whether it is known of a road before the first round: what becomes of attempts does not change it."""
    contrast: Optional[Contrast] = None
    """How pairs are compared by it to find where a fault lies; None: they are not."""
    needs: Optional[str] = None
    """Field of a test, as a spec writes it, without which its probes don't carry it."""
    laddered: Optional[str] = None
    """The statistic that the rungs of a ladder are compared by; None: they are not compared by this metric."""
    question: Question = Question.WHOLE

    @property
    def usual(self) -> str:
        """The statistic that a limit has if no person chose one."""
        return self.default or [name for name in self.shown if name not in _EXTREMES][-1]

    def allows(self, statistic: str) -> bool:
        if "pNN" in self.statistics and PERCENTILE.fullmatch(statistic):
            return True
        return statistic in self.statistics and statistic != "pNN"

    def value(self, trial: Trial, statistic: str) -> Optional[float]:
        """One statistic of an attempt, in SI units; None if the attempt does not carry it."""
        values = self.values(trial)
        return None if values is None else values.statistic(statistic)

    def values(self, trial: Trial) -> Optional[Distribution]:
        """What `read` makes of an attempt, made once: verdict, diagnosis and report ask for the same."""
        if self.name not in trial.read:
            trial.read[self.name] = self.read(trial)
        found: Optional[Distribution] = trial.read[self.name]
        return found


def measured(result: Optional[Result], kind: Type[M]) -> Optional[M]:
    """The measurement of one half if it has one of that kind."""
    if result is not None and isinstance(result.measurement, kind):
        return result.measurement
    return None


_SHORTEST = 0.1
"""Seconds. UDP is counted by 10 ms, in which one datagram more or less, or a row read late, is no level of its own."""


def _throughput(trial: Trial) -> Optional[Distribution]:
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


def _rate_tried(trial: Trial) -> Optional[Distribution]:
    """Of one attempt of a search; which rate is the highest to hold, all of a pair's attempts show."""
    rate = offered(trial) if trial.probe.step is not None else None
    return None if rate is None else SingleValue(rate.si, 1)


def _stall(trial: Trial) -> Optional[Distribution]:
    flow = measured(trial.serve, Tcp) or measured(trial.serve, Udp) or measured(trial.send, Http)
    return None if flow is None or flow.stall is None else SingleValue(flow.stall.si, 1)


def _connect(trial: Trial) -> Optional[Distribution]:
    sender, client = measured(trial.send, Tcp), measured(trial.send, Http)
    if client is not None and client.connect is not None:
        return ConnectingStats(client.connect)
    return SampleStats(tuple(one.si for one in sender.connect)) if sender is not None and sender.connect else None


def _latency(trial: Trial) -> Optional[Distribution]:
    client = measured(trial.send, Http)
    return HistogramStats(client.latency) if client is not None and client.latency.count else None


def _request_rate(trial: Trial) -> Optional[Distribution]:
    client, window = measured(trial.send, Http), trial.probe.window.duration
    if client is None or not client.latency.count or client.span.si <= 0:
        return None
    if client.answers is None or client.interval is None:
        return SingleValue(client.latency.count / client.span.si, client.latency.count)
    last = window - client.interval * (len(client.answers) - 1)
    lengths = [*[client.interval] * (len(client.answers) - 1), last]
    rates = tuple(count / length.si for count, length in zip(client.answers, lengths))
    return LevelStats(rates, sum(client.answers) / window.si)


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


def _round_trip(trial: Optional[Trial]) -> Optional[HistogramStats]:
    client = None if trial is None else measured(trial.send, RoundTrip)
    return HistogramStats(client.round_trip) if client is not None and client.round_trip.count else None


def _idle_round_trip(trial: Trial) -> Optional[Distribution]:
    return _round_trip(trial.idle)


def _added_delay(trial: Trial) -> Optional[Distribution]:
    loaded, idle = _round_trip(trial), _round_trip(trial.idle)
    return None if loaded is None or idle is None else AddedStats(loaded, idle)


def _round_trips_per_minute(trial: Trial) -> Optional[Distribution]:
    """One after the other, each as long as the mean one under load (draft-ietf-ippm-responsiveness says RPM)."""
    found = _round_trip(trial) if trial.probe.background is not None else None
    mean = None if found is None else found.statistic("mean")
    return SingleValue(_MINUTE / mean, found.count) if found is not None and mean else None


_MINUTE = 60.0


def _path_mtu(trial: Trial) -> Optional[Distribution]:
    return None if trial.path_mtu is None else SingleValue(trial.path_mtu.si, 1)


_LEVELS = ("mean", "median", "min", "max")
_DELAYS = ("mean", "median", "max", "pNN")
_LONGEST = ("mean", "max")
_TOTAL = ("total",)
_ONCE = (_TOTAL, "total")
"""Statistics and default of a single value over the whole session."""
_USUAL = ("median", "p99")
_HIGHER, _LOWER = Better.HIGHER, Better.LOWER
_WIDE, _QUICK = Question.WIDE, Question.QUICK

THROUGHPUT = Metric(
    *("throughput", Rate, _HIGHER, _LEVELS, "mean", ("tcp", "udp"), _throughput),
    summable=True,
    shown=("mean", "min"),
    rank=2,
    baseline=("tcp",),
    laddered="mean",
    # Pairs of one network that work alike differ by some per cent.
    contrast=Contrast(10 / 9, 0.02),
    question=_WIDE,
)
LOSS = Metric(
    *("loss", Ratio, _LOWER, *_ONCE, ("udp",), datagrams.loss),
    shown=_TOTAL,
    rank=0,
    baseline=("udp",),
    # A tenth of the profiles' limit counts as none. Few losses scatter much.
    contrast=Contrast(3, 0.35, least=1e-4),
)
DUPLICATES = Metric("duplicates", Ratio, _LOWER, *_ONCE, ("udp",), datagrams.duplicates, shown=_TOTAL)
METRICS: Mapping[str, Metric] = {
    metric.name: metric
    for metric in (
        THROUGHPUT,
        Metric(
            *("packet-rate", Frequency, _HIGHER, _LEVELS, "mean", ("udp",), datagrams.packet_rate),
            summable=True,
            question=_WIDE,
        ),
        LOSS,
        Metric("host-loss", Ratio, _LOWER, *_ONCE, ("udp",), datagrams.host_loss, shown=_TOTAL),
        Metric("reorder", Ratio, _LOWER, *_ONCE, ("udp",), datagrams.reorder, shown=_TOTAL),
        Metric("flow-loss", Ratio, _LOWER, *_ONCE, ("udp",), datagrams.flow_loss, shown=_TOTAL),
        DUPLICATES,
        Metric("highest-rate", Rate, _HIGHER, *_ONCE, ("udp",), _rate_tried, shown=_TOTAL, rank=0, needs="search"),
        Metric(
            *("jitter", Duration, _LOWER, _DELAYS, None, ("udp",), datagrams.jitter),
            shown=("p95",),
            rank=0,
            baseline=("udp",),
            finest=1e-4,
            contrast=Contrast(2, 0.2, least=1e-4),
        ),
        Metric(
            *("latency", Duration, _LOWER, _DELAYS, None, ("http",), _latency),
            shown=(*_USUAL, "max"),
            baseline=("http",),
            laddered="median",
            # Below 0.1 ms, or 20 us where nothing else is on the road, the machines' own delays differ.
            contrast=Contrast(1.5, 0.1, least=1e-4, by_distance=True),
            question=_QUICK,
        ),
        Metric(
            *("request-rate", Frequency, _HIGHER, ("total", "min"), "total", ("http",), _request_rate),
            summable=True,
            shown=("total", "min"),
            question=_QUICK,
        ),
        Metric("errors", Count, _LOWER, *_ONCE, ("http",), _errors, summable=True, shown=_TOTAL, question=_QUICK),
        Metric(
            *("stall", Duration, _LOWER, *_ONCE, ("tcp", "udp", "http"), _stall),
            shown=_TOTAL,
            rank=2,
            finest=0.1,
            # A worker without CPU makes gaps of 0.1 s by itself.
            contrast=Contrast(2, 0.2, least=0.1),
        ),
        Metric(
            *("connect", Duration, _LOWER, _LONGEST, "max", ("tcp", "http"), _connect),
            shown=("max",),
            rank=2,
            laddered="mean",
            question=_QUICK,
        ),
        Metric("retransmits", Count, _LOWER, *_ONCE, ("tcp",), _retransmits, summable=True, shown=_TOTAL, rank=2),
        Metric(
            *("tcp-rtt", Duration, _LOWER, _DELAYS, None, ("tcp",), _tcp_rtt),
            shown=("p95",),
            rank=2,
            question=_QUICK,
        ),
        Metric(
            *("round-trip", Duration, _LOWER, _DELAYS, None, ("round-trip",), _round_trip),
            shown=_USUAL,
            baseline=("round-trip",),
            laddered="median",
            contrast=Contrast(1.5, 0.1, least=2e-5, by_distance=True),
            question=_QUICK,
        ),
        Metric(
            *("idle-round-trip", Duration, _LOWER, _DELAYS, None, ("round-trip",), _idle_round_trip),
            shown=("p99", "median"),
            needs="against-idle",
            question=_QUICK,
            contrast=Contrast(1.5, 0.1, least=2e-5, by_distance=True),
        ),
        Metric(
            *("added-delay", Duration, _LOWER, ("median", "pNN"), None, ("round-trip",), _added_delay),
            shown=("median", "p95"),
            rank=0,
            needs="against-idle",
            question=_QUICK,
        ),
        Metric(
            *("rpm", Count, _HIGHER, ("mean",), "mean", ("round-trip",), _round_trips_per_minute),
            shown=("mean",),
            rank=0,
            needs="background",
            question=_QUICK,
        ),
        Metric("path-mtu", Size, _HIGHER, *_ONCE, ("tcp", "udp", "http", "round-trip"), _path_mtu, of_road=True),
    )
}


def offered(trial: Trial) -> Optional[Rate]:
    """The rate a UDP probe was asked to send, payload bits; None for other protocols."""
    parameters = trial.probe.parameters
    return parameters.rate if isinstance(parameters, UdpParameters) else None
