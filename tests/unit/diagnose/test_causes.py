"""Each cause is named by its own evidence, and by no other one's; without evidence there is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from clearway.base.units import Duration, Rate, Size
from clearway.diagnose.causes.table import causes_of, causes_of_place
from clearway.diagnose.retests import suspects
from clearway.ledger.record import Record
from clearway.probe.measurement import UNANSWERED, Counters, Tcp, TcpSockets
from clearway.probe.parameters import TcpParameters
from clearway.probe.records import Half, Probe, Result, Slot, Worker
from clearway.report.compose import compose
from clearway.report.wording import sentence
from clearway.verdict.suspect import Place, PlaceKind, Suspect
from unit.report.factories import TCP, Network, dead_towards, inventory, record, spec
from unit.report.runs import judged

BAD = "node-3"
LEFT = (0.3, 0.5, 0.7, 0.4, 0.6, 0.35, 0.65)
"""What the slow pairs carry of the usual rate: no limit that they share would make them differ so."""


def slow(probe: Probe) -> Rate:
    sender, receiver = (int(slot.node.partition("-")[2]) for slot in probe.pair)
    usual = 0.94e9 + 0.01e9 * ((3 * sender + 5 * receiver) % 3)
    return Rate(usual * (LEFT[sender % 7] if probe.target.node == BAD else 1))


def run(rate: Callable[[Probe], Rate] = slow) -> Record:
    return record(spec({**TCP, "accept": []}), inventory(8), Network(rate=rate))


def named(made: Record) -> list[str]:
    """The causes of the one suspect, what node-3 receives."""
    (suspect,) = suspects(made)
    assert suspect.place.kind is PlaceKind.RECEIVES
    return [reason.code for reason in causes_of(made, suspect)]


def at_bad(made: Record, change: Callable[[Result], Result]) -> Record:
    """With the results of the slow node changed."""
    ends: dict[tuple[str, Half], Slot] = {}
    for round_ in made.rounds:
        for probe in round_.probes:
            ends |= {(probe.id, Half.SERVE): probe.server, (probe.id, Half.SEND): probe.client}
    changed = (change(one) if ends[one.probe, one.half].node == BAD else one for one in made.results)
    return replace(made, results=tuple(changed))


def counted(**fields: object) -> Callable[[Result], Result]:
    def change(result: Result) -> Result:
        return replace(result, counters=replace(result.counters or Counters(), **fields))  # type: ignore[arg-type]

    return change


def test_without_evidence_no_cause_is_named() -> None:
    assert named(run()) == []


def test_packets_that_the_node_itself_drops() -> None:
    made = at_bad(run(), counted(network={"eth0.rx-dropped": 12}))
    assert named(made) == ["cause.host-drops"]


def test_a_counter_that_rises_everywhere_is_no_cause() -> None:
    made = run()
    everywhere = tuple(counted(network={"eth0.rx-dropped": 12})(one) for one in made.results)
    assert named(replace(made, results=everywhere)) == []


def test_a_cpu_that_is_full_on_the_suspected_node_alone() -> None:
    made = run()
    idle = replace(made, results=tuple(counted(cpu_busiest=0.4)(one) for one in made.results))
    assert named(idle) == []
    assert named(at_bad(idle, counted(cpu_busiest=0.99))) == ["cause.cpu"]


@pytest.mark.parametrize(
    ("usual", "bad", "cause"),
    [
        ({"cpu_softirq": 0.2}, {"cpu_softirq": 0.9}, "packet-cpu"),
        ({"tool_cpu": 0.3}, {"tool_cpu": 0.99}, "tool"),
        ({"cpu_steal": 0.0}, {"cpu_steal": 0.2}, "stolen-cpu"),
        ({"throttled": Duration(0)}, {"throttled": Duration(2)}, "cpu-limit"),
        ({}, {"network": {"conntrack.drop": 5}}, "full-table"),
        ({}, {"network": {"tcp.checksum-errors": 5}}, "damaged-packets"),
        ({}, {"network": {"eth0.rx-errors": 5}}, "damaged-packets"),
        ({}, {"network": {"tcp.listen-overflows": 5}}, "host-drops"),
        ({}, {"network": {"eth0.nic.rx_out_of_buffer": 5}}, "host-drops"),
        ({}, {"network": {"eth0.nic.rx_crc_errors_phy": 5}}, "damaged-packets"),
        ({}, {"network": {"eth0.nic.rx_prio3_pause": 5}}, "pause-frames"),
        ({}, {"network": {"eth0.nic.bw_in_allowance_exceeded": 5}}, "allowance"),
    ],
)
def test_what_a_kernel_counts_at_the_suspected_node_alone(
    usual: dict[str, object], bad: dict[str, object], cause: str
) -> None:
    made = run()
    everywhere = replace(made, results=tuple(counted(**usual)(one) for one in made.results))
    assert named(everywhere) == []
    assert named(at_bad(everywhere, counted(**bad))) == [f"cause.{cause}"]
    all_alike = replace(made, results=tuple(counted(**bad)(one) for one in made.results))
    assert named(all_alike) == []


SOCKETS = TcpSockets(
    sockets=8,
    segments=400_000,
    sent_again=0,
    busy=Duration(40),
    receiver_limited=Duration(0),
    buffer_limited=Duration(0),
    round_trip=Duration(0.02),
    least_round_trip=Duration(0.02),
    window=Size(64_000),
    segment=Size(1448),
    path_mtu=Size(1500),
    delivery_rate=Rate(3e8),
)


@pytest.mark.parametrize(
    ("limited", "cause"), [("receiver_limited", "receive-window"), ("buffer_limited", "send-buffer")]
)
def test_tcp_that_waits_for_room_most_of_the_time(limited: str, cause: str) -> None:
    """Of what goes to the slow node the senders know it."""
    made = run()
    slow_ones = {probe.id for round_ in made.rounds for probe in round_.probes if probe.target.node == BAD}

    def waiting(result: Result, share: float) -> Result:
        lasting = share if result.probe in slow_ones else 0.05
        sockets = replace(SOCKETS, **{limited: SOCKETS.busy * lasting})  # type: ignore[arg-type]
        return counted(tcp_sockets=sockets if result.half is Half.SEND else None)(result)

    for share, expected in ((0.3, []), (0.8, [f"cause.{cause}"])):
        assert named(replace(made, results=tuple(waiting(one, share) for one in made.results))) == expected


@pytest.mark.parametrize(("waits", "cause"), [(0.9, "one-flow"), (0.0, "flow-limit")])
def test_a_single_flow_that_waits_for_its_window_is_known_from_a_limit_per_flow(waits: float, cause: str) -> None:
    tests = ({**TCP, "streams": 8, "accept": []}, {**TCP, "name": "one flow", "streams": 1, "accept": []})

    def rate(probe: Probe) -> Rate:
        alone = isinstance(probe.parameters, TcpParameters) and probe.parameters.streams == 1
        return Rate(0.2e9) if alone and probe.target.node == BAD else Rate(0.94e9)

    made = record(spec(*tests), inventory(8), Network(rate=rate))
    sockets = replace(SOCKETS, receiver_limited=SOCKETS.busy * waits)
    single = {probe.id for round_ in made.rounds for probe in round_.probes if probe.test == "one flow"}
    changed = (counted(tcp_sockets=sockets)(one) if one.probe in single else one for one in made.results)
    assert named(replace(made, results=tuple(changed))) == [f"cause.{cause}"]


@pytest.mark.parametrize(
    ("provider", "rate", "ceiling"),
    [("aws", 4.8e9, Rate(5e9)), ("aws", 4.0e9, None), ("gce", 4.8e9, None), (None, 4.8e9, None)],
)
def test_a_limit_that_a_provider_is_known_to_set_is_said(
    provider: str | None, rate: float, ceiling: Rate | None
) -> None:
    tests = ({**TCP, "streams": 8, "accept": []}, {**TCP, "name": "one flow", "streams": 1, "accept": []})

    def carried(probe: Probe) -> Rate:
        alone = isinstance(probe.parameters, TcpParameters) and probe.parameters.streams == 1
        return Rate(rate if alone else 18e9)

    found = inventory(2)
    facts = {} if provider is None else {"provider": provider}
    nodes = tuple(replace(node, facts=facts, link=None) for node in found.nodes)
    made = record(spec(*tests), replace(found, nodes=nodes), Network(rate=carried))
    (cause,) = causes_of_place(made, Place(PlaceKind.LINK, ("node-1", "node-2")))
    assert (cause.code, cause.values.get("ceiling")) == ("cause.flow-limit", ceiling)
    assert ("AWS allows one flow 5.00 Gbit/s" in sentence(cause.code, cause.values, "en")) is (ceiling is not None)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({BAD: "02:00:00:00:be:ef"}, ["cause.wrong-neighbour"]),
        ({BAD: "02:00:00:00:00:05"}, ["cause.wrong-neighbour"]),
        ({BAD: UNANSWERED}, ["cause.silent-neighbour"]),
        ({BAD: "02:00:00:00:be:ef", "node-4": "02:00:00:00:be:ef"}, []),
        ({}, []),
    ],
    ids=["a stranger's address", "another node's address", "no answer", "a router's for several", "its own"],
)
def test_packets_that_go_to_another_hardware_address(answers: dict[str, str], expected: list[str]) -> None:
    """A router answers for several nodes, a device that has a node's address for that one only."""

    def own(node: str) -> str:
        return f"02:00:00:00:00:{int(node.rpartition('-')[2]):02}"

    made = run()
    targets = {probe.id: probe.target.node for round_ in made.rounds for probe in round_.probes}
    seen = [
        counted(neighbour=answers.get(targets[one.probe], own(targets[one.probe])))(one)
        if one.half is Half.SEND
        else one
        for one in made.results
    ]
    known = (replace(one, facts={**one.facts, "hardware-address": own(one.slot.node)}) for one in made.workers)
    assert named(replace(made, results=tuple(seen), workers=tuple(known))) == expected


