"""From pairs to probes and rounds."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.base.errors import UsageError
from clearway.base.units import Duration, Frequency, Rate
from clearway.plan.schedule import make_plan
from clearway.probe.parameters import HttpParameters, TcpParameters, UdpParameters, Window
from clearway.probe.records import Inventory, Node, Role, Severity, Slot
from unit.plan.worlds import GIGABIT, cluster, spec, unlabelled

HTTP = {"name": "latency", "protocol": "http", "rate": "500/s", "background": {"streams": 4}}
UDP = {"name": "loss", "protocol": "udp", "rate": "20 % of link"}


def test_ids_are_readable() -> None:
    plan = make_plan(spec({"name": "bandwidth", "server": "node-2", "pairing": "incast"}), cluster(2))
    assert [round_.id for round_ in plan.rounds] == ["bandwidth-01"]
    assert [probe.id for probe in plan.probes] == ["bandwidth/node-1/0>node-2/0#0"]


@given(st.integers(2, 9), st.integers(1, 3), st.integers(1, 3))
def test_ids_are_unique(nodes: int, workers: int, repeats: int) -> None:
    wanted = [{**t, "pairing": "mesh", "repeats": {"min": repeats}} for t in ({"name": "tcp"}, HTTP, UDP)]
    plan = make_plan(spec(*wanted, workers_per_node=workers), cluster(nodes))
    ids = [probe.id for probe in plan.probes] + [round_.id for round_ in plan.rounds]
    assert len(ids) == len(set(ids))


def test_a_tcp_client_sends_and_an_http_client_receives() -> None:
    plan = make_plan(spec({}, HTTP), cluster(2))
    tcp, http = (next(p for p in plan.probes if p.test == name) for name in ("tcp", "latency"))
    assert (tcp.client, tcp.server) == tcp.pair
    assert (http.server, http.client) == http.pair
    assert tcp.pair == http.pair


def test_the_background_takes_the_way_of_the_responses_and_outlives_them() -> None:
    plan = make_plan(spec({**HTTP, "duration": "5s", "warm-up": "1s"}), cluster(2))
    judged, load = plan.rounds[0].probes
    assert judged.background == load.id
    assert load.pair == judged.pair
    assert (load.client, load.server) == (judged.server, judged.client)
    assert (load.role, load.engine, load.parameters) == (Role.BACKGROUND, "iperf2", TcpParameters(4))
    assert judged.window == Window(Duration(1), Duration(5))
    assert load.window == Window(Duration(1), Duration(6))


def test_a_round_trip_is_loaded_from_its_client_to_its_server() -> None:
    plan = make_plan(spec({"name": "rtt", "protocol": "round-trip", "background": {"streams": 2}}), cluster(2))
    judged, load = plan.rounds[0].probes
    assert (load.client, load.server) == (judged.client, judged.server) == judged.pair


def test_parameters_are_what_the_test_asks_for() -> None:
    tcp = {"streams": 3, "congestion": "cubic"}
    plan = make_plan(spec(tcp, HTTP, UDP), cluster(2))
    kinds = {probe.test: probe.parameters for probe in plan.probes if probe.role is Role.JUDGED}
    assert kinds["tcp"] == TcpParameters(3, "cubic")
    assert kinds["loss"] == UdpParameters(GIGABIT * 0.2)
    http = kinds["latency"]
    assert isinstance(http, HttpParameters)
    assert http.rate == Frequency(500)


def test_a_share_of_the_link_is_of_the_slower_end() -> None:
    world = Inventory("lab", (Node("a", link=Rate(1e9)), Node("b", link=Rate(1e8))))
    (probe, _) = make_plan(spec(UDP), world).probes
    assert probe.parameters == UdpParameters(Rate(2e7))


def test_the_link_in_the_spec_stands_above_the_site() -> None:
    (probe, _) = make_plan(spec(UDP, link="10 Gbit/s"), cluster(2)).probes
    assert probe.parameters == UdpParameters(Rate(2e9))


def test_a_share_of_an_unknown_link_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        make_plan(spec(UDP), cluster(2, link=None))
    assert caught.value.code == "plan.link-unknown"


def test_a_rate_above_the_link_is_said() -> None:
    plan = make_plan(spec({**UDP, "rate": "2 Gbit/s"}), cluster(2))
    (finding,) = plan.findings
    assert (finding.code, finding.values["link"]) == ("plan.rate-above-link", GIGABIT)


def test_a_limit_that_is_a_share_of_an_unknown_link_is_said() -> None:
    plan = make_plan(spec({"accept": ["throughput >= 90 % of link"]}), cluster(2, link=None))
    assert [finding.code for finding in plan.findings] == ["plan.limit-link-unknown"]


def test_isolated_is_one_judged_probe_a_round_with_its_background() -> None:
    plan = make_plan(spec({**HTTP, "isolated": True}), cluster(6))
    assert [[p.role for p in r.probes] for r in plan.rounds] == [[Role.JUDGED, Role.BACKGROUND]] * 6


@given(st.integers(2, 7), st.integers(2, 4), st.sampled_from(["one-to-one", "mesh"]))
def test_repeats_of_a_pair_are_a_whole_pass_apart(nodes: int, repeats: int, pairing: str) -> None:
    plan = make_plan(spec({"pairing": pairing, "repeats": {"min": repeats}}), cluster(nodes))
    length = len(plan.rounds) // repeats
    passes = [plan.rounds[i : i + length] for i in range(0, len(plan.rounds), length)]
    for number, one_pass in enumerate(passes):
        probes = [probe for round_ in one_pass for probe in round_.probes]
        assert {probe.repeat for probe in probes} == {number}
        assert Counter(probe.pair for probe in probes) == Counter(probe.pair for r in passes[0] for probe in r.probes)


def test_cross_zone_pairs_are_reported_and_judged_only_when_asked() -> None:
    world = cluster(2, 2)
    for asked, cross in ((False, Role.REPORTED), (True, Role.JUDGED)):
        plan = make_plan(spec({"pairing": "mesh", "scope": "any", "judge-cross-zone": asked}), world)
        for probe in plan.probes:
            same = world.node(probe.source.node).zone == world.node(probe.target.node).zone
            assert probe.role is (Role.JUDGED if same else cross)


def test_scope_cross_zone_is_asking() -> None:
    plan = make_plan(spec({"scope": "cross-zone"}), cluster(2, 2))
    assert {probe.role for probe in plan.probes} == {Role.JUDGED}


def test_without_labels_all_nodes_are_one_zone_and_it_is_said() -> None:
    plan = make_plan(spec({"pairing": "mesh", "scope": "any"}), unlabelled(4))
    assert {probe.role for probe in plan.probes} == {Role.JUDGED}
    assert [(f.code, f.severity) for f in plan.findings] == [("plan.one-zone", Severity.INFO)]


def test_a_node_of_unknown_zone_is_left_out_of_its_neighbours_zone() -> None:
    world = Inventory("lab", (*cluster(2).nodes, Node("stray")))
    plan = make_plan(spec({"pairing": "mesh"}), world)
    assert {slot.node for slot in plan.slots} == {"node-1", "node-2"}
    assert ("plan.zone-unknown", "stray") in {(f.code, f.subject) for f in plan.findings}


def test_a_node_alone_in_its_zone_is_said() -> None:
    plan = make_plan(spec({}), cluster(2, 1))
    assert [(f.code, f.subject) for f in plan.findings] == [("plan.no-partner", "node-3")]


def test_no_pair_at_all_is_an_error() -> None:
    plan = make_plan(spec({}), cluster(1, 1))
    assert [(f.code, f.severity) for f in plan.findings] == [("plan.no-pairs", Severity.ERROR)]
    assert plan.rounds == ()


def test_workers_of_one_node_meet_when_asked() -> None:
    plan = make_plan(spec({"scope": "same-node", "direction": "forward"}, workers_per_node=2), cluster(2))
    assert plan.slots == (Slot("node-1", 0), Slot("node-1", 1), Slot("node-2", 0), Slot("node-2", 1))
    assert {frozenset(pair) for pair in plan.pairs("tcp")} == {frozenset(plan.slots[:2]), frozenset(plan.slots[2:])}


def test_roads_across_zones_are_shown_in_one_round_and_once() -> None:
    world = cluster(3, 2)
    alone = make_plan(spec({"repeats": {"min": 3}}, seed=1), world)
    shown = make_plan(spec({"repeats": {"min": 3}, "show-cross-zone": True}, seed=1), world)
    (last,) = shown.rounds[len(alone.rounds) :]
    assert shown.rounds[: len(alone.rounds)] == alone.rounds, "the judged pairs stay as they are"
    assert {probe.role for probe in last.probes} == {Role.REPORTED}
    zone = {node.name: node.zone for node in world.nodes}
    assert all(zone[sender.node] != zone[receiver.node] for sender, receiver in shown.pairs("tcp", Role.REPORTED))
    ends = [slot.node for pair in shown.pairs("tcp", Role.REPORTED) for slot in pair]
    assert len(ends) == len(set(ends)) == 4, "each node in at most one pair"


@pytest.mark.parametrize("world", [cluster(4), unlabelled(4)])
def test_one_zone_has_no_roads_across_zones_to_show(world: Inventory) -> None:
    assert make_plan(spec({"show-cross-zone": True}), world) == make_plan(spec({}), world)
