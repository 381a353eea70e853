"""The brake stops for trouble on the nodes under test or in the API server, and for nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api_objects import Json
from api_server import ApiServer, Fault, api_server
from clearway.base.clock import Clock
from clearway.kube.access import Access
from clearway.probe.records import Reason
from clearway.report.wording import LANGUAGES, sentence
from clearway.site.base import WatchContext
from clearway.site.kubernetes.names import NODES
from clearway.watch.brake import Brake

LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"


def node(name: str, *, ready: bool = True) -> Json:
    status = {"type": "Ready", "status": "True" if ready else "Unknown", "message": "kubelet is gone"}
    return {"metadata": {"name": name}, "status": {"conditions": [status]}}


@pytest.fixture
def server() -> Iterator[ApiServer]:
    with api_server() as running:
        running.put(NODES, node("node-1"))
        running.put(NODES, node("node-2"))
        yield running


@pytest.fixture
def brake(server: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Brake:
    monkeypatch.setattr("clearway.watch.brake._LOOK_EVERY", 0.01)
    monkeypatch.setattr("clearway.watch.brake._HEARTBEAT_EVERY", 0.01)
    return Brake(Access(server.kubeconfig(tmp_path)))


async def test_a_node_that_is_not_ready_any_more_stops_the_run(server: ApiServer, brake: Brake) -> None:
    watching = asyncio.create_task(brake.trouble(["node-1", "node-2"]))
    server.put(NODES, node("node-2", ready=False))
    reason = await watching
    assert (reason.code, reason.values["node"]) == ("brake.node-not-ready", "node-2")


async def test_an_image_without_a_name_on_any_node_leaves_the_brake_on(server: ApiServer, brake: Brake) -> None:
    bare = {"images": [{"names": None, "sizeBytes": 1}], "addresses": None}
    server.put(NODES, {"metadata": {"name": "node-1", "labels": None}, "spec": {"taints": None}, "status": bare})
    watching = asyncio.create_task(brake.trouble(["node-1", "node-2"]))
    server.put(NODES, node("node-2", ready=False))
    assert (await watching).values["node"] == "node-2"


async def test_a_node_that_is_not_under_test_may_go(server: ApiServer, brake: Brake) -> None:
    watching = asyncio.create_task(brake.trouble(["node-1"]))
    server.put(NODES, node("node-2", ready=False))
    server.put(NODES, node("node-1", ready=False))
    assert (await watching).values["node"] == "node-1"


async def test_a_node_that_falls_silent_stops_the_run(server: ApiServer, brake: Brake) -> None:
    server.put(LEASES, {"metadata": {"name": "node-1"}, "spec": {"renewTime": "2026-11-23T09:00:00.000000Z"}})
    server.put(LEASES, {"metadata": {"name": "node-2"}, "spec": {"renewTime": "2026-11-23T09:01:00.000000Z"}})
    reason = await brake.trouble(["node-1", "node-2"])
    assert (reason.code, reason.values["node"]) == ("brake.node-silent", "node-1")


async def test_an_api_server_that_is_slow_stops_the_run_and_one_that_is_away_does_not(
    server: ApiServer, brake: Brake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clearway.watch.brake._SLOW", 0.2)
    monkeypatch.setattr("clearway.kube.presence._JUST_BACK", 0.2)
    server.faults.append(Fault(lambda asked: asked.path == "/version", 3, 503))
    server.faults.append(Fault(lambda asked: asked.path == "/version", 1_000, hangs=True))
    reason = await brake.trouble(["node-1", "node-2"])
    assert reason.code == "brake.api-slow"


async def left_alone(watching: asyncio.Task[Reason], server: ApiServer) -> bool:
    """Whether the brake has looked at everything some more times and stopped nothing."""
    looks = len(server.requests)
    async with asyncio.timeout(20):
        while len(server.requests) < looks + 50:  # noqa: ASYNC110 - the server counts in another thread
            await asyncio.sleep(0.01)
    return not watching.done()


@pytest.mark.fault(
    "api",
    "the API server is away behind a load balancer that takes its connections",
    "Nothing: the brake does not stop the run, then or while nodes report to it again.",
)
async def test_an_outage_and_the_moments_after_it_stop_nothing_and_trouble_that_lasts_does(
    server: ApiServer, brake: Brake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server here takes connections and resets them, as a load balancer does."""
    monkeypatch.setattr("clearway.watch.brake._SLOW", 0.2)
    monkeypatch.setattr("clearway.kube.presence._LONGEST_PAUSE", 0.1)
    server.put(LEASES, {"metadata": {"name": "node-1"}, "spec": {"renewTime": "2026-11-23T09:00:00.000000Z"}})
    server.put(LEASES, {"metadata": {"name": "node-2"}, "spec": {"renewTime": "2026-11-23T09:00:00.000000Z"}})
    watching = asyncio.create_task(brake.trouble(["node-1", "node-2"]))
    with server.away() as count:
        async with asyncio.timeout(20):
            while count() < 20:  # noqa: ASYNC110 - the server counts in another thread
                await asyncio.sleep(0.01)
    server.put(LEASES, {"metadata": {"name": "node-2"}, "spec": {"renewTime": "2026-11-23T09:01:00.000000Z"}})
    server.put(NODES, node("node-2", ready=False))
    assert await left_alone(watching, server)
    server.put(NODES, node("node-2"))
    monkeypatch.setattr("clearway.kube.presence._JUST_BACK", 0.0)
    assert (await asyncio.wait_for(watching, 20)).values["node"] == "node-1"