def test_an_offload_that_only_the_suspected_node_lacks() -> None:
    def switched(worker: Worker, usual: str) -> Worker:
        return replace(worker, facts={**worker.facts, "offloads": "tso" if worker.slot.node == BAD else usual})

    made = run()
    for usual, expected in (("tso", []), ("tso gro", ["cause.offloads"])):
        assert named(replace(made, workers=tuple(switched(one, usual) for one in made.workers))) == expected


def test_the_cause_of_a_broken_road_that_is_no_suspect_is_in_the_first_lines() -> None:
    """Two nodes: there is no rest to compare with."""
    wish = spec({**TCP, "accept": ["throughput >= 500 Mbit/s"]})
    made = judged(record(wish, inventory(2), Network(rate=dead_towards("node-2"))))
    assert made.verdict.suspects == ()
    (remark,) = compose(made.record, made.verdict, "en").remarks
    assert remark.code == "cause.dead-road"
    assert remark.sentence.startswith("node-1 -> node-2: Likely: ")
    assert "Next: " in remark.sentence


def test_a_link_that_negotiated_less_than_the_others() -> None:
    def speed(worker: Worker) -> Worker:
        return replace(worker, facts={**worker.facts, "link-speed": "100" if worker.slot.node == BAD else "1000"})

    made = run()
    assert named(replace(made, workers=tuple(map(speed, made.workers)))) == ["cause.link-speed"]


