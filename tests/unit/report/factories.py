"""Records of runs as the ledger would give them back: planned for real, with made-up measurements."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from clearway.base.units import Duration, Rate, Size
from clearway.ledger.files import FORMAT_VERSION, Manifest
from clearway.ledger.record import Record
from clearway.plan.schedule import make_plan
from clearway.probe.histogram import Histogram
from clearway.probe.measurement import Counters, Evidence, Http, Measurement, RoundTrip, Tcp, Timing, Udp
from clearway.probe.parameters import HttpParameters, RoundTripParameters, TcpParameters, UdpParameters
from clearway.probe.records import Half, Inventory, Node, Outcome, Probe, Reason, Result, Slot, Worker
from clearway.spec.model import Spec
from making import alike

INTERVAL = Duration(0.5)
QUIET_HOST = Counters(cpu_busy=0.1, tool_cpu=0.1, socket_drops=0)
GIGABIT = Rate(1e9)
STARTED = 1_767_225_600.0

Rates = Callable[[Probe], Rate | None]
"""What TCP carries in a probe; None: the path is dead."""


@dataclass(frozen=True, kw_only=True)
class Network:
    """What the made-up network does to each probe."""

    rate: Rates = field(default=lambda _: Rate(0.95e9))
    loss: Callable[[Probe], float] = field(default=lambda _: 0.0)
    latency: Callable[[Probe], float] = field(default=lambda _: 0.004)
    void: Mapping[str, Reason] = field(default_factory=dict)
    """Probe id -> why its tool failed."""


TCP: dict[str, Any] = {
    "name": "bandwidth",
    "protocol": "tcp",
    "pairing": "mesh",
    "accept": ["throughput >= 500 Mbit/s for 90 % of pairs"],
}
UDP: dict[str, Any] = {
    "name": "loss and jitter",
    "protocol": "udp",
    "rate": "200 Mbit/s",
    "accept": ["loss <= 0.1 %", "jitter p95 <= 1 ms"],
}
HTTP: dict[str, Any] = {
    "name": "latency under load",
    "protocol": "http",
    "rate": "500/s",
    "background": {"streams": 4},
    "accept": ["latency p99 <= 10 ms", "errors <= 0"],
}

ROUND_TRIP: dict[str, Any] = {
    "name": "round trip",
    "protocol": "round-trip",
    "direction": "forward",
    "accept": ["round-trip p99 <= 5 ms"],
}


def inventory(nodes: int = 4, zones: int = 1) -> Inventory:
    """Nodes on 1 Gbit/s links; `zones` 0 leaves them without labels."""
    names = [f"node-{number}" for number in range(1, nodes + 1)]
    zone_of = {
        name: f"zone-{'abcdefgh'[index * zones // nodes]}" if zones else None for index, name in enumerate(names)
    }
    return Inventory("lab", tuple(Node(name, zone_of[name], link=GIGABIT) for name in names), {"kernel": "6.1.0"})


def spec(*tests: Mapping[str, Any], **fields: Any) -> Spec:
    return Spec.model_validate(
        {"version": 1, "name": "acceptance of the new cluster", "seed": 1, "tests": list(tests), **fields}
    )


def record(wish: Spec, nodes: Inventory, network: Network | None = None, rounds: int | None = None) -> Record:
    """A run of `wish`; only the first `rounds` of its rounds were measured where a number is given."""
    plan = make_plan(wish, nodes)
    run = plan.rounds if rounds is None else plan.rounds[:rounds]
    return Record(
        manifest=Manifest(run="r-0001", format=FORMAT_VERSION, version="0.1.0", started=STARTED, site="lab"),
        spec=wish,
        inventory=nodes,
        plan=plan.rounds,
        findings=plan.findings,
        rounds=run,
        results=tuple(
            result
            for round_ in run
            for number, probe in enumerate(round_.probes)
            for result in _results(round_.id, number, probe, network or Network())
        ),
        workers=tuple(_worker(node.name) for node in nodes.nodes),
    )


def slow_node(name: str, rate: Rate = Rate(96.4e6)) -> Rates:
    """Everything to and from one node is slow."""
    return lambda probe: rate if name in {slot.node for slot in probe.pair} else Rate(0.95e9)


def dead_towards(name: str) -> Rates:
    """Nothing reaches one node."""
    return lambda probe: None if probe.target.node == name else Rate(0.95e9)


def _worker(node: str) -> Worker:
    return Worker(
        slot=Slot(node),
        addresses=("10.0.0.1",),
        mtu=1500,
        ports=(5201,),
        versions={"iperf": "2.1.8", "h2load": "1.52.0"},
        facts={"kernel": "6.1.0", "cpus": "2", "congestion": "bbr", "qdisc": "tbf", "packets": "seen"},
    )


def _results(round_id: str, number: int, probe: Probe, network: Network) -> Iterable[Result]:
    start = Timing(Duration(-0.6), Duration(-1.0), Duration(0.0004 + 0.0003 * number))
    if probe.id in network.void:
        yield _half(round_id, probe, Half.SERVE, Tcp(INTERVAL, (Size(0),)), start)
        yield _void(round_id, probe, Outcome.TOOL_FAILED, network.void[probe.id])
        return
    measured = _measurements(probe, network)
    if measured is None:
        yield _half(round_id, probe, Half.SERVE, Tcp(INTERVAL, (Size(0),)), start)
        yield _void(round_id, probe, Outcome.UNREACHABLE, Reason("tool.connect-timeout"))
        return
    serve, send = measured
    yield _half(round_id, probe, Half.SERVE, serve, start)
    yield _half(round_id, probe, Half.SEND, send, start)


def _half(round_id: str, probe: Probe, half: Half, measurement: Measurement | None, timing: Timing) -> Result:
    outcome = Outcome.MEASURED
    return Result(round_id, probe.id, 1, half, outcome, None, measurement, timing, QUIET_HOST, _evidence(half))


def _void(round_id: str, probe: Probe, outcome: Outcome, reason: Reason) -> Result:
    said = Evidence(("iperf", "-c", "10.0.0.2", "-p", "5201"), 1, "", "tcp connect failed: Connection timed out\n")
    return Result(round_id, probe.id, 1, Half.SEND, outcome, reason, None, Timing(Duration(-0.6)), None, said)


def _evidence(half: Half) -> Evidence:
    side = ("-s",) if half is Half.SERVE else ("-c", "10.0.0.2")
    return Evidence(("iperf", *side, "-p", "5201", "-e", "-f", "b"), 0, "[SUM] 0.00-0.50 sec  60250000 Bytes\n", "")


def _measurements(probe: Probe, network: Network) -> tuple[Measurement | None, Measurement | None] | None:
    """What the serve and the send half measured; None: the path is dead."""
    if isinstance(probe.parameters, TcpParameters):
        return _tcp(probe, network)
    if isinstance(probe.parameters, UdpParameters):
        return _udp(probe, probe.parameters, network)
    if isinstance(probe.parameters, RoundTripParameters):
        return None, RoundTrip(alike(network.latency(probe), 20_000), 20_000, 20_000)
    assert isinstance(probe.parameters, HttpParameters)
    return None, _http(probe, probe.parameters, network)


def _tcp(probe: Probe, network: Network) -> tuple[Tcp, Tcp] | None:
    if (rate := network.rate(probe)) is None:
        return None
    count = round(probe.window.duration.si / INTERVAL.si)
    sent = Tcp(retransmits=3, rtt=(Duration(0.0042),) * count)
    return Tcp(INTERVAL, (rate.times(INTERVAL),) * count), sent


def _udp(probe: Probe, parameters: UdpParameters, network: Network) -> tuple[Udp, Udp]:
    seconds = probe.window.end.si
    sent = round(parameters.rate.si * seconds / 8 / 1472)
    received = sent - round(sent * network.loss(probe))
    count = round(probe.window.duration.si / 0.01)
    got = Udp(
        received=received,
        reordered=0,
        interval=Duration(0.01),
        series=(parameters.rate.times(Duration(0.01)),) * count,
        jitter=(Duration(0.00002),) * count,
        datagrams=(170,) * count,
    )
    return got, Udp(sent=sent, sending_time=Duration(seconds), sent_rate=parameters.rate)


@cache
def _spread(slowest: float, count: int) -> Histogram:
    """From 40 % of the slowest one up."""
    return Histogram.of(slowest * (0.4 + 0.6 * index / count) for index in range(count))


def _http(probe: Probe, parameters: HttpParameters, network: Network) -> Http:
    assert parameters.rate is not None
    count = round(parameters.rate.si * probe.window.duration.si)
    blocks = round(probe.window.duration.over(INTERVAL))
    return Http(
        latency=_spread(network.latency(probe), count),
        errors={},
        span=probe.window.duration,
        due=count,
        late=0,
        unanswered=0,
        own_delay=Duration(0),
        interval=INTERVAL,
        answers=(count // blocks,) * blocks,
    )
