"""A worker's token: it writes its own object's status, sees its kind, and nothing else; and what it writes there counts
only where it was asked for, and only if the cluster says the same of its place.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from clearway.base.units import Size
from clearway.kube.access import Access
from clearway.kube.api import connect
from clearway.kube.errors import Forbidden
from clearway.probe import wire
from clearway.probe.measurement import Tcp
from clearway.probe.records import Outcome
from clearway.probe.worker_object import WORKER_SPEC, result_key
from clearway.site.base import Lost, Ready
from clearway.site.kubernetes.names import Paths
from clearway.site.kubernetes.workers import WorkerManifests
from cluster.processes import end_of
from cluster.runs.commands import Commands, await_first_round, await_hand_out
from cluster.runs.site import SLOTS, hear, started
from harness.cluster import Cluster
from harness.failure import CommandFailed

pytestmark = pytest.mark.usefixtures("furnished")

NAMESPACE = "clearway"
FORGED = 123_456_789_000
"""Bytes in each interval of a forged measurement."""


@dataclass(frozen=True)
class Worker:
    """What can be done with the token of a running worker."""

    kubeconfig: Path
    own: str
    other: str

    def may(self, *words: str) -> bool:
        """With kubectl."""
        try:
            Cluster(self.kubeconfig).kubectl(*words, f"--namespace={NAMESPACE}")
        except CommandFailed as failed:
            return "orbidden" not in failed.stderr
        return True

    async def may_write(self, mailbox: str, values: Mapping[str, Any]) -> bool:
        """Into the status, without reading it first as kubectl would."""
        patch = [{"op": "add", "path": f"/status/{name}", "value": value} for name, value in values.items()]
        path = f"{Paths(NAMESPACE).mailboxes}/{mailbox}/status"
        async with connect(Access(self.kubeconfig)) as api:
            try:
                await api.request("PATCH", path, body=patch, content="application/json-patch+json")
            except Forbidden:
                return False
        return True


def worker_on(cluster: Cluster, node: str, folder: Path) -> Worker:
    """The one that runs there, of two."""
    pods = json.loads(cluster.kubectl("get", "pods", f"--namespace={NAMESPACE}", "--output=json"))["items"]
    names = {pod["spec"]["nodeName"]: pod["metadata"]["name"] for pod in pods}
    own = names.pop(node)
    account = own.rpartition("-")[0].rpartition("-")[0]
    bound = (f"--bound-object-name={own}", "--bound-object-kind=Pod")
    token = cluster.kubectl("create", "token", account, f"--namespace={NAMESPACE}", *bound).strip()
    config = json.loads(cluster.kubectl("config", "view", "--raw", "--output=json"))
    config["users"][0]["user"] = {"token": token}
    path = folder / "worker.kubeconfig"
    path.write_text(json.dumps(config), encoding="utf-8")
    (other,) = names.values()
    return Worker(path, own.rpartition("-")[0], other.rpartition("-")[0])


@pytest.fixture
async def worker(equipped: Cluster, tmp_path: Path) -> AsyncIterator[Worker]:
    async with started(equipped) as site:
        await hear(site, Ready, 2)
        yield worker_on(equipped, "node-1", tmp_path)


@pytest.mark.fault("cluster", "a worker writes into the mailbox of another", "The API server refuses it.")
async def test_a_worker_writes_its_own_status_and_sees_its_kind_and_nothing_else(worker: Worker) -> None:
    assert await worker.may_write(worker.own, {"result": "mine"})
    assert not worker.may("patch", "ntw", worker.own, "--type=merge", '--patch={"spec":{"round":"x"}}')
    assert not worker.may("delete", "ntw", worker.own)
    assert not worker.may("create", "configmap", "mine")
    others = ("pods", "secrets", "nodes", "jobs", "serviceaccounts")
    assert [kind for kind in others if worker.may("get", kind)] == []
    assert not await worker.may_write(worker.other, {"result": "mine"})
    assert not worker.may("patch", "ntw", worker.other, "--type=merge", '--patch={"spec":{"round":"x"}}')


def forged(cluster: Cluster, mailbox: str) -> dict[str, Any]:
    """What a mailbox's worker was asked for, answered."""
    box = json.loads(cluster.kubectl("get", "ntw", mailbox, f"--namespace={NAMESPACE}", "--output=json"))
    asked = WORKER_SPEC.decode(box["spec"])
    measured = Tcp(series=(Size(FORGED),) * 10)
    results = [request.result(Outcome.MEASURED, measurement=measured) for request in asked.requests]
    encoded = {result_key(one.probe, one.half): wire.RESULT.encode(one) for one in results}
    return {"round": asked.round, "results": encoded}


@pytest.mark.fault(
    "cluster",
    "a worker answers for another in its own mailbox",
    "What it says does not count; it is given up, and the report names it.",
)
async def test_a_result_of_another_worker_gives_its_writer_up_and_does_not_count(
    equipped: Cluster, commands: Commands, tmp_path: Path
) -> None:
    with commands.begin(direction="both-ways", duration="6s") as process:
        await_first_round(process)
        await_hand_out(equipped, NAMESPACE)
        worker = worker_on(equipped, "node-1", tmp_path)
        assert await worker.may_write(worker.own, forged(equipped, worker.other))
        ended = end_of(process, 150)
    assert ended.status == 3, ended.err
    given_up = {one["subject"] for one in commands.report()["findings"] if one["code"] == "run.given-up"}
    observed = map(json.loads, (commands.report_dir / "observations.jsonl").read_text().splitlines())
    lost = {one["subject"] for one in observed if one["kind"] == "worker-lost"}
    # Its own result may be in the mailbox as well by then: that is one more than it was asked for.
    assert (given_up or lost) == {"node-1/0"}
    assert str(FORGED) not in (commands.report_dir / "results.jsonl").read_text()


@pytest.mark.fault(
    "cluster", "a worker says that it is elsewhere", "It is lost before anything is sent there; the report says why."
)
async def test_a_worker_that_lies_about_its_node_or_address_is_lost_before_any_traffic(
    equipped: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each says that it is on node-1, at an address that is of nobody here."""
    ours = WorkerManifests._container
    lies = {"CLEARWAY_NODE": "node-1", "CLEARWAY_ADDRESSES": "198.51.100.7"}

    def lying(manifests: WorkerManifests) -> dict[str, Any]:
        container = ours(manifests)
        told = [{"name": one["name"], "value": lies[one["name"]]} for one in container["env"] if one["name"] in lies]
        return {**container, "env": [*(one for one in container["env"] if one["name"] not in lies), *told]}

    monkeypatch.setattr(WorkerManifests, "_container", lying)
    async with started(equipped, partial=True) as site:
        lost = {one.slot: one.reason.code for one in await hear(site, Lost, 2)}
    assert lost == {SLOTS[0]: "listening.other-address", SLOTS[1]: "listening.other-node"}
