"""Requests to an API server that goes away, comes back, and loses answers on the way."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from api_objects import Json
from api_server import ApiServer, Fault, api_server
from clearway.kube.access import Access
from clearway.kube.api import Api, connect
from clearway.kube.errors import Exists, Failed, Forbidden, NotFound, Overloaded, Unreachable
from clearway.kube.objects import KubeObject

JOBS = "/apis/batch/v1/namespaces/clearway/jobs"
OUTAGE = 60.0
"""Seconds that no run may be lost for."""
WEBHOOK = (
    'Internal error occurred: failed calling webhook "pods.example.com": failed to call webhook: '
    'Post "https://hook.svc:443/": context deadline exceeded'
)


@pytest.fixture
def server() -> Iterator[ApiServer]:
    with api_server() as running:
        running.put(JOBS, job("known"))
        yield running


@pytest.fixture
async def api(server: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Api]:
    """It has answered before."""
    monkeypatch.setattr("clearway.kube.presence._FIRST_PAUSE", 0.01)
    monkeypatch.setattr("clearway.kube.presence._LONGEST_PAUSE", 0.01)
    monkeypatch.setattr("clearway.kube.presence._LEAST_WHEN_OVERLOADED", 0.01)
    async with connect(Access(server.kubeconfig(tmp_path))) as connected:
        await read(connected)
        yield connected


def job(name: str, **labels: str) -> Json:
    return {"metadata": {"name": name, "labels": labels}}


async def read(api: Api) -> KubeObject:
    return await api.get(f"{JOBS}/known", KubeObject)


def test_a_server_that_has_answered_before_may_be_away_for_longer_than_an_outage() -> None:
    assert min(error.patience for error in (Unreachable, Overloaded, Failed)) > OUTAGE


async def test_a_server_that_never_answered_is_given_up_earlier(tmp_path: Path, server: ApiServer) -> None:
    async with connect(Access(server.kubeconfig(tmp_path))) as api:
        error = Unreachable("kube.unreachable")
        assert api.presence.patience(error) < error.patience


async def test_one_in_a_hurry_does_not_wait_for_a_server_that_is_not_there(tmp_path: Path, server: ApiServer) -> None:
    access = Access(server.kubeconfig(tmp_path), hurried=True)
    with server.away() as failed:
        async with connect(access) as api:
            with pytest.raises(Unreachable):
                await read(api)
        assert failed() <= 2  # the library itself takes a second connection for a request without effect


@pytest.mark.parametrize("status", [None, 500, 502, 503, 504, 429])
async def test_what_passes_is_tried_again(server: ApiServer, api: Api, status: int | None) -> None:
    server.faults.append(Fault(lambda asked: True, 20, status))
    assert (await read(api)).metadata.name == "known"


@pytest.mark.fault("api", "an admission webhook takes too long", "It is asked again; one that never answers is named.")
async def test_a_webhook_that_takes_too_long_is_tried_again(server: ApiServer, api: Api) -> None:
    server.faults.append(Fault(lambda asked: asked.method == "POST", 3, 500, WEBHOOK))
    assert (await api.create(JOBS, job("new"))).metadata.name == "new"


async def test_a_webhook_that_never_answers_is_named(
    server: ApiServer, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Failed, "patience", 0.05)
    server.faults.append(Fault(lambda asked: asked.method == "POST", 1000, 500, WEBHOOK))
    with pytest.raises(Failed) as refused:
        await api.create(JOBS, job("new"))
    assert refused.value.code == "kube.webhook"
    assert "pods.example.com" in refused.value.values["message"]


@pytest.mark.fault("api", "the answer to a creation is lost", "Nothing: the object is recognized.")
async def test_an_object_whose_creation_was_never_answered_is_ours(server: ApiServer, api: Api) -> None:
    server.faults.append(Fault(lambda asked: asked.method == "POST", 1, after=True))
    made = await api.create(JOBS, job("new", run="r1"))
    (stored,) = (one for one in server.all(JOBS) if one["metadata"]["name"] == "new")
    assert made.metadata.uid == stored["metadata"]["uid"]


async def test_an_object_that_another_run_made_is_never_ours(server: ApiServer, api: Api) -> None:
    server.put(JOBS, job("new", run="r2"))
    server.faults.append(Fault(lambda asked: asked.method == "POST", 1))
    with pytest.raises(Exists):
        await api.create(JOBS, job("new", run="r1"))


async def test_an_object_that_was_there_at_the_first_try_is_never_ours(server: ApiServer, api: Api) -> None:
    server.put(JOBS, job("new", run="r1"))
    with pytest.raises(Exists):
        await api.create(JOBS, job("new", run="r1"))


@pytest.mark.fault(
    "api", "an API server that is just back refuses what it allows", "Nothing: it is asked again for half a minute."
)
@pytest.mark.parametrize("status", [401, 403, 404])
async def test_a_server_that_is_just_back_may_refuse_at_first(server: ApiServer, api: Api, status: int) -> None:
    server.faults += [Fault(lambda asked: True, 2), Fault(lambda asked: True, 10, status)]
    assert (await read(api)).metadata.name == "known"


@pytest.mark.parametrize(("status", "error"), [(403, Forbidden), (404, NotFound)])
async def test_without_an_outage_a_refusal_counts_at_once(
    server: ApiServer, api: Api, status: int, error: type[Exception]
) -> None:
    before = len(server.requests)
    server.faults.append(Fault(lambda asked: True, 1, status))
    with pytest.raises(error):
        await read(api)
    assert len(server.requests) == before + 1


async def test_an_object_that_is_gone_is_gone_also_after_an_outage(server: ApiServer, api: Api) -> None:
    server.faults.append(Fault(lambda asked: True, 2))
    with pytest.raises(NotFound):
        await api.get(f"{JOBS}/gone", KubeObject)
