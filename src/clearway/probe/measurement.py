"""What a half of a probe brings back: its engine's output as one record per protocol, and what was seen beside it.

A half fills the fields that it saw; the others are None. Series are inside the window, in intervals of one fixed
length, in time order.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Mapping, Optional, Tuple, Union

from clearway.base.units import Duration, Rate, Size
from clearway.probe.codec import of
from clearway.probe.histogram import Histogram
from clearway.probe.json_values import INTEGER, Codec

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
