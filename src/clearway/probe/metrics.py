"""The metric table: what can be asked of a trial, in which unit, and which way is better.

The criterion grammar, the verdict, `explain` and the wording all read this one table. A metric's
`read` gives the values inside one trial as a distribution, or None where the trial doesn't carry it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Callable, Mapping, Optional, Tuple, Type

from clearway.base.units import Count, Duration, Frequency, Quantity, Rate, Ratio, Size
from clearway.probe import datagrams, readings
from clearway.probe.distribution import PERCENTILE, Distribution
from clearway.probe.records import Trial

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
    *("throughput", Rate, _HIGHER, _LEVELS, "mean", ("tcp", "udp"), readings.throughput),
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
        Metric(
            *("highest-rate", Rate, _HIGHER, *_ONCE, ("udp",), readings.rate_tried),
            shown=_TOTAL,
            rank=0,
            needs="search",
        ),
        Metric(
            *("jitter", Duration, _LOWER, _DELAYS, None, ("udp",), datagrams.jitter),
            shown=("p95",),
            rank=0,
            baseline=("udp",),
            finest=1e-4,
            contrast=Contrast(2, 0.2, least=1e-4),
        ),
        Metric(
            *("latency", Duration, _LOWER, _DELAYS, None, ("http",), readings.latency),
            shown=(*_USUAL, "max"),
            baseline=("http",),
            laddered="median",
            # Below 0.1 ms, or 20 us where nothing else is on the road, the machines' own delays differ.
            contrast=Contrast(1.5, 0.1, least=1e-4, by_distance=True),
            question=_QUICK,
        ),
        Metric(
            *("request-rate", Frequency, _HIGHER, ("total", "min"), "total", ("http",), readings.request_rate),
            summable=True,
            shown=("total", "min"),
            question=_QUICK,
        ),
        Metric(
            *("errors", Count, _LOWER, *_ONCE, ("http",), readings.errors),
            summable=True,
            shown=_TOTAL,
            question=_QUICK,
        ),
        Metric(
            *("stall", Duration, _LOWER, *_ONCE, ("tcp", "udp", "http"), readings.stall),
            shown=_TOTAL,
            rank=2,
            finest=0.1,
            # A worker without CPU makes gaps of 0.1 s by itself.
            contrast=Contrast(2, 0.2, least=0.1),
        ),
        Metric(
            *("connect", Duration, _LOWER, _LONGEST, "max", ("tcp", "http"), readings.connect),
            shown=("max",),
            rank=2,
            laddered="mean",
            question=_QUICK,
        ),
        Metric(
            *("retransmits", Count, _LOWER, *_ONCE, ("tcp",), readings.retransmits),
            summable=True,
            shown=_TOTAL,
            rank=2,
        ),
        Metric(
            *("tcp-rtt", Duration, _LOWER, _DELAYS, None, ("tcp",), readings.tcp_rtt),
            shown=("p95",),
            rank=2,
            question=_QUICK,
        ),
        Metric(
            *("round-trip", Duration, _LOWER, _DELAYS, None, ("round-trip",), readings.round_trip),
            shown=_USUAL,
            baseline=("round-trip",),
            laddered="median",
            contrast=Contrast(1.5, 0.1, least=2e-5, by_distance=True),
            question=_QUICK,
        ),
        Metric(
            *("idle-round-trip", Duration, _LOWER, _DELAYS, None, ("round-trip",), readings.idle_round_trip),
            shown=("p99", "median"),
            needs="against-idle",
            question=_QUICK,
            contrast=Contrast(1.5, 0.1, least=2e-5, by_distance=True),
        ),
        Metric(
            *("added-delay", Duration, _LOWER, ("median", "pNN"), None, ("round-trip",), readings.added_delay),
            shown=("median", "p95"),
            rank=0,
            needs="against-idle",
            question=_QUICK,
        ),
        Metric(
            *("rpm", Count, _HIGHER, ("mean",), "mean", ("round-trip",), readings.round_trips_per_minute),
            shown=("mean",),
            rank=0,
            needs="background",
            question=_QUICK,
        ),
        Metric(
            *("path-mtu", Size, _HIGHER, *_ONCE, ("tcp", "udp", "http", "round-trip"), readings.path_mtu),
            of_road=True,
        ),
    )
}
