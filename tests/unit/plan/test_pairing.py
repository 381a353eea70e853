"""Who meets whom, and when."""

from __future__ import annotations

from collections import Counter
from itertools import combinations, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.base.errors import UsageError
from clearway.pairing.base import arranged
from clearway.pairing.mesh import one_factorisation
from clearway.pairing.table import PAIRINGS as TABLE
from clearway.plan.model import Plan
from clearway.plan.schedule import make_plan, partners
from clearway.probe.records import Inventory, Node, Pair, Role, Round, Slot
from unit.plan.worlds import cluster, spec, unlabelled

SIZES = st.lists(st.integers(1, 7), min_size=1, max_size=4)
PAIRINGS = st.sampled_from(list(TABLE))
SCOPES = st.sampled_from(["same-zone", "cross-zone", "any", "same-node"])
DIRECTIONS = st.sampled_from(["both-ways", "forward"])


def node_pairs(plan: Plan) -> list[tuple[str, str]]:
    return [(probe.source.node, probe.target.node) for probe in plan.probes]


def busy(round_: Round) -> Counter[Slot]:
    return Counter(slot for probe in round_.probes for slot in probe.pair)


def sending(round_: Round) -> Counter[Slot]:
    return Counter(probe.source for probe in round_.probes)


def receiving(round_: Round) -> Counter[Slot]:
    return Counter(probe.target for probe in round_.probes)


@pytest.mark.parametrize("count", [*range(2, 33), 99, 100, 199, 200])
def test_a_factorisation_has_every_pair_once_and_no_player_twice_in_a_round(count: int) -> None:
    rounds = list(one_factorisation(count))
    assert len(rounds) == (count if count % 2 else count - 1)
    assert sorted(meeting for round_ in rounds for meeting in round_) == list(combinations(range(count), 2))
    for round_ in rounds:
        players = [player for meeting in round_ for player in meeting]
        assert len(players) == len(set(players)) == count - count % 2


def test_one_node_or_none_has_no_partner() -> None:
    assert [list(one_factorisation(count)) for count in (0, 1)] == [[], [[]]]


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)).filter(lambda p: p[0] != p[1]), unique=True))
def test_arranging_keeps_every_pair_and_uses_no_worker_twice_in_a_round(numbers: list[tuple[int, int]]) -> None:
    pairs: list[Pair] = [(Slot(f"n{a}"), Slot(f"n{b}")) for a, b in numbers]
    rounds = arranged(pairs)
    assert sorted(pair for round_ in rounds for pair in round_) == sorted(pairs)
    for round_ in rounds:
        assert len({slot for pair in round_ for slot in pair}) == 2 * len(round_)
    degree = Counter(slot for pair in pairs for slot in pair)
    assert len(rounds) <= max(0, 2 * max(degree.values(), default=0) - 1)


@given(SIZES, st.integers(1, 3), PAIRINGS, SCOPES, DIRECTIONS, st.integers(0, 99))
def test_both_ends_are_where_the_scope_says(
    sizes: list[int], workers: int, pairing: str, scope: str, direction: str, seed: int
) -> None:
    world = cluster(*sizes)
    wish = {"pairing": pairing, "scope": scope, "sample": "40 %" if pairing == "sample" else None}
    plan = make_plan(spec({**wish, "direction": direction}, workers_per_node=workers, seed=seed), world)
    for probe in plan.probes:
        one, other = world.node(probe.source.node), world.node(probe.target.node)
        assert probe.source != probe.target
        assert (one.name == other.name) == (scope == "same-node")
        assert scope == "any" or (one.zone == other.zone) == (scope != "cross-zone")


@given(SIZES, st.integers(1, 3), PAIRINGS, SCOPES, DIRECTIONS, st.integers(0, 99))
def test_no_worker_is_in_two_probes_of_a_round_but_for_incast_and_all_to_all(
    sizes: list[int], workers: int, pairing: str, scope: str, direction: str, seed: int
) -> None:
    """In a ring it sends in one and receives in another one."""
    wish = {"pairing": pairing, "scope": scope, "sample": "40 %" if pairing == "sample" else None}
    plan = make_plan(spec({**wish, "direction": direction}, workers_per_node=workers, seed=seed), cluster(*sizes))
    if pairing == "sample" or (pairing == "mesh" and direction == "both-ways"):
        assert all(max(sending(round_).values()) == 1 for round_ in plan.rounds)
        assert all(max(receiving(round_).values()) == 1 for round_ in plan.rounds)
    elif pairing not in {"incast", "all-to-all"}:
        assert all(max(busy(round_).values()) == 1 for round_ in plan.rounds)


