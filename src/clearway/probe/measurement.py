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
from clearway.probe.json_values import INTERVAL, NATURAL, Codec, CodecError, Json, Natural

Interval = Annotated[Duration, INTERVAL]
_WHOLE_BYTES: Codec[Size] = Codec(
    lambda size: int(size.si), lambda data: Size(NATURAL.decode(data)), NATURAL.schema, "_bytes"
)
Sizes = Tuple[Annotated[Size, _WHOLE_BYTES], ...]


def _series_of(data: Json) -> Sizes:
    if not (sizes := of(Sizes).decode(data)):
        raise CodecError("codec.out-of-range", found="[]")
    return sizes


Series = Annotated[Sizes, replace(of(Sizes), decode=_series_of)]
Seconds = Annotated[Histogram, replace(of(Histogram), suffix="_s")]


@dataclass(frozen=True)
class Tcp:
    """A bulk TCP half. The receiver (serve) fills the goodput, the sender (send) what its kernel knows."""

    kind = "tcp"

    interval: Optional[Interval] = None
    series: Optional[Series] = None
    """Goodput at the receiver, bytes an interval over all streams; never empty."""
    by_stream: Optional[Sizes] = None
    """Bytes a stream over the whole window, in order of connecting."""
    retransmits: Optional[Natural] = None
    """Segments sent again, from the instant to the end."""
    rtt: Optional[Tuple[Duration, ...]] = None
    """The kernel's smoothed RTT as sampled by the sender once an interval and stream."""
    connect: Optional[Tuple[Duration, ...]] = None
    """Time that each stream took to connect, as the sender saw it; absent if the engine does not print it."""
    stall: Optional[Duration] = None
    """Longest time inside the window without a byte for the receiver, over all streams: a lower bound in steps of 0.1 s
    or less. 0: no step was empty."""
    stalled_at: Optional[Duration] = None
    """When that time began, from the instant; absent if there was none."""
    sent: Optional[Annotated[Size, _WHOLE_BYTES]] = None
    """Bytes that the sender gave to its kernel over all streams, from the instant to the window's end."""


@dataclass(frozen=True)
class Flow:
    """One of many UDP flows, as one half saw it. The sender counts its whole session, the receiver the window."""

    port: Natural
    """The sender's port: it names the flow on both ends."""
    datagrams: Natural
    """Sent, or received."""
    lost: Optional[Natural] = None
    """Receiver: gaps in the sequence numbers, inside the window."""
    delay: Optional[Duration] = None
    """Receiver: mean time from sending to reading by both clocks: only differences between flows mean something."""
    silent: Optional[Duration] = None
    """Receiver: how long before the end of the window its last datagram came, in whole intervals."""


@dataclass(frozen=True)
class Udp:
    """A UDP half. Counts are over the whole session (loss has no warm-up), series inside the window."""

    kind = "udp"

    sent: Optional[Natural] = None
    """Datagrams the sender put on its socket."""
    sending_time: Optional[Duration] = None
    """How long the sender really sent."""
    sent_rate: Optional[Rate] = None
    """Payload rate the sender reached."""
    received: Optional[Natural] = None
    """Datagrams the receiver got, copies included; 0 is a proven silence: it listened throughout."""
    lost_by_sequence: Optional[Natural] = None
    """Gaps the receiver saw in the sequence numbers: blind to a dead tail, not to losses that copies make up for."""
    duplicates: Optional[Natural] = None
    """Copies among the datagrams received. Copies that are fewer than the losses can't be seen: they look
    like datagrams out of order."""
    reordered: Optional[Natural] = None
    """Datagrams that came after a later one; absent where they may be copies."""
    interval: Optional[Interval] = None
    series: Optional[Series] = None
    """Payload received, bytes an interval."""
    jitter: Optional[Tuple[Duration, ...]] = None
    """RFC 1889 jitter at the end of each interval that had datagrams."""
    datagrams: Optional[Tuple[Natural, ...]] = None
    """Datagrams received, an interval."""
    losses: Optional[Tuple[Natural, ...]] = None
    """Gaps in the sequence numbers that showed in each interval: whether losses come in bursts."""
    by_flow: Optional[Tuple[Flow, ...]] = None
    """Where there were many flows. One of which nothing arrived is missing at the receiver."""
    stall: Optional[Duration] = None
    """Longest time inside the window without a datagram for the receiver: a lower bound in whole intervals. 0: no
    interval was empty; absent where intervals are longer than 0.1 s."""
    stalled_at: Optional[Duration] = None
    """When that time began, from the instant; absent if there was none."""


@dataclass(frozen=True)
class Connecting:
    """How long connections took to be made."""

    least: Duration
    mean: Duration
    most: Duration


