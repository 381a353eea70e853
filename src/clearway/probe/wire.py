"""The codec of every record that is written or sent: one table, used by both ends."""

from __future__ import annotations

import re

from clearway.base.units import Size
from clearway.probe import codec as c
from clearway.probe.codec import Codec
from clearway.probe.histogram import Histogram
from clearway.probe.measurement import Http, Measurement, RoundTrip, Tcp, Udp
from clearway.probe.parameters import (
    HttpParameters,
    Parameters,
    RoundTripParameters,
    TcpParameters,
    UdpParameters,
    Window,
)
from clearway.probe.records import (
    ClockOffset,
    Counters,
    Endpoint,
    Evidence,
    Finding,
    Half,
    Inventory,
    Node,
    Observation,
    Outcome,
    Probe,
    Reason,
    Request,
    Result,
    Role,
    Round,
    RoundReason,
    Severity,
    Slot,
    Timing,
    Worker,
)


def _slot(data: c.Json) -> Slot:
    node, _, index = c.TEXT.decode(data).rpartition("/")
    if not node or not (index.isascii() and index.isdigit()):
        raise c.CodecError("codec.wrong-type", wanted="slot", found=repr(data))
    return Slot(node, int(index))


SLOT: Codec[Slot] = Codec(str, _slot, lambda: {"type": "string", "pattern": "^.+/[0-9]+$"})

WINDOW = c.record(Window, warm_up=c.DURATION, duration=c.DURATION)
PARAMETERS: Codec[Parameters] = c.union(
    tcp=(
        TcpParameters,
        c.record(
            TcpParameters,
            streams=c.INTEGER,
            congestion=c.optional(c.TEXT),
            buffer=c.optional(c.SIZE),
            rate=c.optional(c.RATE),
        ),
    ),
    udp=(UdpParameters, c.record(UdpParameters, rate=c.RATE, datagram=c.optional(c.SIZE), buffer=c.SIZE)),
    http=(
        HttpParameters,
        c.record(
            HttpParameters,
            connections=c.INTEGER,
            body=c.SIZE,
            rate=c.optional(c.FREQUENCY),
            threads=c.INTEGER,
        ),
    ),
    round_trip=(RoundTripParameters, c.record(RoundTripParameters, message=c.SIZE, transport=c.TEXT)),
)


def _histogram(data: c.Json) -> Histogram:
    plain = _HISTOGRAM.decode(data)
    if wrong := [index for index in plain.buckets if not re.fullmatch("-?[0-9]+", str(index))]:
        raise c.CodecError("codec.wrong-type", wanted="integer", found=repr(wrong[0]))
    return Histogram(
        {int(index): n for index, n in plain.buckets.items()}, plain.count, plain.total, plain.least, plain.most
    )


_HISTOGRAM = c.record(
    Histogram,
    buckets=c.mapping(c.INTEGER),
    count=c.INTEGER,
    total=c.NUMBER,
    least=c.optional(c.NUMBER),
    most=c.optional(c.NUMBER),
)
HISTOGRAM: Codec[Histogram] = Codec(
    lambda value: {**_HISTOGRAM.encode(value), "buckets": {str(i): n for i, n in value.buckets.items()}},
    _histogram,
    _HISTOGRAM.schema,
    "_s",
)

SIZES = c.many(Codec(lambda size: int(size.si), lambda data: Size(c.INTEGER.decode(data)), c.INTEGER.schema, "_bytes"))
MEASUREMENT: Codec[Measurement] = c.union(
    tcp=(
        Tcp,
        c.record(
            Tcp,
            interval=c.optional(c.DURATION),
            series=c.optional(SIZES),
            by_stream=c.optional(SIZES),
            retransmits=c.optional(c.INTEGER),
            rtt=c.optional(c.many(c.DURATION)),
        ),
    ),
    udp=(
        Udp,
        c.record(
            Udp,
            sent=c.optional(c.INTEGER),
            sending_time=c.optional(c.DURATION),
            sent_rate=c.optional(c.RATE),
            received=c.optional(c.INTEGER),
            lost_by_sequence=c.optional(c.INTEGER),
            reordered=c.optional(c.INTEGER),
            interval=c.optional(c.DURATION),
            series=c.optional(SIZES),
            jitter=c.optional(c.many(c.DURATION)),
            datagrams=c.optional(c.many(c.INTEGER)),
        ),
    ),
    http=(Http, c.record(Http, latency=HISTOGRAM, errors=c.mapping(c.INTEGER), span=c.DURATION)),
    round_trip=(RoundTrip, c.record(RoundTrip, round_trip=HISTOGRAM, sent=c.INTEGER, received=c.INTEGER)),
)

