"""What clearway takes for granted of an API server, asked of a real one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from clearway.kube.access import Access
from clearway.kube.api import Api, connect
from clearway.kube.errors import Invalid, NotFound, Unexpected
from clearway.probe.worker_object import GROUP, KIND, VERSION
from clearway.site.kubernetes import cluster_scope
from clearway.site.kubernetes.names import CRD, CRDS, OURS, Paths
from harness.cluster import Cluster
from harness.failure import CommandFailed

PATCH = "application/json-patch+json"


@pytest.fixture(scope="module")
def with_kind(cluster: Cluster) -> Iterator[Cluster]:
    cluster.kubectl("apply", "--filename=-", text=json.dumps(cluster_scope.crd("install")))
    cluster.kubectl("wait", "--for=condition=Established", f"crd/{CRD}", "--timeout=30s")
    yield cluster
    cluster.kubectl("delete", "crd", CRD, "--timeout=60s")


@pytest.fixture
async def api(with_kind: Cluster) -> AsyncIterator[Api]:
    async with connect(Access(with_kind.kubeconfig)) as connected:
        yield connected


def mailbox(name: str) -> dict[str, Any]:
    metadata = {"name": name, "labels": OURS}
    return {"apiVersion": f"{GROUP}/{VERSION}", "kind": KIND, "metadata": metadata, "spec": {"requests": []}}


async def made(api: Api, namespace: str, name: str = "box") -> str:
    """A mailbox, once its kind is served; returns its path."""
    collection = Paths(namespace).mailboxes
    async with asyncio.timeout(20):
        while True:
            try:
                await api.create(collection, mailbox(name))
            except NotFound:
                await asyncio.sleep(0.1)
            else:
                return f"{collection}/{name}"


async def patch(api: Api, path: str, *operations: dict[str, Any]) -> None:
    strict = {"fieldValidation": "Strict"}
    await api.request("PATCH", f"{path}/status", body=list(operations), content=PATCH, query=strict)


async def test_a_mailbox_has_a_status_before_the_first_write(api: Api, namespace: str) -> None:
    found = await api.get(await made(api, namespace), dict[str, Any])
    assert found["status"]["phase"] == "Pending"


async def test_a_field_that_the_schema_does_not_know_is_refused_not_dropped(api: Api, namespace: str) -> None:
    path = await made(api, namespace)
    with pytest.raises(Invalid):
        await patch(api, path, {"op": "add", "path": "/status/unknown", "value": 1})
    await patch(api, path, {"op": "add", "path": "/status/result", "value": "known"})


async def test_a_patch_lands_only_while_its_round_stands_and_twice_is_as_good_as_once(api: Api, namespace: str) -> None:
    path = await made(api, namespace)
    await api.merge(path, {"spec": {"round": "r1"}})
    lands = [
        {"op": "test", "path": "/spec/round", "value": "r1"},
        {"op": "add", "path": "/status/result", "value": "1 measured"},
    ]
    for _ in range(2):
        await patch(api, path, *lands)
    await api.merge(path, {"spec": {"round": "r2"}})
    with pytest.raises(Invalid):
        await patch(api, path, *lands)


@pytest.mark.filterwarnings("ignore:Sending a large body")
async def test_what_is_too_large_is_refused_for_good(api: Api, namespace: str) -> None:
    """An answer of 500 or 413, which to try again is in vain: hence results have a bound of their own."""
    path = await made(api, namespace)
    with pytest.raises((Unexpected, Invalid)) as refused:
        await patch(api, path, {"op": "add", "path": "/status/result", "value": "x" * 1_700_000})
    assert "too large" in refused.value.values["message"]
    assert refused.value.patience == 0


async def test_one_object_can_be_watched_by_name_before_it_is_there(api: Api, namespace: str) -> None:
    """Without a version to start from: that needs no other right than `watch`."""
    collection = Paths(namespace).mailboxes
    await made(api, namespace, "another")
    query: dict[str, str | int] = {"watch": 1, "fieldSelector": "metadata.name=box", "timeoutSeconds": 3}
    async with asyncio.timeout(20), api.stream(collection, query, 20.0) as lines:
        making = asyncio.create_task(made(api, namespace))
        added = [event async for line in lines if (event := json.loads(line))["type"] == "ADDED"][:1]
        await making
    assert [event["object"]["metadata"]["name"] for event in added] == ["box"]


async def test_a_kind_takes_its_objects_with_it(api: Api, namespace: str, with_kind: Cluster) -> None:
    """So it is removed only where no run has any."""
    path = await made(api, namespace)
    await api.delete(f"{CRDS}/{CRD}")
    with_kind.kubectl("wait", "--for=delete", f"crd/{CRD}", "--timeout=30s")
    with pytest.raises(NotFound):
        await api.get(path, dict[str, Any])
    with_kind.kubectl("apply", "--filename=-", text=json.dumps(cluster_scope.crd("install")))


def test_pods_with_a_deadline_belong_in_a_job(cluster: Cluster, namespace: str) -> None:
    """A Deployment's may have none, and would be started again for ever."""
    labels = {"app": "a"}
    pod = {"containers": [{"name": "c", "image": "clearway.test/pause:1"}], "activeDeadlineSeconds": 60}
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "d"},
        "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}},
    }
    with pytest.raises(CommandFailed, match="activeDeadlineSeconds"):
        cluster.kubectl("create", f"--namespace={namespace}", "--filename=-", text=json.dumps(deployment))


def test_the_strictest_pod_security_refuses_the_hosts_network(cluster: Cluster, namespace: str) -> None:
    cluster.kubectl("label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted")
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p"},
        "spec": {"hostNetwork": True, "containers": [{"name": "c", "image": "clearway.test/pause:1"}]},
    }
    with pytest.raises(CommandFailed, match="host namespaces"):
        cluster.kubectl("create", f"--namespace={namespace}", "--filename=-", text=json.dumps(pod))
