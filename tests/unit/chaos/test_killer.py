"""Breaking and putting back on nodes that misbehave: nothing stays broken unseen, or breaks without a way back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from clearway.base.clock import Clock
from clearway.base.units import Duration
from clearway.chaos import bomb
from clearway.chaos.journal import Journal
from clearway.chaos.killer import Blow, ChaosFailed, NodeKiller, Tools
from clearway.chaos.kinds import failures
from clearway.chaos.sight import View
from clearway.kube.errors import KubeError
from clearway.probe.records import Observation, Reason
from clearway.shell.base import Answer, Command, NotRun, Said
from clearway.spec.model import FailureName

FAILURES = failures()
FUSE = Duration(1)
BLOW = Blow("kubelet-and-runtime", FUSE, Duration(1))
GONE = NotRun(Reason("shell.no-connection", {"node": "a", "address": "192.0.2.1"}))


@dataclass
class Nodes:
    """Nodes and the cluster that looks at them, as Shell and Sight; bombs go off on their own."""

    broken: set[str] = field(default_factory=set)
    armed: dict[str, float] = field(default_factory=dict)
    """Node -> when its bomb puts it back."""
    said: list[tuple[str, str]] = field(default_factory=list)
    answer: Callable[[str, str], Answer | None] = lambda node, what: None
    """What a node says instead of doing as it is told."""
    blind: bool = False
    """The cluster sees none of it."""
    unasked: int = 0
    """So many times the cluster does not answer."""
    sick: set[str] = field(default_factory=set)
    boots: dict[str, int] = field(default_factory=dict)

    async def run(self, node: str, command: Command) -> Answer:
        await asyncio.sleep(0)
        what = _kind_of(command)
        self.said.append((node, what))
        if (instead := self.answer(node, what)) is not None:
            return instead
        if what == "arm":
            self.armed[node] = asyncio.get_running_loop().time() + FUSE.si
            return Said(0, f"{bomb.ARMED}\n")
        if what == "strike":
            self.broken.add(node)
            self.boots[node] = self.boots.get(node, 0) + 1
        if what == "put back":
            self.broken.discard(node)
        if what == "disarm":
            self.armed.pop(node, None)
        return Said(0)

    async def close(self) -> None:
        """Nothing is open."""

    async def view(self, node: str) -> View:
        self._tick()
        if self.unasked:
            self.unasked -= 1
            raise KubeError("kube.no-answer", server="", error="")
        return View(self.blind or node not in self.broken, str(self.boots.get(node, 0)))

    async def not_ready(self) -> Collection[str]:
        return self.sick | self.broken

    def _tick(self) -> None:
        now = asyncio.get_running_loop().time()
        for node in [node for node, when in self.armed.items() if when <= now]:
            self.broken.discard(node)
            del self.armed[node]


def _kind_of(command: Command) -> str:
    script = command.argv[6]
    if script == bomb._ARM:
        return "arm"
    if script == bomb._DISARM:
        return "disarm"
    return "put back" if script in {failure.puts_back for failure in FAILURES.values()} else "strike"


@dataclass
class Stage:
    nodes: Nodes
    killer: NodeKiller
    seen: list[Observation]
    journal: Journal
    down: set[str]

    def kinds(self) -> list[str]:
        return [one.kind for one in self.seen]

    def failed(self) -> list[str]:
        return [one.values["code"] for one in self.seen if one.kind == "chaos-failed"]


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setattr("clearway.chaos.killer._LOOK_EVERY", 0.01)
    monkeypatch.setattr("clearway.chaos.killer._STRUCK_FOR_SURE", 0.01)
    nodes, journal, down = Nodes(), Journal(tmp_path), set[str]()
    seen: list[Observation] = []
    killer = NodeKiller(Tools(nodes, nodes, FAILURES, journal, Clock(), down), seen.append)
    return Stage(nodes, killer, seen, journal, down)


async def test_a_node_is_armed_then_broken_then_seen_then_back_then_disarmed(stage: Stage) -> None:
    await stage.killer.fail(["a"], BLOW)
    assert (stage.nodes.broken, stage.down) == ({"a"}, {"a"})
    assert [entry.node for entry in stage.journal.open()] == ["a"]
    assert await stage.killer.put_back()
    assert (stage.nodes.broken, stage.down, stage.nodes.armed, stage.journal.open()) == (set(), set(), {}, ())
    assert [what for _, what in stage.nodes.said] == ["arm", "strike", "put back", "disarm"]
    told = ["armed", "breaking", "broken", "putting-back", "back"]
    assert stage.kinds() == [f"chaos-{what}" for what in told]


async def test_to_put_back_what_is_whole_does_nothing(stage: Stage) -> None:
    assert await stage.killer.put_back()
    assert stage.nodes.said == []


@pytest.mark.parametrize(
    "refusal", [GONE, Said(1, "", "sudo: a password is required"), Said(0, "")], ids=["no road", "no right", "no word"]
)
async def test_nothing_is_broken_where_the_bomb_is_not_armed(stage: Stage, refusal: Answer) -> None:
    stage.nodes.answer = lambda node, what: refusal if (node, what) == ("b", "arm") else None
    with pytest.raises(ChaosFailed) as failed:
        await stage.killer.fail(["a", "b"], BLOW)
    assert failed.value.code == "chaos.not-armed"
    assert ("b", "strike") not in stage.nodes.said
    assert (stage.nodes.broken, stage.down, stage.journal.open()) == (set(), set(), ())
    assert stage.failed() == ["chaos.not-armed"]


async def test_a_failed_break_is_an_error_and_undone(stage: Stage) -> None:
    stage.nodes.answer = lambda node, what: Said(1, "", "masked") if what == "strike" else None
    with pytest.raises(ChaosFailed) as failed:
        await stage.killer.fail(["a"], BLOW)
    assert (failed.value.code, failed.value.values["why"]) == ("chaos.not-broken", "masked")
    assert stage.nodes.said[-2:] == [("a", "put back"), ("a", "disarm")]
    assert stage.journal.open() == ()


async def test_a_break_that_nobody_sees_is_an_error_and_undone(stage: Stage) -> None:
    stage.nodes.blind = True
    with pytest.raises(ChaosFailed) as failed:
        await stage.killer.fail(["a"], Blow("kubelet-and-runtime", Duration(0.2), Duration(1)))
    assert failed.value.code == "chaos.not-seen-broken"
    assert (stage.nodes.broken, stage.journal.open()) == (set(), ())


async def test_nothing_is_broken_while_another_node_is_not_ready(stage: Stage) -> None:
    stage.nodes.sick = {"z"}
    with pytest.raises(ChaosFailed) as failed:
        await stage.killer.fail(["a"], BLOW)
    assert (failed.value.code, failed.value.values["nodes"]) == ("chaos.others-not-ready", ("z",))
    assert stage.nodes.said == []


async def test_a_node_that_no_command_reaches_comes_back_by_its_bomb(stage: Stage) -> None:
    await stage.killer.fail(["a"], Blow("link-down", FUSE, Duration(1)))
    stage.nodes.answer = lambda node, what: GONE
    assert await stage.killer.put_back()
    assert (stage.nodes.broken, stage.journal.open()) == (set(), ())


async def test_a_node_that_stays_away_is_told_and_stays_open(stage: Stage) -> None:
    await stage.killer.fail(["a"], BLOW)
    stage.nodes.answer = lambda node, what: Said(1, "", "no such unit")
    stage.nodes.armed.clear()
    assert not await stage.killer.put_back()
    assert stage.failed() == ["chaos.not-back"]
    assert [entry.node for entry in stage.journal.open()] == ["a"]


async def test_an_api_server_that_is_away_for_a_moment_is_asked_again(stage: Stage) -> None:
    def away(node: str, what: str) -> None:
        stage.nodes.unasked = 3

    stage.nodes.answer = away
    await stage.killer.fail(["a"], BLOW)
    assert await stage.killer.put_back()


async def test_a_cancelled_break_is_undone_whenever_it_comes(stage: Stage) -> None:
    """One more turn of the loop each time, until it came too late."""
    for turns in range(60):
        breaking = asyncio.create_task(stage.killer.fail(["a", "b"], BLOW))
        for _ in range(turns):
            await asyncio.sleep(0)
        over = breaking.done()
        breaking.cancel()
        await asyncio.gather(breaking, return_exceptions=True)
        assert await stage.killer.put_back()
        assert (stage.nodes.broken, stage.down, stage.nodes.armed, stage.journal.open()) == (set(), set(), {}, ())
        if over:
            return
    raise AssertionError("it never ended")


async def test_a_reboot_is_seen_by_another_boot_and_needs_no_way_back(stage: Stage) -> None:
    await stage.killer.fail(["a"], Blow("reboot", FUSE, Duration(1)))
    putting_back = asyncio.create_task(stage.killer.put_back())
    await asyncio.sleep(0.1)
    assert not putting_back.done()
    stage.nodes.broken.clear()
    assert await putting_back
    assert [what for _, what in stage.nodes.said] == ["strike"]


@pytest.mark.parametrize("kind", ["kubelet-and-runtime", "link-down"])
async def test_what_an_earlier_process_left_open_is_put_back(stage: Stage, kind: FailureName) -> None:
    await stage.killer.fail(["a"], Blow(kind, FUSE, Duration(1)))
    later = NodeKiller(stage.killer.tools, stage.seen.append)
    later.take_up(stage.journal.open(), Duration(1))
    assert await later.put_back()
    assert (stage.nodes.broken, stage.nodes.armed, stage.journal.open()) == (set(), {}, ())