REASON = c.record(Reason, code=c.TEXT, values=c.mapping(c.VALUE))
FACTS = c.mapping(c.TEXT)
NODE = c.record(
    Node,
    name=c.TEXT,
    zone=c.optional(c.TEXT),
    machine=c.optional(c.TEXT),
    link=c.optional(c.RATE),
    facts=FACTS,
)
INVENTORY = c.record(Inventory, site=c.TEXT, nodes=c.many(NODE), versions=FACTS)
CLOCK_OFFSET = c.record(ClockOffset, ahead=c.DURATION, uncertainty=c.DURATION)
WORKER = c.record(
    Worker,
    slot=SLOT,
    addresses=c.many(c.TEXT),
    mtu=c.INTEGER,
    ports=c.many(c.INTEGER),
    versions=FACTS,
    facts=FACTS,
    network=c.TEXT,
)
PROBE = c.record(
    Probe,
    id=c.TEXT,
    test=c.TEXT,
    client=SLOT,
    server=SLOT,
    engine=c.TEXT,
    parameters=PARAMETERS,
    window=WINDOW,
    repeat=c.INTEGER,
    role=c.enum(Role),
    background=c.optional(c.TEXT),
    sender=c.optional(SLOT),
    path=c.TEXT,
    family=c.optional(c.TEXT),
    step=c.optional(c.TEXT),
)
ROUND = c.record(
    Round, id=c.TEXT, test=c.TEXT, probes=c.many(PROBE), why=c.enum(RoundReason), origin=c.optional(c.TEXT)
)
ENDPOINT = c.record(Endpoint, address=c.TEXT, port=c.INTEGER)
REQUEST = c.record(
    Request,
    round=c.TEXT,
    probe=c.TEXT,
    attempt=c.INTEGER,
    half=c.enum(Half),
    engine=c.TEXT,
    parameters=PARAMETERS,
    window=WINDOW,
    server=ENDPOINT,
    start=c.NUMBER,
    deadline=c.NUMBER,
)
EVIDENCE = c.record(
    Evidence,
    argv=c.many(c.TEXT),
    exit=c.optional(c.INTEGER),
    stdout=c.TEXT,
    stderr=c.TEXT,
    truncated=c.BOOLEAN,
)
TIMING = c.record(Timing, launched=c.DURATION, listening=c.optional(c.DURATION), first_data=c.optional(c.DURATION))
COUNTERS = c.record(
    Counters,
    cpu_busy=c.optional(c.NUMBER),
    tool_cpu=c.optional(c.NUMBER),
    udp_rcvbuf_errors=c.optional(c.INTEGER),
    udp_sndbuf_errors=c.optional(c.INTEGER),
    udp_received=c.optional(c.INTEGER),
    tcp_retransmits=c.optional(c.INTEGER),
    throttled=c.optional(c.DURATION),
    oom_kills=c.optional(c.INTEGER),
    network=c.optional(c.mapping(c.INTEGER)),
)
RESULT = c.record(
    Result,
    round=c.TEXT,
    probe=c.TEXT,
    attempt=c.INTEGER,
    half=c.enum(Half),
    outcome=c.enum(Outcome),
    reason=c.optional(REASON),
    measurement=c.optional(MEASUREMENT),
    timing=c.optional(TIMING),
    counters=c.optional(COUNTERS),
    evidence=c.optional(EVIDENCE),
)
OBSERVATION = c.record(Observation, kind=c.TEXT, subject=c.TEXT, at=c.NUMBER, values=c.mapping(c.VALUE))
FINDING = c.record(Finding, code=c.TEXT, severity=c.enum(Severity), subject=c.TEXT, values=c.mapping(c.VALUE))