@given(SIZES, st.integers(1, 3), st.sampled_from(["one-to-one", "mesh", "incast", "all-to-all"]), SCOPES)
def test_every_node_with_a_partner_is_covered(sizes: list[int], workers: int, pairing: str, scope: str) -> None:
    plan = make_plan(spec({"pairing": pairing, "scope": scope}, workers_per_node=workers), cluster(*sizes))
    lonely = sum(size for size in sizes if (size == 1) and scope == "same-zone")
    if scope == "same-node" and workers == 1:
        lonely = sum(sizes)
    if len(sizes) == 1 and (scope == "cross-zone" or (scope == "any" and sizes == [1])):
        lonely = sizes[0]
    covered = {node for pair in node_pairs(plan) for node in pair}
    assert len(covered) == sum(sizes) - lonely


@given(SIZES, PAIRINGS.filter(lambda p: TABLE[p].directed), SCOPES)
def test_both_ways_has_each_pair_in_both_directions_as_often(sizes: list[int], pairing: str, scope: str) -> None:
    plan = make_plan(spec({"pairing": pairing, "scope": scope}), cluster(*sizes))
    pairs = Counter(probe.pair for probe in plan.probes)
    assert pairs == Counter((receiver, sender) for sender, receiver in pairs.elements())


def test_one_to_one_both_ways_is_two_rounds_and_forward_is_one() -> None:
    both = make_plan(spec({"pairing": "one-to-one"}), cluster(4))
    forward = make_plan(spec({"pairing": "one-to-one", "direction": "forward"}), cluster(4))
    assert [len(round_.probes) for round_ in both.rounds] == [2, 2]
    assert forward.rounds == both.rounds[:1]
    assert [p.pair for p in both.rounds[1].probes] == [(r, s) for s, r in (p.pair for p in both.rounds[0].probes)]


@given(st.integers(1, 8), st.integers(2, 9))
def test_one_to_one_uses_every_worker_it_can(workers: int, nodes: int) -> None:
    wish = {"pairing": "one-to-one", "direction": "forward"}
    plan = make_plan(spec(wish, workers_per_node=workers), cluster(nodes))
    assert len(plan.rounds[0].probes) == workers * nodes // 2


def test_an_odd_node_meets_an_already_paired_one_in_a_round_of_its_own() -> None:
    plan = make_plan(spec({"pairing": "one-to-one", "direction": "forward"}), cluster(5))
    assert [len(round_.probes) for round_ in plan.rounds] == [2, 1]
    (finding,) = plan.findings
    assert (finding.code, finding.subject) == ("plan.leftover-pair", plan.rounds[1].probes[0].source.node)
    assert len({node for pair in node_pairs(plan) for node in pair}) == 5


def test_two_nodes_on_one_machine_never_meet() -> None:
    hosts = ["h1", "h1", "h2", "h2", "h2"]
    world = Inventory("lab", tuple(Node(f"n{i}", machine=host) for i, host in enumerate(hosts)))
    for pairing in ("one-to-one", "mesh", "incast", "all-to-all"):
        pairs = node_pairs(make_plan(spec({"pairing": pairing}), world))
        assert all(world.node(a).on_machine != world.node(b).on_machine for a, b in pairs)
        assert {node for pair in pairs for node in pair} == {node.name for node in world.nodes}


def test_zones_that_share_a_machine_still_never_meet_on_it() -> None:
    world = Inventory("lab", (Node("a", "z1", "host"), Node("b", "z2", "host"), Node("c", "z2", "other")))
    plan = make_plan(spec({"scope": "cross-zone"}), world)
    assert set(node_pairs(plan)) == {("a", "c"), ("c", "a")}


