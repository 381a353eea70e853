"""A run on a cluster whose API server goes away at any moment: it costs no result and no run, and leaves nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from api_objects import Json
from api_server import ApiServer, Fault, api_server
from clearway.base.units import Duration
from clearway.kube.access import Access
from clearway.kube.errors import Unreachable
from clearway.probe.records import Finding, Half, Result, Slot
from clearway.site.base import Event, Ready, Received
from clearway.site.kubernetes import names
from clearway.site.kubernetes.cluster_scope import crd
from clearway.site.kubernetes.options import KubernetesOptions
from clearway.site.kubernetes.site import KubernetesSite
from kubelets import JOBS, MAILBOXES, NAMESPACE, PODS, kubelets
from making import request

NODES = ("node-1", "node-2")
SLOTS = tuple(Slot(node) for node in NODES)
REQUESTS = {SLOTS[0]: [request(Half.SEND)], SLOTS[1]: [request(Half.SERVE)]}
READY = {"conditions": [{"type": "Ready", "status": "True"}]}
SEVERAL = 12
"""Requests that fail before the API server is back."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiServer]:
    monkeypatch.setattr("clearway.kube.presence._LONGEST_PAUSE", 0.1)
    monkeypatch.setattr("clearway.worker.retrying._LONGEST_PAUSE", 0.1)
    monkeypatch.setattr("clearway.kube.watch._PAUSE", 0.05)
    with api_server() as running:
        for name in NODES:
            running.put(names.NODES, {"metadata": {"name": name}, "status": READY})
        for name in (NAMESPACE, "kube-system"):
            running.put(names.NAMESPACES, {"metadata": {"name": name}})
        running.put(names.CRDS, crd("install"))
        yield running


@asynccontextmanager
async def started(
    server: ApiServer, folder: Path, lease: Duration = Duration(600)
) -> AsyncIterator[tuple[KubernetesSite, list[Finding]]]:
    said: list[Finding] = []
    site = KubernetesSite(KubernetesOptions(Access(server.kubeconfig(folder)), lease=lease), log=said.append)
    with kubelets(server, folder, NODES):
        try:
            await site.start(SLOTS)
            yield site, said
        finally:
            await site.stop()


async def events(site: KubernetesSite, count: int) -> list[Event]:
    async with asyncio.timeout(20):
        return [await anext(site.events()) for _ in range(count)]


async def failed(count: Callable[[], int], wanted: int = SEVERAL) -> None:
    async with asyncio.timeout(20):
        while count() < wanted:  # noqa: ASYNC110 - the server counts in another thread
            await asyncio.sleep(0.01)


def halves(heard: list[Event]) -> set[Half]:
    items = [event.item for event in heard if isinstance(event, Received)]
    return {item.half for item in items if isinstance(item, Result)}


def left(server: ApiServer) -> list[Json]:
    return [one for place in (JOBS, PODS, MAILBOXES) for one in server.all(place)]


async def test_away_while_a_round_is_handed_out(server: ApiServer, tmp_path: Path) -> None:
    async with started(server, tmp_path) as (site, _):
        await events(site, 2)
        with server.away() as count:
            handing_out = asyncio.create_task(site.submit("r1", REQUESTS))
            await failed(count)
            assert not handing_out.done()
        await handing_out
        results = await events(site, 2)
    assert halves(results) == set(Half)


async def test_away_in_the_middle_of_a_round_and_when_its_results_are_due(server: ApiServer, tmp_path: Path) -> None:
    async with started(server, tmp_path) as (site, _):
        await events(site, 2)
        server.faults.append(Fault(lambda asked: asked.method == "PATCH" and "/status" in asked.path, 2))
        await site.submit("r1", REQUESTS)
        with server.away() as count:
            waiting = asyncio.create_task(site.reconnected())
            await failed(count)
            assert not waiting.done()
        assert (await waiting).si > 0
        assert halves(await events(site, 2)) == set(Half)


async def test_without_an_outage_results_that_are_missing_are_not_waited_for(server: ApiServer, tmp_path: Path) -> None:
    async with started(server, tmp_path) as (site, _):
        await events(site, 2)
        assert await site.reconnected() == Duration(0)


@pytest.mark.slow
async def test_away_when_the_lease_is_renewed(
    server: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For longer than one request is tried: renewing goes on for as long as the lease lasts."""

    def renewals() -> list[tuple[str, str]]:
        return [one for one in server.requests if one[0] == "PATCH" and "/jobs/" in one[1]]

    async with started(server, tmp_path, lease=Duration(3)) as (site, _):
        await events(site, 2)
        monkeypatch.setattr(Unreachable, "patience", 0.01)
        with server.away() as count:
            await failed(lambda: min(count() - SEVERAL, len(renewals())), 2)
        monkeypatch.undo()
        before = len(renewals())
        await failed(lambda: len(renewals()) - before, 2)
        await site.submit("r1", REQUESTS)
        assert len(await events(site, 2)) == 2


async def test_away_while_the_run_is_removed(server: ApiServer, tmp_path: Path) -> None:
    async with started(server, tmp_path) as (site, said):
        await events(site, 2)
        with server.away() as count:
            stopping = asyncio.create_task(site.stop())
            await failed(count)
            assert not stopping.done()
        await stopping
    assert left(server) == []
    assert [finding.code for finding in said] == []


@pytest.mark.slow
async def test_what_could_not_be_removed_is_said_with_its_job(server: ApiServer, tmp_path: Path) -> None:
    async with started(server, tmp_path) as (site, said):
        await events(site, 2)
        (job,) = server.all(JOBS)
        server.faults.append(Fault(lambda asked: asked.method == "DELETE", 1, status=403))
        await site.stop()
    assert [(one.code, one.subject) for one in said] == [("kubernetes.not-removed", job["metadata"]["name"])]


@pytest.mark.fault("api", "the API server is away while workers start", "Nothing: their clocks are asked again.")
async def test_away_while_the_workers_announce_themselves(server: ApiServer, tmp_path: Path) -> None:
    async with started(server, tmp_path) as (site, _):
        with server.away() as count:
            await failed(count)
        assert {type(event) for event in await events(site, 2)} == {Ready}


@pytest.mark.parametrize("collection", ["serviceaccounts", "jobs", "roles", "rolebindings", "networktestworkers"])
async def test_an_answer_that_is_lost_while_a_run_is_put_up_costs_nothing(
    server: ApiServer, tmp_path: Path, collection: str
) -> None:
    server.faults.append(Fault(lambda asked: asked.method == "POST" and asked.path.endswith(collection), 1, after=True))
    async with started(server, tmp_path) as (site, _):
        assert len(await events(site, 2)) == 2
    assert left(server) == []


async def test_the_kind_is_removed_also_where_the_answer_to_its_creation_was_lost(
    server: ApiServer, tmp_path: Path
) -> None:
    server.remove(names.CRDS, names.CRD)
    lost = Fault(lambda asked: asked.method == "POST" and asked.path == names.CRDS, 1, after=True)
    server.faults.append(lost)
    async with started(server, tmp_path) as (site, _):
        await events(site, 2)
    assert lost.times == 0
    assert server.all(names.CRDS) == []


async def test_an_outage_makes_the_next_lead_longer_by_a_moment_and_not_by_the_outage(
    server: ApiServer, tmp_path: Path
) -> None:
    async with started(server, tmp_path) as (site, _):
        await events(site, 2)
        before = site.handing_out(2)
        with server.away() as count:
            handing_out = asyncio.create_task(site.submit("r1", REQUESTS))
            await failed(count)
        await handing_out
        assert before < site.handing_out(2) < before + Duration(3)
