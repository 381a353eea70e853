"""What a half of a probe brings back: its engine's output as one record per protocol, and what was seen beside it.

A half fills the fields that it saw; the others are None. Series are inside the window, in intervals of one fixed
length, in time order.

Latencies of millions of requests are kept as a log-linear histogram of a few hundred buckets. A value's bucket is its
binary exponent and its first 7 bits behind the leading one, so a bucket is at most 1/128 of its value wide: every
statistic is exact to 0.8 %. `least`, `most` and `total` are exact.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Annotated, Dict, Iterable, Mapping, Optional, Tuple, Union

from clearway.base.units import Duration, Rate, Size
from clearway.probe.codec import of
from clearway.probe.json_values import INTEGER, Codec

_STEPS = 128
"""Buckets per doubling."""


@dataclass(frozen=True)
class Histogram:
    """Non-negative values in one unit, which the holder of the histogram states."""

    buckets: Mapping[int, int] = field(default_factory=dict)
    """Bucket index -> how many values fell there."""
    count: int = 0
    total: float = 0.0
    least: Optional[float] = None
    most: Optional[float] = None

    @classmethod
    def of(cls, values: Iterable[float]) -> Histogram:
        """Count `values`; raises ValueError on a negative or non-finite one."""
        buckets: Dict[int, int] = {}
        count, total = 0, 0.0
        least, most = math.inf, -math.inf
        for value in values:
            index = _index(value)
            buckets[index] = buckets.get(index, 0) + 1
            count += 1
            total += value
            least, most = min(least, value), max(most, value)
        return cls(buckets, count, total, least, most) if count else cls()

    def percentile(self, p: float) -> Optional[float]:
        """Smallest bucket value that at least `p` per cent of the values don't exceed (nearest rank); None if empty."""
        if not self.count:
            return None
        assert self.least is not None and self.most is not None
        wanted = rank(p, self.count)
        seen = 0
        for index in sorted(self.buckets):
            seen += self.buckets[index]
            if seen >= wanted:
                return min(max(_middle(index), self.least), self.most)
        return self.most


def rank(p: float, count: int) -> int:
    """Nearest rank of the `p`th percentile among `count` ordered values, from 1."""
    # Rounded first: 99.9 / 100 x 1000 is a little more than 999 in binary, and is not meant to be 1000.
    return max(1, math.ceil(round(p / 100 * count, 6)))


def _index(value: float) -> int:
    if not 0 <= value < math.inf:
        raise ValueError(f"not a finite non-negative number: {value}")
    if value == 0:
        return _ZERO
    mantissa, exponent = math.frexp(value)
    return exponent * _STEPS + int((mantissa * 2 - 1) * _STEPS)


def _middle(index: int) -> float:
    if index == _ZERO:
        return 0.0
    exponent, step = divmod(index, _STEPS)
    return math.ldexp((1 + (step + 0.5) / _STEPS) / 2, exponent)


_ZERO = -1_000_000
"""The bucket of exact zeros: below every exponent a float has."""


_WHOLE_BYTES: Codec[Size] = Codec(
    lambda size: int(size.si), lambda data: Size(INTEGER.decode(data)), INTEGER.schema, "_bytes"
)
Sizes = Tuple[Annotated[Size, _WHOLE_BYTES], ...]
Seconds = Annotated[Histogram, replace(of(Histogram), suffix="_s")]


@dataclass(frozen=True)
class Tcp:
    """A bulk TCP half. The receiver (serve) fills the goodput, the sender (send) what its kernel knows."""

    kind = "tcp"

    interval: Optional[Duration] = None
    series: Optional[Sizes] = None
    """Goodput at the receiver, bytes an interval over all streams; never empty."""
    by_stream: Optional[Sizes] = None
    """Bytes a stream over the whole window, in order of connecting."""
    retransmits: Optional[int] = None
    """Segments sent again, from the instant to the end."""
    rtt: Optional[Tuple[Duration, ...]] = None
    """The kernel's smoothed RTT as sampled by the sender once an interval and stream."""


@dataclass(frozen=True)
class Udp:
    """A UDP half. Counts are over the whole session (loss has no warm-up), series inside the window."""

    kind = "udp"

    sent: Optional[int] = None
    """Datagrams the sender put on its socket."""
    sending_time: Optional[Duration] = None
    """How long the sender really sent."""
    sent_rate: Optional[Rate] = None
    """Payload rate the sender reached."""
    received: Optional[int] = None
    """Datagrams the receiver got; 0 is a proven silence: it listened throughout."""
    lost_by_sequence: Optional[int] = None
    """Gaps the receiver saw in the sequence numbers: a cross-check, blind to a dead tail."""
    reordered: Optional[int] = None
    interval: Optional[Duration] = None
    series: Optional[Sizes] = None
    """Payload received, bytes an interval."""
    jitter: Optional[Tuple[Duration, ...]] = None
    """RFC 1889 jitter at the end of each interval that had datagrams."""
    datagrams: Optional[Tuple[int, ...]] = None
    """Datagrams received, an interval."""


@dataclass(frozen=True)
class Http:
    """What the HTTP client saw inside the window."""

    kind = "http"

    latency: Seconds
    """Seconds from sending a request to having its whole response; successful requests only."""
    errors: Mapping[str, int]
    """Requests without a 2xx answer, by kind; empty is a proven none."""
    span: Duration
    """From the first request's start to the last one's end, inside the window."""


@dataclass(frozen=True)
class RoundTrip:
    """Messages that went there and back inside the window."""

    kind = "round-trip"

    round_trip: Seconds
    """Seconds a full round trip."""
    sent: int
    received: int


Measurement = Union[Tcp, Udp, Http, RoundTrip]


@dataclass(frozen=True)
class Evidence:
    """The tool's command line and output, shortened."""

    argv: Tuple[str, ...]
    exit: Optional[int] = None
    """None: it never started, or the agent ended it as planned."""
    stdout: str = ""
    stderr: str = ""
    truncated: bool = False


@dataclass(frozen=True)
class Timing:
    """When things happened, relative to the instant; negative is before it."""

    launched: Duration
    """When the tool was spawned."""
    listening: Optional[Duration] = None
    """When the serve half was seen to listen."""
    first_data: Optional[Duration] = None
    """When the first bytes at or after the instant left this worker: the real start, where it was watched."""


@dataclass(frozen=True)
class Counters:
    """What changed on this worker from just before a probe to just after it. None: can't be read here."""

    cpu_busy: Optional[float] = None
    """Busy share of the CPUs that the worker may use, 0 to 1."""
    tool_cpu: Optional[float] = None
    """CPUs used by the tool itself; 1.0 is one core fully busy."""
    udp_rcvbuf_errors: Optional[int] = None
    udp_sndbuf_errors: Optional[int] = None
    udp_received: Optional[int] = None
    tcp_retransmits: Optional[int] = None
    throttled: Optional[Duration] = None
    """Time the cgroup's CPU limit held the worker back."""
    oom_kills: Optional[int] = None
    """Processes of the worker's cgroup that the kernel killed for memory."""
    network: Optional[Mapping[str, int]] = None
    """What rose on the way of the packets, such as `eth0.rx-dropped`, in the worker's network namespace; `softnet` is
    of the whole machine. What did not rise is left out."""