@pytest.mark.parametrize(("nodes", "rounds"), [(4, 3), (5, 5), (9, 9), (10, 9)])
def test_a_forward_mesh_has_each_unordered_pair_once_and_balances_who_sends(nodes: int, rounds: int) -> None:
    plan = make_plan(spec({"pairing": "mesh", "direction": "forward"}), cluster(nodes))
    assert len(plan.rounds) == rounds
    assert len({frozenset(pair) for pair in node_pairs(plan)}) == len(node_pairs(plan)) == nodes * (nodes - 1) // 2
    sends = Counter(sender for sender, _ in node_pairs(plan))
    assert max(sends.values()) - min(sends[f"node-{i}"] for i in range(1, nodes + 1)) <= 2


@pytest.mark.parametrize("nodes", [2, 3, 8, 9, 64])
def test_a_mesh_both_ways_has_every_ordered_pair_in_one_round_less_than_nodes(nodes: int) -> None:
    plan = make_plan(spec({"pairing": "mesh"}), cluster(nodes))
    assert len(plan.rounds) == nodes - 1
    assert sorted(node_pairs(plan)) == sorted(permutations([f"node-{i}" for i in range(1, nodes + 1)], 2))
    for round_ in plan.rounds:
        assert set(sending(round_).values()) == set(receiving(round_).values()) == {1}
        assert len(sending(round_)) == len(receiving(round_)) == nodes


def test_a_mesh_under_background_loads_one_direction_at_a_time() -> None:
    loaded = {"name": "loaded", "protocol": "http", "rate": "500/s", "background": {}, "pairing": "mesh"}
    plan = make_plan(spec(loaded), cluster(6))
    assert len(plan.rounds) == 10
    judged = [(p.source.node, p.target.node) for p in plan.probes if p.role is Role.JUDGED]
    assert sorted(judged) == sorted(permutations([f"node-{i}" for i in range(1, 7)], 2))
    for round_ in plan.rounds:
        assert not set(sending(round_)) & set(receiving(round_))


@given(st.integers(2, 6), st.integers(2, 6))
def test_a_mesh_across_two_zones_takes_as_many_rounds_as_the_larger_one_has_nodes(one: int, other: int) -> None:
    """Rings alone would take as many as there are nodes: their gaps are filled."""
    plan = make_plan(spec({"pairing": "mesh", "scope": "cross-zone"}), cluster(one, other))
    assert len(node_pairs(plan)) == len(set(node_pairs(plan))) == 2 * one * other
    assert max(one, other) <= len(plan.rounds) <= one + other - 1


def test_zones_run_their_meshes_side_by_side() -> None:
    plan = make_plan(spec({"pairing": "mesh", "direction": "forward"}), cluster(4, 3))
    assert [len(round_.probes) for round_ in plan.rounds] == [3, 3, 3]


def test_incast_is_one_round_per_server_and_all_others_send() -> None:
    plan = make_plan(spec({"pairing": "incast"}), cluster(4))
    assert [{p.target.node for p in round_.probes} for round_ in plan.rounds] == [{f"node-{i}"} for i in range(1, 5)]
    assert all(len(round_.probes) == 3 for round_ in plan.rounds)


def test_incast_on_a_named_server_is_one_round() -> None:
    plan = make_plan(spec({"pairing": "incast", "server": "node-2"}), cluster(4))
    assert sorted(node_pairs(plan)) == [("node-1", "node-2"), ("node-3", "node-2"), ("node-4", "node-2")]


def test_incast_on_a_server_that_is_not_there_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        make_plan(spec({"pairing": "incast", "server": "node-9"}), cluster(2))
    assert caught.value.code == "plan.unknown-node"
    assert caught.value.values["choices"] == ("node-1", "node-2")


def test_all_to_all_is_every_ordered_pair_at_once() -> None:
    plan = make_plan(spec({"pairing": "all-to-all"}), cluster(4))
    assert len(plan.rounds) == 1
    assert sorted(node_pairs(plan)) == sorted(permutations([f"node-{i}" for i in range(1, 5)], 2))


