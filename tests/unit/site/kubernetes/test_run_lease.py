"""One run at a time on a cluster."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from api_server import ApiServer, Fault, api_server
from clearway.base.errors import SiteError
from clearway.kube.access import Access
from clearway.kube.api import connect
from clearway.probe.records import Finding
from clearway.site.base import FindingLog
from clearway.site.kubernetes import names, run_lease
from clearway.site.kubernetes.run_lease import RunLease

LEASES = names.Paths("clearway").leases


@pytest.fixture
def server() -> Iterator[ApiServer]:
    with api_server() as running:
        running.put(names.NAMESPACES, {"metadata": {"name": "kube-system"}})
        yield running


@asynccontextmanager
async def run(
    server: ApiServer, folder: Path, note: FindingLog = lambda _: None, namespace: str = "clearway"
) -> AsyncIterator[RunLease]:
    """A run that knows the cluster's time."""
    async with connect(Access(server.kubeconfig(folder))) as api:
        await api.get(f"{names.NAMESPACES}/kube-system", dict)
        yield RunLease(api, names.Paths(namespace), note, renewal=0.01)


def age(server: ApiServer, seconds: int, **spec: str) -> None:
    """Let the lease that is there be older, and last renewed as long ago."""
    (lease,) = server.all(LEASES)
    metadata = {**lease["metadata"], "creationTimestamp": "2026-01-01T00:00:00Z"}
    renewed = run_lease._micro_time(0.0) if seconds else lease["spec"]["renewTime"]
    server.put(LEASES, {**lease, "metadata": metadata, "spec": {**lease["spec"], "renewTime": renewed, **spec}})


@pytest.mark.parametrize("namespace", ["clearway", "elsewhere"])
async def test_a_second_run_is_refused_with_who_measures(server: ApiServer, tmp_path: Path, namespace: str) -> None:
    async with run(server, tmp_path) as first, run(server, tmp_path, namespace=namespace) as second:
        await first.take(beside_others=False)
        age(server, 0)
        with pytest.raises(SiteError) as refused:
            await second.take(beside_others=False)
        assert refused.value.code == "kubernetes.in-use"
        assert refused.value.values.keys() == {"host", "pid", "namespace", "since"}
        assert len(server.all(LEASES)) == 1, "it left nothing"
        assert server.all(names.Paths("elsewhere").leases) == []
        await first.give_back()
        await second.take(beside_others=False)


async def test_of_two_that_begin_at_once_one_measures(server: ApiServer, tmp_path: Path) -> None:
    async with run(server, tmp_path) as first, run(server, tmp_path) as second:
        begun = await asyncio.gather(
            *(one.take(beside_others=False) for one in (first, second)), return_exceptions=True
        )
    assert sum(ended is None for ended in begun) == 1


async def test_beside_others_it_measures_and_both_say_so(server: ApiServer, tmp_path: Path) -> None:
    of_first: asyncio.Queue[Finding] = asyncio.Queue()
    of_second: list[Finding] = []
    async with run(server, tmp_path, of_first.put_nowait) as first, run(server, tmp_path, of_second.append) as second:
        await first.take(beside_others=False)
        age(server, 0)
        await second.take(beside_others=True)
        keeping = asyncio.create_task(first.keep())
        said = (await asyncio.wait_for(of_first.get(), 10), *of_second)
        keeping.cancel()
    assert [one.code for one in said] == ["kubernetes.beside-others"] * 2


async def test_a_lease_that_is_not_renewed_counts_no_more(server: ApiServer, tmp_path: Path) -> None:
    async with run(server, tmp_path) as dead, run(server, tmp_path) as second:
        await dead.take(beside_others=False)
        age(server, 3600, holderIdentity="elsewhere/1/0123456789ab")
        await second.take(beside_others=False)


async def test_the_place_of_a_killed_run_of_this_machine_is_free_at_once(server: ApiServer, tmp_path: Path) -> None:
    ended = await asyncio.create_subprocess_exec(sys.executable, "-c", "")
    await ended.wait()
    async with run(server, tmp_path) as killed, run(server, tmp_path) as second:
        await killed.take(beside_others=False)
        age(server, 0, holderIdentity=f"here/{ended.pid}/{run_lease._where()}")
        await second.take(beside_others=False)


@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_without_the_rights_a_run_measures_and_says_what_it_does_not_know(
    server: ApiServer, tmp_path: Path, method: str
) -> None:
    noted: list[Finding] = []
    server.faults.append(Fault(lambda asked: asked.method == method and "leases" in asked.path, 9, 403))
    async with run(server, tmp_path, noted.append) as one:
        await one.take(beside_others=False)
        await one.give_back()
    assert [finding.code for finding in noted] == ["kubernetes.no-lease"]
    assert server.all(LEASES) == []


async def test_without_the_right_to_look_everywhere_the_own_namespace_is_seen(
    server: ApiServer, tmp_path: Path
) -> None:
    server.faults.append(Fault(lambda asked: asked.path == names.ALL_LEASES, 9, 403))
    async with run(server, tmp_path) as first, run(server, tmp_path) as second:
        await first.take(beside_others=False)
        age(server, 0)
        with pytest.raises(SiteError, match=r"kubernetes\.in-use"):
            await second.take(beside_others=False)
