"""What an engine's output proves, one record a protocol. A half fills what it saw; the rest is None.

Series are inside the window, in intervals of one fixed length, in time order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping, Optional, Tuple, Union

from clearway.base.units import Duration, Rate, Size
from clearway.probe.histogram import Histogram


@dataclass(frozen=True)
class Tcp:
    """A bulk TCP half. The receiver (serve) fills the goodput, the sender (send) what its kernel knows."""

    interval: Optional[Duration] = None
    series: Optional[Tuple[Size, ...]] = None
    """Goodput at the receiver, bytes an interval over all streams; never empty."""
    by_stream: Optional[Tuple[Size, ...]] = None
    """Bytes a stream over the whole window, in order of connecting."""
    retransmits: Optional[int] = None
    """Segments sent again, from the instant to the end."""
    rtt: Optional[Tuple[Duration, ...]] = None
    """The kernel's smoothed RTT as sampled by the sender once an interval and stream."""


@dataclass(frozen=True)
class Udp:
    """A UDP half. Counts are over the whole session (loss has no warm-up), series inside the window."""

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
    series: Optional[Tuple[Size, ...]] = None
    """Payload received, bytes an interval."""
    jitter: Optional[Tuple[Duration, ...]] = None
    """RFC 1889 jitter at the end of each interval that had datagrams."""
    datagrams: Optional[Tuple[int, ...]] = None
    """Datagrams received, an interval."""


@dataclass(frozen=True)
class Http:
    """What the HTTP client saw inside the window."""

    latency: Histogram
    """Seconds from sending a request to having its whole response; successful requests only."""
    errors: Mapping[str, int]
    """Requests without a 2xx answer, by kind; empty is a proven none."""
    span: Duration
    """From the first request's start to the last one's end, inside the window."""


@dataclass(frozen=True)
class RoundTrip:
    """Messages that went there and back inside the window."""

    round_trip: Histogram
    """Seconds a full round trip."""
    sent: int
    received: int


Measurement = Union[Tcp, Udp, Http, RoundTrip]