@given(st.integers(2, 14), st.integers(1, 100), st.integers(0, 50))
def test_a_sample_is_whole_rings_so_that_every_node_sends_and_receives_as_often(
    nodes: int, percent: int, seed: int
) -> None:
    plan = make_plan(spec({"pairing": "sample", "sample": f"{percent} %"}, seed=seed), cluster(nodes))
    pairs, times = node_pairs(plan), -(-percent * (nodes - 1) // 100)
    assert len(plan.rounds) == times
    assert len(set(pairs)) == len(pairs)
    for end in (0, 1):
        assert Counter(pair[end] for pair in pairs) == {f"node-{i}": times for i in range(1, nodes + 1)}


def test_a_sample_under_background_loads_one_direction_at_a_time() -> None:
    wish = {
        "name": "loaded",
        "protocol": "http",
        "rate": "500/s",
        "background": {},
        "pairing": "sample",
        "sample": "20 %",
    }
    plan = make_plan(spec(wish), cluster(11))
    assert len(plan.pairs("loaded")) == 22
    assert not any(set(sending(round_)) & set(receiving(round_)) for round_ in plan.rounds)


@given(st.lists(st.integers(1, 9), min_size=2, max_size=4), st.integers(1, 99), st.integers(0, 50))
def test_a_sample_across_zones_draws_no_pair_twice_and_covers_all_nodes(
    sizes: list[int], percent: int, seed: int
) -> None:
    wish = {"pairing": "sample", "sample": f"{percent} %", "scope": "cross-zone"}
    plan = make_plan(spec(wish, seed=seed), cluster(*sizes))
    pairs = node_pairs(plan)
    assert len(set(pairs)) == len(pairs)
    assert len({node for pair in pairs for node in pair}) == sum(sizes)


@given(st.integers(1, 40), st.integers(0, 50))
def test_zones_of_one_size_give_every_node_a_partner_in_each_ring(size: int, seed: int) -> None:
    plan = make_plan(
        spec({"pairing": "sample", "sample": "1 %", "scope": "cross-zone"}, seed=seed), cluster(size, size)
    )
    assert [len(round_.probes) for round_ in plan.rounds] == [2 * size]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), min_size=1, max_size=9), SCOPES, st.integers(1, 2))
def test_partners_are_counted_as_if_they_were_listed(where: list[tuple[int, int]], scope: str, workers: int) -> None:
    nodes = tuple(Node(f"n{i}", f"z{zone}", f"m{machine}") for i, (zone, machine) in enumerate(where))
    test = spec({"scope": scope}).tests[0]
    candidates = partners(test, Inventory("lab", nodes), workers)
    for group in candidates.groups:
        listed = [pair for pair in permutations([member[0] for member in group], 2) if candidates.allowed(*pair)]
        assert candidates.most_partners(group) == max(Counter(one for one, _ in listed).values(), default=0)


@given(st.integers(2, 6), st.integers(2, 6), st.integers(1, 3))
def test_a_whole_sample_is_every_ordered_pair(one: int, other: int, workers: int) -> None:
    wish = {"pairing": "sample", "sample": "100 %", "scope": "cross-zone"}
    plan = make_plan(spec(wish, workers_per_node=workers), cluster(one, other))
    assert len(plan.pairs("tcp")) == 2 * one * other * workers


def test_the_same_wish_gets_the_same_pairs_in_every_test() -> None:
    udp = {"name": "udp", "protocol": "udp", "rate": "100 Mbit/s"}
    plan = make_plan(spec({}, udp), unlabelled(9))
    assert plan.pairs("tcp") == plan.pairs("udp")


def test_another_seed_pairs_otherwise() -> None:
    plans = {make_plan(spec({}, seed=seed), unlabelled(12)).pairs("tcp") for seed in range(5)}
    assert len(plans) == 5


@given(SIZES, st.integers(1, 3), PAIRINGS, SCOPES, st.integers(0, 9))
def test_planning_twice_gives_the_same_plan(
    sizes: list[int], workers: int, pairing: str, scope: str, seed: int
) -> None:
    wish = {"pairing": pairing, "scope": scope, "sample": "30 %" if pairing == "sample" else None}
    wanted = spec(wish, workers_per_node=workers, seed=seed)
    assert make_plan(wanted, cluster(*sizes)) == make_plan(wanted, cluster(*sizes))
