"""What a verdict is about: roads that were judged, of all that the network has."""

from __future__ import annotations

from functools import partial
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.probe.records import Inventory, Node, Outcome, Probe, Result, Round
from clearway.spec.load import read_spec
from clearway.verdict.judge import judge
from clearway.verdict.model import Roads, VerdictScope
from making import Answer, after, inventory, measured, planned, void

GOOD: Answer = partial(measured, value=9e8)
ONE_TO_ONE = "{version: 1, tests: [{name: t, protocol: tcp%s, accept: ['throughput >= 1 Mbit/s']}]}"


def scope_of_two_zones(fields: str, nodes: int) -> VerdictScope:
    """Of a run in which every pair measured well."""
    record = planned(read_spec(ONE_TO_ONE % fields), inventory(nodes, zones=("a", "b")))
    return judge(after(record, record.plan, GOOD)).scope


def test_a_road_is_an_ordered_pair_of_nodes() -> None:
    scope = scope_of_two_zones("", 10)
    # Five nodes a zone: two pairs each, and one for the node that is left over; both ways.
    assert scope.same_zone == Roads(total=40, judged=12, shown=0)
    assert scope.cross_zone == Roads(total=50, judged=0, shown=0)
    assert (scope.judged, scope.total, scope.nodes, scope.nodes_covered) == (12, 90, 10, 10)


def test_before_anything_is_measured_a_verdict_is_about_no_road() -> None:
    scope = judge(planned(read_spec(ONE_TO_ONE % ""), inventory(4))).scope
    assert (scope.judged, scope.total, scope.nodes_covered) == (0, 12, 0)


def test_a_road_of_which_one_direction_has_no_value_counts_once() -> None:
    record = planned(read_spec(ONE_TO_ONE % ""), inventory(2))
    lost = record.plan[1].probes[0]

    def answer(round_: Round, probe: Probe) -> tuple[Result, ...]:
        return void(round_, probe, Outcome.WORKER_LOST) if probe == lost else measured(round_, probe, 9e8)

    assert judge(after(record, record.plan, answer)).scope.judged == 1


def test_a_road_is_judged_if_every_test_that_judges_it_knows_it() -> None:
    spec = read_spec("""
version: 1
seed: 1
tests:
- {name: wide, protocol: tcp, pairing: mesh, accept: ["throughput >= 1 Mbit/s"]}
- {name: again, protocol: tcp, accept: ["throughput >= 1 Mbit/s"]}
""")
    record = planned(spec, inventory(4))
    some = [round_ for round_ in record.plan if round_.test == "wide"]
    all_of_them = judge(after(record, record.plan, GOOD))
    part = judge(after(record, some, GOOD))
    assert (all_of_them.scope.judged, part.scope.judged) == (12, 8)
    assert [test.scope.judged for test in all_of_them.tests] == [12, 4]
    assert [test.scope.judged for test in part.tests] == [12, 0]


def test_roads_across_zones_that_are_only_shown_are_counted_apart() -> None:
    scope = scope_of_two_zones(", pairing: mesh, scope: any", 4)
    assert scope.same_zone == Roads(total=4, judged=4, shown=0)
    assert scope.cross_zone == Roads(total=8, judged=0, shown=8)


def test_pairs_inside_a_node_are_about_no_road() -> None:
    text = (ONE_TO_ONE % ", scope: same-node").replace("{version: 1,", "{version: 1, workers-per-node: 2,")
    record = planned(read_spec(text), inventory(3))
    scope = judge(after(record, record.plan, GOOD)).scope
    assert (scope.judged, scope.total, scope.nodes_covered) == (0, 6, 3)


PLACES = st.lists(st.tuples(st.sampled_from(["a", "b", None]), st.sampled_from(["m1", "m2", "m3", None])), max_size=8)


@given(PLACES)
def test_all_roads_are_what_a_naive_count_gives(places: list[tuple[str | None, str | None]]) -> None:
    nodes = tuple(Node(f"n{index}", zone, machine) for index, (zone, machine) in enumerate(places))
    scope = judge(planned(read_spec(ONE_TO_ONE % ""), Inventory("lab", nodes))).scope
    roads = [(one, other) for one, other in permutations(nodes, 2) if one.on_machine != other.on_machine]
    labelled = any(node.zone for node in nodes)
    same = [road for road in roads if not labelled or (road[0].zone and road[0].zone == road[1].zone)]
    assert (scope.same_zone.total, scope.total) == (len(same), len(roads))


@pytest.mark.parametrize("nodes", [2, 3, 10])
def test_a_mesh_is_about_every_road(nodes: int) -> None:
    record = planned(read_spec(ONE_TO_ONE % ", pairing: mesh"), inventory(nodes))
    scope = judge(after(record, record.plan, GOOD)).scope
    assert scope.judged == scope.total == nodes * (nodes - 1)
