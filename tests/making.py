"""Records for tests, made the short way: a spec text, some nodes, and what each pair measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from clearway.base.units import Duration, Rate, Size
from clearway.ledger.files import FORMAT_VERSION, Manifest
from clearway.ledger.record import Record
from clearway.plan.schedule import make_plan
from clearway.probe.histogram import BucketCounts, Histogram
from clearway.probe.measurement import Counters, Http, Measurement, RoundTrip, Tcp, Timing, Udp
from clearway.probe.parameters import HttpParameters, TcpParameters, UdpParameters, Window
from clearway.probe.records import Endpoint, Half, Inventory, Node, Outcome, Probe, Reason, Request, Result, Role, Round
from clearway.spec.load import read_spec
from clearway.spec.model import Spec

GBIT = 1e9

TCP = """
version: 1
tests:
- name: bandwidth
  protocol: tcp
  direction: forward
  repeats: {{min: 1, max: {max_repeats}}}
  accept: ["{criterion}"]
"""


BANDWIDTH_AND_LATENCY = """
version: 1
tests:
- {name: bandwidth, protocol: tcp, direction: forward}
- {name: latency, protocol: http, rate: 500/s, direction: forward, background: {streams: 4},
   accept: ["latency p99 <= 10 ms"]}
"""


def tcp_spec(criterion: str, max_repeats: int = 3) -> Spec:
    return read_spec(TCP.format(criterion=criterion, max_repeats=max_repeats))


def inventory(count: int, link: float | None = GBIT, zones: Iterable[str] = ("zone-a",)) -> Inventory:
    names = list(zones)
    rate = Rate(link) if link is not None else None
    nodes = tuple(Node(f"node-{n + 1}", names[n * len(names) // count], link=rate) for n in range(count))
    return Inventory("lab", nodes)


def planned(spec: Spec, nodes: Inventory) -> Record:
    """A run that has planned but not begun."""
    manifest = Manifest(run="test", format=FORMAT_VERSION, version="0", started=0.0, site=nodes.site)
    plan = make_plan(spec, nodes)
    return Record(manifest=manifest, spec=spec, inventory=nodes, plan=plan.rounds, findings=plan.findings)


Answer = Callable[[Round, Probe], tuple[Result, ...]]


def after(record: Record, rounds: Iterable[Round], answer: Answer) -> Record:
    """The record once these rounds were handed out and answered."""
    rounds = tuple(rounds)
    results = tuple(result for round_ in rounds for probe in round_.probes for result in answer(round_, probe))
    return replace(record, rounds=(*record.rounds, *rounds), results=(*record.results, *results))


def measured(round_: Round, probe: Probe, value: float, *, count: int = 2_000) -> tuple[Result, ...]:
    """Both halves of a probe that measured `value`: bit/s, loss as a share, or latency in seconds."""
    serve, send = _measurements(probe, value, count)
    return (
        _result(round_, probe, Half.SERVE, serve, Timing(Duration(-1.0), Duration(-0.9))),
        _result(round_, probe, Half.SEND, send, Timing(Duration(-0.5))),
    )


def void(round_: Round, probe: Probe, outcome: Outcome, *, listening: bool = True) -> tuple[Result, ...]:
    """Both halves of a probe that came to nothing: the send half tells why."""
    serve = Timing(Duration(-1.0), Duration(-0.9) if listening else None)
    reason = Reason("tool.refused" if outcome is Outcome.UNREACHABLE else "tool.failed", {})
    return (
        Result(round_.id, probe.id, 1, Half.SERVE, Outcome.UNPARSABLE, Reason("tool.no-rows"), timing=serve),
        Result(round_.id, probe.id, 1, Half.SEND, outcome, reason, timing=Timing(Duration(-0.5))),
    )


def background_ok(round_: Round, probe: Probe, rate: float = 0.95 * GBIT) -> tuple[Result, ...]:
    assert probe.role is Role.BACKGROUND
    return measured(round_, probe, rate)


def request(half: Half = Half.SEND, *, duration: float = 1.0, **changed: Any) -> Request:
    """Half of a TCP probe by iperf2; `changed` are its other fields."""
    window, server = Window(Duration(0), Duration(duration)), Endpoint("10.0.0.1", 20_000)
    probe = "bandwidth/node-1>node-2#0"
    usual = Request("r1", probe, 1, half, "iperf2", TcpParameters(1), window, server, 1e9, 1e9 + 5)
    return replace(usual, **changed)


def _result(round_: Round, probe: Probe, half: Half, measurement: Measurement | None, timing: Timing) -> Result:
    return Result(
        round_.id,
        probe.id,
        1,
        half,
        Outcome.MEASURED,
        measurement=measurement,
        timing=timing,
        counters=Counters(cpu_busy=0.1, tool_cpu=0.1, socket_drops=0),
    )


def _measurements(probe: Probe, value: float, count: int) -> tuple[Measurement | None, Measurement | None]:
    interval = Duration(0.5)
    parameters = probe.parameters
    if isinstance(parameters, TcpParameters):
        series = tuple(Size(value * interval.si / 8) for _ in range(20))
        return Tcp(interval=interval, series=series, by_stream=(Size(value),)), Tcp(retransmits=0)
    if isinstance(parameters, UdpParameters):
        lost = round(count * value)
        sender = Udp(sent=count, sending_time=probe.window.end, sent_rate=parameters.rate)
        jitter = tuple(Duration(0.0001) for _ in range(1_000))
        return Udp(received=count - lost, lost_by_sequence=lost, reordered=0, jitter=jitter), sender
    if isinstance(parameters, HttpParameters):
        latency = alike(value, max(count, round(_asked(probe, parameters))))
        return None, Http(latency, {}, probe.window.duration, due=latency.count)
    return None, RoundTrip(alike(value, count), sent=count, received=count)


def alike(value: float, count: int) -> Histogram:
    """As many times the same value."""
    counts = BucketCounts()
    counts.add(value, count)
    return counts.histogram()


def _asked(probe: Probe, parameters: HttpParameters) -> float:
    return parameters.rate.si * probe.window.duration.si if parameters.rate is not None else 0.0
