"""Which nodes fail when: whatever is asked for, some things never happen."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from clearway.base.errors import UsageError
from clearway.base.units import Duration, Ratio
from clearway.chaos.monkey import ChaosRequest, schedule
from clearway.plan.model import CONTROL_PLANE, broken_during
from clearway.plan.schedule import make_plan
from clearway.probe.records import Inventory, Node, Role
from clearway.spec.load import read_spec
from clearway.spec.model import Spec

NODES = st.lists(st.booleans(), min_size=0, max_size=40).map(
    lambda marks: tuple(
        Node(f"node-{number}", facts={CONTROL_PLANE: "yes"} if mark else {}) for number, mark in enumerate(marks, 1)
    )
)
WISHES = st.builds(
    ChaosRequest,
    failure_rate=st.floats(0.001, 1).map(Ratio),
    interval=st.floats(0, 1000).map(Duration),
    jitter=st.floats(0, 10),
    downtime=st.just(Duration(10)),
    exclude=st.lists(st.integers(1, 40).map(lambda number: f"node-{number}"), max_size=10).map(tuple),
)
SEEDS = st.integers(0, 2**63 - 1)


@given(WISHES, NODES, SEEDS)
def test_no_node_fails_twice_and_none_that_must_not(wish: ChaosRequest, nodes: tuple[Node, ...], seed: int) -> None:
    failing = [name for wave in schedule(wish, nodes, seed) for name in wave.nodes]
    allowed = {node.name for node in nodes if CONTROL_PLANE not in node.facts} - set(wish.exclude)
    assert sorted(failing) == sorted(allowed)


@given(WISHES, NODES, SEEDS)
def test_never_more_than_the_share_of_what_is_left_fails_at_once(
    wish: ChaosRequest, nodes: tuple[Node, ...], seed: int
) -> None:
    made = schedule(wish, nodes, seed)
    left = sum(len(wave.nodes) for wave in made)
    for wave in made:
        assert 0 < len(wave.nodes) <= math.ceil(wish.failure_rate.si * left)
        left -= len(wave.nodes)


@given(WISHES, NODES, SEEDS)
def test_a_pause_is_between_the_interval_and_the_interval_with_all_its_jitter(
    wish: ChaosRequest, nodes: tuple[Node, ...], seed: int
) -> None:
    for wave in schedule(wish, nodes, seed):
        assert wish.interval.si <= wave.pause.si <= wish.interval.si * (1 + wish.jitter)


@given(WISHES, NODES, SEEDS)
def test_the_same_seed_breaks_the_same_nodes(wish: ChaosRequest, nodes: tuple[Node, ...], seed: int) -> None:
    assert schedule(wish, nodes, seed) == schedule(wish, tuple(reversed(nodes)), seed)


def spec(nodes: str = "25 %", exclude: str = "") -> Spec:
    return read_spec(f"""
version: 1
chaos: {{nodes: {nodes}, exclude: [{exclude}]}}
tests:
- {{name: whole, protocol: tcp, pairing: mesh}}
- {{name: failing, protocol: tcp, pairing: mesh, when: failing}}
- {{name: still, protocol: udp, rate: 1 Mbit/s, pairing: mesh, when: failing}}
- {{name: recovered, protocol: tcp, pairing: mesh, when: recovered}}
- {{name: again, protocol: tcp, pairing: mesh, when: failing}}
""")


def inventory(count: int, control_planes: int = 0) -> Inventory:
    names = [f"node-{number}" for number in range(1, count + 1)]
    marks = [{CONTROL_PLANE: "yes"} if number < control_planes else {} for number in range(count)]
    return Inventory("kubernetes", tuple(Node(name, facts=mark) for name, mark in zip(names, marks, strict=True)))


@given(st.integers(8, 40), st.integers(1, 50), st.integers(0, 2))
def test_a_wave_of_a_spec_is_its_share_rounded_down(count: int, per_cent: int, control_planes: int) -> None:
    nodes = inventory(count, control_planes)
    size = count * per_cent // 100
    assume(0 < 2 * size <= count - control_planes)
    broken = broken_during(spec(f"{per_cent} %"), nodes)
    waves = [broken["failing"], broken["again"]]
    assert [len(wave) for wave in waves] == [size, size]
    assert len({name for wave in waves for name in wave}) == 2 * size


def test_tests_that_stand_together_share_a_wave_and_the_next_ones_get_other_nodes() -> None:
    broken = broken_during(spec(), inventory(8))
    assert broken.keys() == {"failing", "still", "again"}
    assert broken["failing"] == broken["still"]
    assert not set(broken["failing"]) & set(broken["again"])


def test_n_comes_from_the_plan_and_counts_pairs_between_whole_nodes() -> None:
    nodes = inventory(8)
    wish, broken = spec(), broken_during(spec(), nodes)
    plan = make_plan(wish, nodes)
    judged = plan.pairs("failing")
    assert len(judged) == 6 * 5
    assert all(slot.node not in broken["failing"] for pair in judged for slot in pair)
    assert len(plan.pairs("failing", Role.EXPOSED)) == 8 * 7 - 6 * 5
    assert len(plan.pairs("whole")) == len(plan.pairs("recovered")) == 8 * 7


def test_the_plan_names_the_nodes_that_will_be_broken() -> None:
    nodes = inventory(8)
    told = {
        found.subject: found.values["nodes"] for found in make_plan(spec(), nodes).findings if "broken" in found.code
    }
    assert told == broken_during(spec(), nodes)


@pytest.mark.parametrize(
    ("wish", "nodes", "code"),
    [
        (spec("10 %"), inventory(4), "plan.share-below-a-node"),
        (spec("50 %"), inventory(4, control_planes=1), "plan.too-few-to-break"),
        (spec("25 %", exclude="node-1, node-2, node-3"), inventory(4), "plan.too-few-to-break"),
    ],
)
def test_what_can_not_be_broken_is_refused_when_it_is_planned(wish: Spec, nodes: Inventory, code: str) -> None:
    with pytest.raises(UsageError) as refused:
        make_plan(wish, nodes)
    assert refused.value.code == code
