"""Nodes as the tests of a run want them: broken before the first of their rounds, whole before any other."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from clearway.base.clock import Clock
from clearway.base.units import Duration
from clearway.chaos.killer import FailureRequest, NodeKiller
from clearway.chaos.phases import ChaosPlan, Phases
from clearway.probe.records import Observation, Reason, Round
from clearway.site.base import WatchContext
from clearway.spec.model import Chaos
from unit.chaos.nodes import FUSE, Nodes, tools

ASKED = ChaosPlan(
    Chaos.model_construct(fail="kubelet-and-runtime", downtime=FUSE, recovery=Duration(0.3)),
    {"failing": ("a",), "more": ("b", "c")},
    {"whole": "whole", "failing": "failing", "recovered": "recovered", "more": "failing"},
)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clearway.chaos.killer._LOOK_EVERY", Duration(0.01))


def context(seen: list[Observation]) -> WatchContext:
    def stop(reason: Reason) -> None:
        raise AssertionError(reason)

    return WatchContext(frozenset("abc"), Clock(), seen.append, stop)


def round_of(test: str) -> Round:
    return Round(f"{test}-1", test, ())


async def test_each_round_meets_the_nodes_that_its_test_wants(tmp_path: Path) -> None:
    nodes, met = Nodes(), []
    phases = Phases(tools(nodes, tmp_path, set()), ASKED)
    async with phases.watching(context([])):
        for test in ("whole", "failing", "failing", "more", "whole", "recovered"):
            await phases.before(round_of(test))
            met.append(sorted(nodes.broken))
    assert met == [[], ["a"], ["a"], ["b", "c"], [], []]
    assert [what for _, what in nodes.said].count("strike") == 3


async def test_a_recovered_round_waits_until_the_recovery_time_is_over(tmp_path: Path) -> None:
    nodes, seen = Nodes(), list[Observation]()
    phases = Phases(tools(nodes, tmp_path, set()), ASKED)
    async with phases.watching(context(seen)):
        await phases.before(round_of("failing"))
        await phases.before(round_of("recovered"))
        now = Clock().now()
    (put_back,) = [one.at for one in seen if one.kind == "chaos-putting-back"]
    assert now >= put_back + ASKED.chaos.recovery.si


async def test_a_run_that_is_cancelled_leaves_whole_nodes(tmp_path: Path) -> None:
    nodes, broken = Nodes(), asyncio.Event()
    phases = Phases(tools(nodes, tmp_path, set()), ASKED)

    async def rounds() -> None:
        async with phases.watching(context([])):
            await phases.before(round_of("more"))
            broken.set()
            await asyncio.Event().wait()

    running = asyncio.create_task(rounds())
    await broken.wait()
    running.cancel()
    await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert (nodes.broken, nodes.armed) == (set(), {})


async def test_what_an_earlier_process_left_broken_is_put_back_first(tmp_path: Path) -> None:
    nodes = Nodes()
    made = tools(nodes, tmp_path, set())
    await NodeKiller(made, lambda _: None).fail(["c"], FailureRequest("kubelet-and-runtime", FUSE, Duration(1)))
    async with Phases(made, ASKED).watching(context([])):
        assert nodes.broken == set()
    assert made.journal.open() == ()