def test_a_road_that_drops_what_tcp_sends() -> None:
    made = run()
    slow_ones = {probe.id for round_ in made.rounds for probe in round_.probes if probe.target.node == BAD}

    def dropped(result: Result) -> Result:
        if result.half is Half.SEND and result.probe in slow_ones and isinstance(result.measurement, Tcp):
            return replace(result, measurement=replace(result.measurement, retransmits=60_000))
        return result

    lossy = replace(made, results=tuple(map(dropped, made.results)))
    assert named(lossy) == ["cause.road-drops"]
    (suspect,) = suspects(lossy)
    assert causes_of(lossy, suspect)[0].values["rate"] is None


def test_a_road_on_which_no_connection_is_answered() -> None:
    dead = record(spec({**TCP, "accept": []}), inventory(8), Network(rate=dead_towards(BAD)))
    assert named(dead) == ["cause.dead-road"]


def test_pairs_that_all_carry_the_same_meet_a_limit() -> None:
    def limited(probe: Probe) -> Rate:
        return Rate(0.7e9) if probe.target.node == BAD else slow(probe)

    made = run(limited)
    assert named(made) == ["cause.rate-limit"]
    (suspect,) = suspects(made)
    assert causes_of(made, suspect)[0].values["rate"] == Rate(0.7e9)


@pytest.mark.parametrize(
    ("language", "said"), [("en", "Nothing that the workers recorded explains it."), ("ko", "원인")]
)
def test_the_report_says_the_likely_cause_or_that_none_is_known(language: str, said: str) -> None:
    made = judged(run())
    (suspect,) = compose(made.record, made.verdict, language).suspects  # type: ignore[arg-type]
    assert said in suspect.sentence
    assert suspect.causes == ()


def test_a_suspect_without_a_node_has_no_cause_of_a_node() -> None:
    made = at_bad(run(), counted(cpu_busiest=1.0, network={"eth0.rx-dropped": 12}))
    (suspect,) = suspects(made)
    wide: Suspect = replace(suspect, place=replace(suspect.place, kind=PlaceKind.ENTERS_ZONE, names=("zone-a",)))
    assert causes_of(made, wide) == ()
