"""Nodes that leave, are cordoned, replaced or added while a run goes on are observed, and stop nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from api_objects import Json
from api_server import ApiServer, Fault, api_server
from clearway.base.clock import Clock
from clearway.kube.access import Access
from clearway.probe.records import Observation, Reason
from clearway.site.base import WatchContext
from clearway.site.kubernetes.names import NODES
from clearway.watch.membership import Membership


def node(name: str, uid: str = "first", **spec: object) -> Json:
    return {"metadata": {"name": name, "uid": uid}, "spec": spec}


@pytest.fixture
def server() -> Iterator[ApiServer]:
    with api_server() as running:
        for name in ("node-1", "node-2", "node-3"):
            running.put(NODES, node(name))
        yield running


class Seen:
    """What the run is told, and why it is stopped."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str]] = []
        self.stopped: list[Reason] = []
        self._news = asyncio.Event()

    def observe(self, observation: Observation) -> None:
        self.events.append((observation.kind, observation.subject))
        self._news.set()

    def stop(self, reason: Reason) -> None:
        self.stopped.append(reason)
        self._news.set()

    async def until(self, enough: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not enough():
                self._news.clear()
                await self._news.wait()


@asynccontextmanager
async def watched(server: ApiServer, folder: Path, *nodes: str) -> AsyncIterator[Seen]:
    """A run of these nodes, once the watch is under way."""
    seen = Seen()
    context = WatchContext(frozenset(nodes), Clock(), seen.observe, seen.stop)
    async with Membership(Access(server.kubeconfig(folder))).watching(context):
        async with asyncio.timeout(30):
            while not any("watch=1" in path for _, path in server.requests):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        yield seen


ALL = ("node-1", "node-2", "node-3")


async def test_a_node_that_is_deleted_is_observed_once(server: ApiServer, tmp_path: Path) -> None:
    async with watched(server, tmp_path, *ALL) as seen:
        server.remove(NODES, "node-3")
        server.expire()
        server.put(NODES, node("node-4"))
        await seen.until(lambda: ("node-added", "node-4") in seen.events)
    assert seen.events == [("node-left", "node-3"), ("node-added", "node-4")]
    assert seen.stopped == []


async def test_a_node_that_left_before_the_first_look_is_observed(server: ApiServer, tmp_path: Path) -> None:
    async with watched(server, tmp_path, *ALL, "node-0") as seen:
        await seen.until(lambda: bool(seen.events))
    assert seen.events == [("node-left", "node-0")]


async def test_another_node_under_the_same_name_is_an_other_one(server: ApiServer, tmp_path: Path) -> None:
    async with watched(server, tmp_path, *ALL) as seen:
        server.remove(NODES, "node-3")
        server.put(NODES, node("node-3", "second"))
        await seen.until(lambda: len(seen.events) == 2)
    assert seen.events == [("node-left", "node-3"), ("node-replaced", "node-3")]


async def test_a_node_that_is_cordoned_and_uncordoned_is_observed_each_time(server: ApiServer, tmp_path: Path) -> None:
    async with watched(server, tmp_path, *ALL) as seen:
        for unschedulable in (True, True, False):
            server.put(NODES, node("node-2", unschedulable=unschedulable))
        await seen.until(lambda: len(seen.events) == 2)
    assert seen.events == [("node-cordoned", "node-2"), ("node-uncordoned", "node-2")]


async def test_nodes_that_are_not_under_test_may_go(server: ApiServer, tmp_path: Path) -> None:
    async with watched(server, tmp_path, "node-1", "node-2") as seen:
        server.put(NODES, node("node-3", unschedulable=True))
        server.remove(NODES, "node-3")
        server.remove(NODES, "node-1")
        await seen.until(lambda: bool(seen.events))
    assert seen.events == [("node-left", "node-1")]


async def test_without_the_right_to_watch_nodes_the_run_goes_on_and_says_so(server: ApiServer, tmp_path: Path) -> None:
    async with watched(server, tmp_path, *ALL) as seen:
        server.faults.append(Fault(lambda request: request.path == NODES, times=100, status=403))
        server.expire()
        await seen.until(lambda: bool(seen.events))
    assert (seen.events, seen.stopped) == ([("nodes-not-watched", "nodes")], [])


async def test_nodes_that_can_not_be_read_stop_the_run(server: ApiServer, tmp_path: Path) -> None:
    async with watched(server, tmp_path, *ALL) as seen:
        server.put(NODES, {"metadata": {"name": "node-2"}, "spec": 7})
        await seen.until(lambda: bool(seen.stopped))
    assert [reason.code for reason in seen.stopped] == ["brake.watcher-failed"]
