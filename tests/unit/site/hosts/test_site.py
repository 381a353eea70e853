"""The hosts site over a road that leads nowhere else: real agents, here, and every way to lose one."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from clearway.probe.records import Finding, Reason, Slot
from clearway.shell.base import CommandOutput, Connection
from clearway.shell.runner import Runner
from clearway.site.base import Lost, Ready
from clearway.site.hosts.checking import check
from clearway.site.hosts.model import HostsSpec
from clearway.site.hosts.site import HostsSite

pytestmark = pytest.mark.slow

HOSTS = HostsSpec.model_validate(
    {
        "version": 1,
        "defaults": {"python": sys.executable},
        "hosts": [{"name": name, "address": name, "machine": name} for name in ("a", "b")],
    }
)
A, B = Slot("a"), Slot("b")


def files(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def child_of(process: int) -> int:
    return int(Path(f"/proc/{process}/task/{process}/children").read_text())


class NoRoad:
    """Every host is this one; `instead` are other ways for some."""

    def __init__(self, **instead: Sequence[str]) -> None:
        self._instead = instead

    def command(self, node: str, argv: Sequence[str]) -> tuple[str, ...]:
        return tuple(self._instead.get(node, argv))

    def connection(self, node: str) -> Connection | None:
        return None

    def obstacle(self, node: str) -> Reason | None:
        return None

    def failure(self, node: str, said: CommandOutput) -> Reason | None:
        return Reason("shell.connection-lost", {"node": node, "quote": said.stderr}) if said.exit == 255 else None

    def close(self) -> None:
        pass


@asynccontextmanager
async def site(road: NoRoad | None = None) -> AsyncIterator[HostsSite]:
    way, log = road or NoRoad(), list[Finding]()
    made = HostsSite(HOSTS, way, Runner(way, log=log.append), log=log.append)
    try:
        yield made
    finally:
        await made.stop()
        assert [finding.code for finding in log if finding.code == "hosts.left-behind"] == []


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


async def test_agents_get_ready_on_the_hosts_network_and_leave_nothing(scratch: Path) -> None:
    async with site() as hosts:
        await hosts.start([A, B])
        events = hosts.events()
        ready = [await anext(events) for _ in (A, B)]
        assert all(isinstance(event, Ready) and event.worker.network == "host" for event in ready)
        assert files(scratch)
    assert [event async for event in events] == []
    assert files(scratch) == []


async def test_an_agent_that_is_killed_is_lost_alone_with_its_signal() -> None:
    async with site() as hosts:
        await hosts.start([A, B])
        events = hosts.events()
        for _ in (A, B):
            await anext(events)
        os.kill(child_of(hosts._agents[B].process.pid), signal.SIGKILL)
        lost = await anext(events)
        assert isinstance(lost, Lost)
        assert (lost.slot, lost.reason.code, lost.reason.values["signal"]) == (B, "hosts.agent-killed", "SIGKILL")


@pytest.mark.parametrize(
    ("instead", "code"),
    [
        (("sh", "-c", "echo 'Connection to b closed by remote host.' >&2; exit 255"), "shell.connection-lost"),
        (("sh", "-c", "echo 'no such thing' >&2; exit 3"), "hosts.agent-exited"),
        (("sh", "-c", "echo Welcome; exec sleep 60"), "pipe.not-a-message"),
        (("/nonexistent/ssh",), "hosts.not-started"),
    ],
)
async def test_a_worker_that_never_comes_is_lost_with_the_reason(instead: Sequence[str], code: str) -> None:
    async with site(NoRoad(b=instead)) as hosts:
        await hosts.start([B])
        lost = await anext(hosts.events())
        assert isinstance(lost, Lost)
        assert lost.reason.code == code


async def test_a_check_starts_a_worker_on_each_and_leaves_nothing(
    scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clearway.site.hosts.survey._same_twice", lambda surveyed: ())
    async with site() as hosts:
        found = await check(hosts)
    assert [finding.subject for finding in found if finding.code == "hosts.worker-ready"] == ["a", "b"]
    assert files(scratch) == []