async def test_a_node_that_is_broken_on_purpose_stops_nothing_until_it_is_whole_again(
    server: ApiServer, tmp_path: Path
) -> None:
    broken = {"node-2"}
    watching = asyncio.create_task(Brake(Access(server.kubeconfig(tmp_path)), broken).trouble(["node-1", "node-2"]))
    server.put(NODES, node("node-2", ready=False))
    await asyncio.sleep(0.2)
    assert not watching.done()
    server.put(NODES, node("node-2"))
    broken.clear()
    server.put(NODES, node("node-2", ready=False))
    assert (await asyncio.wait_for(watching, 20)).values["node"] == "node-2"


async def reason_of(brake: Brake, act: Any = lambda: None) -> Reason:
    """Why the brake stops a run of these two nodes."""
    stopped: asyncio.Future[Reason] = asyncio.get_running_loop().create_future()
    nodes = frozenset({"node-1", "node-2"})
    async with brake.watching(WatchContext(nodes, Clock(), lambda seen: None, stopped.set_result)):
        act()
        return await asyncio.wait_for(stopped, 20)


@pytest.mark.fault("controller", "a watcher of the run fails", "The run stops and says why; what was measured stays.")
async def test_a_brake_that_fails_stops_the_run_and_says_where(brake: Brake, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(node: object) -> str:
        raise LookupError("no such thing")

    monkeypatch.setattr("clearway.watch.brake._not_ready", fail)
    reason = await reason_of(brake)
    assert reason.code == "brake.watcher-failed"
    for language in LANGUAGES:
        said = sentence(reason.code, reason.values, language)
        assert "LookupError: no such thing (test_brake.py:" in said


async def test_an_answer_that_can_not_be_read_stops_the_run_at_any_time(server: ApiServer, brake: Brake) -> None:
    """A brake that sees nothing any more is none."""
    reason = await reason_of(brake, lambda: server.put(NODES, {"metadata": {"name": "node-2"}, "status": 7}))
    assert reason.code == "brake.watcher-failed"


async def test_heartbeats_that_can_not_be_read_stop_the_run(server: ApiServer, brake: Brake) -> None:
    server.put(LEASES, {"metadata": {"name": "node-1"}, "spec": {"renewTime": 7}})
    reason = await reason_of(brake)
    assert reason.code == "brake.watcher-failed"
    assert "Expected `str`, got `int`" in sentence(reason.code, reason.values, "en")