@dataclass(frozen=True)
class Http:
    """What the HTTP client saw of the requests that were due inside the window (closed loop: sent inside it)."""

    kind = "http"

    latency: Seconds
    """Seconds from the instant at which a request was due (closed loop: sent) to its whole response. One without a
    response by the end of the load counts with the delay that it had then; failed ones are left out."""
    errors: Mapping[str, Natural]
    """Requests that failed, by kind: answered with another status than 2xx, or cut off. Empty is a proven none."""
    span: Duration
    """From the first request's due instant to the last one's end, inside the window."""
    due: Optional[Natural] = None
    """Requests that were due by the stated rate. None: closed loop, or a record timed from sending."""
    late: Optional[Natural] = None
    """Of these, answered but sent after they were due, because their connection waited for an earlier answer."""
    unanswered: Optional[Natural] = None
    """Of these, without an answer by the end of the load, sent or not."""
    own_delay: Optional[Duration] = None
    """The longest time by which the client itself was late: its connection was free. 0: within its own pacing."""
    interval: Optional[Interval] = None
    """Length of the blocks: 0.5 s, or a multiple where the window is longer than 20 s."""
    answers: Optional[Tuple[Natural, ...]] = None
    """Good answers inside each block, of the requests due in the window."""
    blocks: Optional[Tuple[Seconds, ...]] = None
    """Latencies of the requests that were due inside each block; their sum is `latency`."""
    stall: Optional[Duration] = None
    """The longest time without any answer while a request was due or open."""
    connect: Optional[Connecting] = None


@dataclass(frozen=True)
class RoundTrip:
    """Messages that went there and back inside the window."""

    kind = "round-trip"

    round_trip: Seconds
    """Seconds a full round trip."""
    sent: Natural
    received: Natural


@dataclass(frozen=True)
class FoundMtu:
    """The largest IP packet that one peer answered."""

    largest: Optional[Natural] = None
    """In byte; absent: not even a small one was answered."""
    reported: Optional[Natural] = None
    """The largest size in byte, as a router on the way or the worker's own kernel reported; absent: none did."""
    settled: bool = False
    """Whether packets of one byte more were tried often enough, while small ones were answered, or none is larger."""


@dataclass(frozen=True)
class PathMtus:
    """The largest packets to all peers of one worker. In no file: what is found stands in observations."""

    kind = "path-mtu"

    peers: Tuple[FoundMtu, ...]
    """In the order of the request."""


Measurement = Union[Tcp, Udp, Http, RoundTrip, PathMtus]


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


UNANSWERED = "unanswered"
"""In place of a neighbour's hardware address: the question for it had no answer."""


@dataclass(frozen=True)
class TcpSockets:
    """What the sender's kernel knows of the sockets of a bulk TCP probe together, shortly before its end."""

    sockets: Natural
    segments: Natural
    """With data, sent by all of them; those that were sent again count again."""
    sent_again: Natural
    busy: Duration
    """Time in which data waited to be sent or acknowledged, added up over all of them, like the next two."""
    receiver_limited: Duration
    """Part of it in which the receiver's window was full."""
    buffer_limited: Duration
    """Part of it in which the sender's own buffer was full of data that was not acknowledged."""
    round_trip: Duration
    """Smoothed, of the median socket."""
    least_round_trip: Duration
    """The shortest that any of them met."""
    window: Size
    """What the median socket may have on the way (its congestion window)."""
    segment: Size
    """Payload of its full segments."""
    path_mtu: Size
    """What the kernel takes for the path's MTU."""
    delivery_rate: Rate
    """The last that was measured, of all of them."""


@dataclass(frozen=True)
class Counters:
    """What changed on this worker from just before a probe to just after it. None: can't be read here."""

    cpu_busy: Optional[float] = None
    """Busy share of the CPUs that the worker may use, 0 to 1; what a hypervisor took from them is not busy."""
    cpu_busiest: Optional[float] = None
    """The same of the busiest one of them."""
    cpu_softirq: Optional[float] = None
    """Share of its time that one CPU spent on packets and timers, of the one for which it is most."""
    cpu_steal: Optional[float] = None
    """Share of their time that a hypervisor gave to others."""
    tool_cpu: Optional[float] = None
    """CPUs used by the tool itself; 1.0 is one core fully busy."""
    socket_drops: Optional[int] = None
    """Datagrams that the probe's own UDP socket dropped: its buffer was full, or their checksum was wrong."""
    udp_rcvbuf_errors: Optional[int] = None
    """Of all sockets of the worker's network namespace, as are the next three."""
    udp_checksum_errors: Optional[int] = None
    udp_sndbuf_errors: Optional[int] = None
    udp_received: Optional[int] = None
    tcp_retransmits: Optional[int] = None
    throttled: Optional[Duration] = None
    """Time the cgroup's CPU limit held the worker back."""
    paused: Optional[Duration] = None
    """Time for which the worker itself did not run although it wanted to: wake-ups that came more than 50 ms late."""
    tool_waited: Optional[Duration] = None
    """The longest time within a second for which a thread of the tool was ready to run and had no CPU. Of tools that
    time answers."""
    tool_waits: Optional[Mapping[int, Duration]] = None
    """For how long that was in each second: the key is its begin, in seconds from the instant. Seconds with hardly any
    are left out."""
    oom_kills: Optional[int] = None
    """Processes of the worker's cgroup that the kernel killed for memory."""
    network: Optional[Mapping[str, int]] = None
    """What rose on the way of the packets, such as `eth0.rx-dropped` or `tcp.syn-retransmits`, in the worker's network
    namespace; `softnet` is of the whole machine, `eth0.nic.` is a driver's own. What did not rise is left out."""
    tcp_sockets: Optional[TcpSockets] = None
    """Of the send half of a bulk TCP probe."""
    neighbour: Optional[str] = None
    """The hardware address that the kernel sent the partner's packets to, or `unanswered` if the question for it had no
    answer when data was to leave. Absent: the partner is behind a router, or IPv6 is used."""
