"""A worker's token: it writes its own object's status, sees its kind, and nothing else."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from clearway.kube.api import Access, connect
from clearway.kube.errors import Forbidden
from clearway.site.base import Ready
from clearway.site.kubernetes.names import Paths
from cluster.runs.site import hear, started
from harness.cluster import Cluster
from harness.failure import CommandFailed

pytestmark = pytest.mark.usefixtures("furnished")

NAMESPACE = "clearway"


@dataclass(frozen=True)
class Worker:
    """kubectl with the token of a running worker."""

    cluster: Cluster
    kubeconfig: Path
    own: str
    other: str

    def may(self, *words: str) -> bool:
        try:
            Cluster(self.kubeconfig).kubectl(*words, f"--namespace={NAMESPACE}")
        except CommandFailed as failed:
            return "orbidden" not in failed.stderr
        return True

    async def may_write_status_of(self, mailbox: str) -> bool:
        """Without reading it first, as kubectl would."""
        patch = [{"op": "add", "path": "/status/result", "value": "mine"}]
        path = f"{Paths(NAMESPACE).mailboxes}/{mailbox}/status"
        async with connect(Access(self.kubeconfig)) as api:
            try:
                await api.request("PATCH", path, body=patch, content="application/json-patch+json")
            except Forbidden:
                return False
        return True


@pytest.fixture
async def worker(equipped: Cluster, tmp_path: Path) -> AsyncIterator[Worker]:
    async with started(equipped) as site:
        await hear(site, Ready, 2)
        listed = equipped.kubectl("get", "pods", f"--namespace={NAMESPACE}", "--output=json")
        pods = sorted(pod["metadata"]["name"] for pod in json.loads(listed)["items"])
        one, other = (name.rpartition("-")[0] for name in pods)
        account = one.rpartition("-")[0]
        bound = (f"--bound-object-name={pods[0]}", "--bound-object-kind=Pod")
        token = equipped.kubectl("create", "token", account, f"--namespace={NAMESPACE}", *bound).strip()
        config = json.loads(equipped.kubectl("config", "view", "--raw", "--output=json"))
        config["users"][0]["user"] = {"token": token}
        path = tmp_path / "worker.kubeconfig"
        path.write_text(json.dumps(config), encoding="utf-8")
        yield Worker(equipped, path, one, other)


async def test_a_worker_writes_its_own_status_and_nothing_else(worker: Worker) -> None:
    assert await worker.may_write_status_of(worker.own)
    assert not await worker.may_write_status_of(worker.other)
    assert not worker.may("patch", "ntw", worker.own, "--type=merge", '--patch={"spec":{"round":"x"}}')
    assert not worker.may("delete", "ntw", worker.own)
    assert not worker.may("create", "configmap", "mine")


async def test_a_worker_reads_nothing_but_its_kind(worker: Worker) -> None:
    others = ("pods", "secrets", "nodes", "jobs", "serviceaccounts")
    assert [kind for kind in others if worker.may("get", kind)] == []
