"""ChaosMonkey, and a test's own chaosMonkey: acted on where it is allowed, and told when it goes wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from clearway.base.errors import SiteError
from clearway.base.units import Duration
from clearway.chaos.killer import KillerTools
from clearway.cl2.config.load import Compiler
from clearway.cl2.config.methods import Compiled, MethodCall
from clearway.cl2.config.model import Part
from clearway.cl2.context import Context
from clearway.cl2.measurements.chaos import METHOD, ChaosMonkey, ChaosStartParameters, of_the_whole_test
from clearway.cl2.measurements.table import MEASUREMENTS, WITH_CHAOS
from clearway.cl2.templates import Templates
from clearway.shell.base import CommandOutput
from clearway.spec.problems import SpecError
from faulty_site import FaultySite
from unit.chaos.nodes import Nodes, tools
from unit.cl2.configs import SKELETON
from unit.cl2.doubles import HERE, Console
from unit.cl2.doubles import context as cl2_context

CONFIG = """\
name: chaos
chaosMonkey:
  nodeFailure: {failureRate: 0.5, interval: 10s, jitterFactor: 0.1, simulatedDowntime: 10s}
  excludedNodes: {node-1: null}
steps:
- name: break some
  measurements:
  - Identifier: monkey
    Method: ChaosMonkey
    Params: {action: start, failureRate: 0.5, interval: 10s, jitterFactor: 0.1, simulatedDowntime: 10s}
- name: stop
  measurements:
  - {Identifier: monkey, Method: ChaosMonkey, Params: {action: stop}}
"""
SOON = ChaosStartParameters.model_validate({"failureRate": 0.5, "interval": "10ms", "simulatedDowntime": "10ms"})


def compiled(folder: Path, text: str = CONFIG, *, allowed: bool = True) -> Compiled:
    path = folder / "config.yaml"
    path.write_text(text, encoding="utf-8")
    methods = WITH_CHAOS if allowed else MEASUREMENTS
    return Compiler(Templates(folder), methods, {}, lambda: 3, provider=SKELETON).compile(path)


def test_both_ways_of_asking_for_it_are_read(tmp_path: Path) -> None:
    made = compiled(tmp_path)
    (whole,) = of_the_whole_test(made.config, "config.yaml")
    assert isinstance(whole.params, ChaosStartParameters)
    assert (whole.params.excluded_nodes, whole.params.failure_rate) == (("node-1",), 0.5)
    assert [call.action for step in made.steps for call in step.calls] == ["start", "stop"]


def test_without_being_allowed_each_is_refused_at_its_place(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as refused:
        compiled(tmp_path, allowed=False)
    found = {(problem.code, problem.place.line) for problem in refused.value.problems}
    assert found == {("door.breaks-nodes", 3), ("door.breaks-nodes", 9), ("door.breaks-nodes", 13)}


@pytest.mark.parametrize("rate", ["0", "-0.1", "1.5"])
def test_a_rate_that_is_no_share_is_refused(tmp_path: Path, rate: str) -> None:
    with pytest.raises(SpecError):
        compiled(tmp_path, CONFIG.replace("failureRate: 0.5", f"failureRate: {rate}"))


@pytest.fixture
def nodes(monkeypatch: pytest.MonkeyPatch) -> Nodes:
    monkeypatch.setattr("clearway.chaos.killer._LOOK_EVERY", Duration(0.01))
    return Nodes()


@pytest.fixture
def console() -> Console:
    return Console()


@pytest.fixture
def context(nodes: Nodes, console: Console, tmp_path: Path) -> Context:
    async def killer_tools() -> KillerTools:
        return tools(nodes, tmp_path, set())

    made = cl2_context(tmp_path, console=console, site=lambda cluster: FaultySite(lambda request: None))
    return replace(made, killer_tools=killer_tools)


def start(params: ChaosStartParameters = SOON) -> MethodCall:
    return MethodCall(METHOD, "monkey", "start", params, HERE)


STOP = MethodCall(METHOD, "monkey", "stop", Part(), HERE)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - what it waits for tells nobody
            await asyncio.sleep(0.01)


def struck(nodes: Nodes) -> list[str]:
    return [node for node, what in nodes.said if what == "strike"]


async def test_it_breaks_until_it_is_stopped_and_leaves_whole_nodes(nodes: Nodes, context: Context) -> None:
    monkey = ChaosMonkey()
    await monkey.call(start(), context, "test")
    await until(lambda: len(struck(nodes)) == 3)
    await monkey.call(STOP, context, "test")
    assert (nodes.broken, nodes.armed) == (set(), {})
    before = len(nodes.said)
    await asyncio.sleep(0.1)
    assert len(nodes.said) == before


async def test_started_again_it_breaks_others(nodes: Nodes, context: Context) -> None:
    monkey = ChaosMonkey()
    await monkey.call(start(), context, "test")
    await until(lambda: len(struck(nodes)) >= 2)
    await monkey.call(STOP, context, "test")
    await monkey.call(start(), context, "test")
    await until(lambda: len(struck(nodes)) == 4)
    await monkey.dispose()
    assert len(set(struck(nodes))) == 4


async def test_two_at_once_would_break_too_much(context: Context) -> None:
    one, other = ChaosMonkey(), ChaosMonkey()
    await one.call(start(), context, "test")
    with pytest.raises(SiteError):
        await other.call(start(), context, "test")
    await one.dispose()
    await other.call(start(), context, "test")
    await other.dispose()


async def test_a_break_that_fails_is_the_error_of_the_step_that_stops_it(nodes: Nodes, context: Context) -> None:
    nodes.answer = lambda node, what: CommandOutput(1, "", "masked") if what == "strike" else None
    monkey = ChaosMonkey()
    await monkey.call(start(), context, "test")
    await until(lambda: bool(struck(nodes)))
    with pytest.raises(SiteError) as failed:
        await monkey.call(STOP, context, "test")
    assert failed.value.code == "chaos.not-broken"


async def test_a_schedule_that_fails_by_itself_is_an_error_too(nodes: Nodes, context: Context) -> None:
    def answer(node: str, what: str) -> None:
        if what == "strike":
            raise LookupError(node)

    nodes.answer = answer
    monkey = ChaosMonkey()
    await monkey.call(start(), context, "test")
    await until(lambda: bool(struck(nodes)))
    with pytest.raises(LookupError):
        await monkey.call(STOP, context, "test")


async def test_one_that_broke_nothing_says_so(context: Context, console: Console) -> None:
    monkey = ChaosMonkey()
    await monkey.call(start(SOON.model_copy(update={"interval": SOON.interval * 1e6})), context, "test")
    await monkey.call(STOP, context, "test")
    assert [finding.code for finding in console.findings] == ["door.no-node-broken"]
