"""However a lab ends, the kernel takes all of it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from clearway.base.errors import InternalError, SiteError
from clearway.probe.records import Slot
from clearway.site.base import Lost
from clearway.site.lab.model import LabSpec
from clearway.site.lab.site import LabSite
from harness.leftovers import Watched, host_traces, kept, members
from lab.running import running_lab
from lab.traffic import said
from lab.unprivileged import AS_NOBODY, unprivileged_python

pytestmark = pytest.mark.lab

TESTS = Path(__file__).parents[1]


@contextmanager
def controller(
    nodes: int, *before: str, python: str = sys.executable
) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """A controller process with a running lab, and the names of the lab's namespaces."""
    paths = os.pathsep.join([str(TESTS), *sys.path[1:]])
    process = subprocess.Popen(
        (*before, python, str(TESTS / "lab/controller.py"), str(nodes)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
    )
    with process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        with kept(told["namespaces"]):
            yield process, told["namespaces"]
        process.kill()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.fault("controller", "the controller of a lab is killed", "Nothing of the lab stays.")
def test_a_controller_that_dies_takes_its_lab_with_it(how: signal.Signals) -> None:
    before = host_traces()
    with controller(4) as (process, namespaces):
        pids = members(namespaces)
        assert len(pids) >= 6, "the reaper, the keeper and four agents"
        watched = Watched(pids)
        process.send_signal(how)
        watched.wait_for_end()
        assert members(namespaces) == {}
    assert host_traces() == before


def test_a_controller_whose_input_ends_stops_its_lab() -> None:
    with controller(2) as (process, namespaces):
        assert process.stdin is not None
        watched = Watched(members(namespaces))
        process.stdin.close()
        assert process.wait() == 0
        watched.wait_for_end()
        assert members(namespaces) == {}


async def test_stop_returns_when_nothing_is_left_and_may_be_called_twice() -> None:
    before = host_traces()
    async with running_lab(LabSpec(nodes=2)) as lab:
        namespace = (await said(lab.site, None, "readlink", "/proc/self/ns/pid")).strip()
        assert members([namespace])
        assert host_traces() == before, "not even while it runs"
        with kept([namespace]):
            await lab.site.stop()
            assert members([namespace]) == {}
        await lab.site.stop()
        assert [event async for event in lab.events] == []


async def test_stop_without_start_does_nothing() -> None:
    site = LabSite(LabSpec(), log=lambda _: None)
    await site.stop()
    assert [event async for event in site.events()] == []


async def test_an_interrupted_start_leaves_nothing() -> None:
    before = host_traces()
    site = LabSite(LabSpec(nodes=8), log=lambda _: None)
    starting = asyncio.create_task(site.start([Slot("node-1")]))
    while site._keeper is None:  # noqa: ASYNC110 - no event tells when the keeper begins to build
        await asyncio.sleep(0)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    watched = Watched([site._keeper.process.pid])
    await site.stop()
    watched.wait_for_end()
    assert host_traces() == before


async def test_a_killed_agent_is_lost_alone_with_its_signal() -> None:
    async with running_lab(LabSpec(nodes=2)) as lab:
        lab.site.kill_agent(Slot("node-2"))
        lost = await lab.lost()
        assert (lost.slot, lost.reason.code) == (Slot("node-2"), "lab.agent-killed")
        assert lost.reason.values["signal"] == "SIGKILL"
        assert await said(lab.site, "node-1", "echo", "alive") == "alive\n"
        lab.site.kill_agent(Slot("node-2"))
        assert await said(lab.site, None, "echo", "still alive") == "still alive\n"


async def test_an_agent_that_cannot_start_is_lost_with_its_last_words() -> None:
    shifted = {"node-1": {"CLEARWAY_CLOCK_SHIFT": "not a number"}}
    site = LabSite(LabSpec(nodes=2), log=lambda _: None, agent_env=shifted)
    await site.start([Slot("node-1")])
    event = await anext(site.events())
    await site.stop()
    assert isinstance(event, Lost)
    assert event.reason.code == "lab.agent-exited"
    assert "not a number" in str(event.reason.values["stderr"])


async def test_when_the_keeper_dies_every_worker_is_lost_and_commands_are_refused() -> None:
    async with running_lab(LabSpec(nodes=2)) as lab:
        keeper = lab.site._keeper
        assert keeper is not None
        keeper.process.kill()
        assert {(await lab.lost()).slot for _ in range(2)} == {Slot("node-1"), Slot("node-2")}
        with pytest.raises(SiteError) as refused:
            await lab.site.execute(None, ("true",))
        assert refused.value.code == "lab.keeper-ended"


async def test_a_lab_that_was_not_started_runs_no_commands() -> None:
    with pytest.raises(InternalError):
        await LabSite(LabSpec(), log=lambda _: None).execute(None, ("true",))


async def test_a_command_that_does_not_end_is_ended() -> None:
    async with running_lab(LabSpec(nodes=2), agents=False) as lab:
        ran = await lab.site.execute("node-1", ("sleep", "60"), timeout=0.1)
        assert ran.exit is None


async def test_root_without_the_right_to_namespaces_becomes_root_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 65534)
    async with running_lab(LabSpec(nodes=2)) as lab:
        assert lab.log[0].code == "lab.rootless"
        assert "--map-root-user" in str(lab.log[0].values["command"])
        assert "tbf" in await said(lab.site, "node-1", "tc", "qdisc")


def test_a_user_without_rights_gets_a_lab_that_dies_with_its_controller() -> None:
    with controller(4, *AS_NOBODY, python=unprivileged_python()) as (process, namespaces):
        watched = Watched(members(namespaces))
        process.kill()
        watched.wait_for_end()
        assert members(namespaces) == {}


@pytest.mark.slow
async def test_sixty_four_nodes_get_ready_and_know_the_time() -> None:
    async with running_lab(LabSpec(nodes=64)) as lab:
        assert len({ready.worker.addresses for ready in lab.ready.values()}) == 64
        for ready in lab.ready.values():
            assert abs(ready.clock.ahead.si) <= ready.clock.uncertainty.si
