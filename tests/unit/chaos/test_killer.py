"""Breaking and putting back on nodes that misbehave: nothing stays broken unseen, or breaks without a way back."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import pytest

from clearway.base.units import Duration
from clearway.chaos.journal import Journal
from clearway.chaos.killer import ChaosFailed, FailureRequest, NodeKiller
from clearway.probe.records import Observation, Reason
from clearway.shell.base import Answer, CommandOutput, NotRun
from clearway.spec.model import FailureName
from unit.chaos.nodes import FUSE, Nodes, tools

BLOW = FailureRequest("kubelet-and-runtime", FUSE, Duration(1))
GONE = NotRun(Reason("shell.no-connection", {"node": "a", "address": "192.0.2.1"}))


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
    monkeypatch.setattr("clearway.chaos.killer._LOOK_EVERY", Duration(0.01))
    monkeypatch.setattr("clearway.chaos.killer._IN_EFFECT_AFTER", 0.01)
    nodes, down = Nodes(), set[str]()
    seen: list[Observation] = []
    made = tools(nodes, tmp_path, down)
    return Stage(nodes, NodeKiller(made, seen.append), seen, made.journal, down)


async def test_a_node_is_armed_then_broken_then_seen_then_back_then_disarmed(stage: Stage) -> None:
    await stage.killer.fail(["a"], BLOW)
    assert (stage.nodes.broken, stage.down) == ({"a"}, {"a"})
    assert [entry.node for entry in stage.journal.open()] == ["a"]
    assert await stage.killer.restore()
    assert (stage.nodes.broken, stage.down, stage.nodes.armed, stage.journal.open()) == (set(), set(), {}, ())
    assert [what for _, what in stage.nodes.said] == ["arm", "strike", "put back", "disarm"]
    told = ["armed", "breaking", "broken", "putting-back", "back"]
    assert stage.kinds() == [f"chaos-{what}" for what in told]


async def test_to_put_back_what_is_whole_does_nothing(stage: Stage) -> None:
    assert await stage.killer.restore()
    assert stage.nodes.said == []


@pytest.mark.parametrize(
    "refusal",
    [GONE, CommandOutput(1, "", "sudo: a password is required"), CommandOutput(0, "")],
    ids=["no road", "no right", "no word"],
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
    stage.nodes.answer = lambda node, what: CommandOutput(1, "", "masked") if what == "strike" else None
    with pytest.raises(ChaosFailed) as failed:
        await stage.killer.fail(["a"], BLOW)
    assert (failed.value.code, failed.value.values["why"]) == ("chaos.not-broken", "masked")
    assert stage.nodes.said[-2:] == [("a", "put back"), ("a", "disarm")]
    assert stage.journal.open() == ()


async def test_a_failure_that_is_not_seen_is_an_error_and_undone(stage: Stage) -> None:
    stage.nodes.blind = True
    with pytest.raises(ChaosFailed) as failed:
        await stage.killer.fail(["a"], FailureRequest("kubelet-and-runtime", Duration(0.2), Duration(1)))
    assert failed.value.code == "chaos.not-seen-broken"
    assert (stage.nodes.broken, stage.journal.open()) == (set(), ())


async def test_nothing_is_broken_while_another_node_is_not_ready(stage: Stage) -> None:
    stage.nodes.sick = {"z"}
    with pytest.raises(ChaosFailed) as failed:
        await stage.killer.fail(["a"], BLOW)
    assert (failed.value.code, failed.value.values["nodes"]) == ("chaos.others-not-ready", ("z",))
    assert stage.nodes.said == []


async def test_a_node_that_no_command_reaches_comes_back_by_its_bomb(stage: Stage) -> None:
    await stage.killer.fail(["a"], FailureRequest("link-down", FUSE, Duration(1)))
    stage.nodes.answer = lambda node, what: GONE
    assert await stage.killer.restore()
    assert (stage.nodes.broken, stage.journal.open()) == (set(), ())


@pytest.mark.slow
async def test_a_node_that_stays_away_is_reported_and_stays_open(stage: Stage) -> None:
    await stage.killer.fail(["a"], BLOW)
    stage.nodes.answer = lambda node, what: CommandOutput(1, "", "no such unit")
    stage.nodes.armed.clear()
    assert not await stage.killer.restore()
    assert stage.failed() == ["chaos.not-back"]
    assert [entry.node for entry in stage.journal.open()] == ["a"]


async def test_an_api_server_that_is_away_for_a_moment_is_asked_again(stage: Stage) -> None:
    def away(node: str, what: str) -> None:
        stage.nodes.unasked = 3

    stage.nodes.answer = away
    await stage.killer.fail(["a"], BLOW)
    assert await stage.killer.restore()


async def test_a_cancelled_break_is_undone_whenever_it_comes(stage: Stage) -> None:
    """One more turn of the loop each time, until it came too late."""
    for turns in range(60):
        breaking = asyncio.create_task(stage.killer.fail(["a", "b"], BLOW))
        for _ in range(turns):
            await asyncio.sleep(0)
        over = breaking.done()
        breaking.cancel()
        await asyncio.gather(breaking, return_exceptions=True)
        assert await stage.killer.restore()
        assert (stage.nodes.broken, stage.down, stage.nodes.armed, stage.journal.open()) == (set(), set(), {}, ())
        if over:
            return
    raise AssertionError("it never ended")


async def test_a_reboot_is_seen_by_another_boot_and_needs_no_way_back(stage: Stage) -> None:
    await stage.killer.fail(["a"], FailureRequest("reboot", FUSE, Duration(1)))
    putting_back = asyncio.create_task(stage.killer.restore())
    await asyncio.sleep(0.1)
    assert not putting_back.done()
    stage.nodes.broken.clear()
    assert await putting_back
    assert [what for _, what in stage.nodes.said] == ["strike"]


@pytest.mark.parametrize("kind", ["kubelet-and-runtime", "link-down"])
async def test_what_an_earlier_process_left_open_is_put_back(stage: Stage, kind: FailureName) -> None:
    await stage.killer.fail(["a"], FailureRequest(kind, FUSE, Duration(1)))
    later = NodeKiller(stage.killer.tools, stage.seen.append)
    later.adopt(stage.journal.open(), Duration(1))
    assert await later.restore()
    assert (stage.nodes.broken, stage.nodes.armed, stage.journal.open()) == (set(), {}, ())
