"""What can go wrong around workers on a real cluster: reasons are right, nothing is lost that could be kept."""

from __future__ import annotations

import json
import os
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from clearway.base.units import Duration
from clearway.kube.access import Access
from clearway.kube.api import connect
from clearway.kube.errors import Invalid
from clearway.probe.records import Finding, Half, Outcome, Result
from clearway.site.base import Lost, NotFit, Ready
from clearway.site.kubernetes import cluster_scope
from clearway.site.kubernetes.names import CRD, Paths
from cluster.runs.site import SLOTS, hear, requests, started
from harness.cluster import Cluster
from harness.pause_image import write_image

NAMESPACE = "clearway"
PATHS = Paths(NAMESPACE)


@pytest.fixture(scope="module", autouse=True)
def installed(equipped: Cluster) -> Iterator[None]:
    for manifest in cluster_scope.manifests(NAMESPACE):
        equipped.kubectl("apply", "--server-side", "--filename=-", text=json.dumps(manifest))
    equipped.kubectl("wait", "--for=condition=Established", f"crd/{CRD}", "--timeout=30s")
    yield
    for manifest in reversed(cluster_scope.manifests(NAMESPACE)):
        equipped.kubectl("delete", "--filename=-", "--timeout=60s", text=json.dumps(manifest))


def names(cluster: Cluster, kind: str) -> list[str]:
    return cluster.kubectl("get", kind, f"--namespace={NAMESPACE}", "--output=name").split()


def worker_roles(cluster: Cluster) -> list[str]:
    return [name for name in names(cluster, "roles") if "controller" not in name]


async def test_a_probe_is_measured_through_the_api(equipped: Cluster) -> None:
    async with started(equipped) as site:
        ready = await hear(site, Ready, 2)
        await site.submit("r1", requests(ready))
        results = await hear(site, Result, 2)
    assert {result.outcome for result in results} == {Outcome.MEASURED}


@pytest.mark.fault(
    "cluster", "a worker may not write its results", "The run ends before any traffic and names the missing rule."
)
@pytest.mark.fault(
    "cluster", "a right is taken away in the middle", "The worker is lost, with the missing rule as the reason."
)
async def test_a_worker_without_its_right_is_found_before_any_traffic_and_one_that_loses_it_is_lost(
    equipped: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the same time: workers wait 20 s for a right."""
    monkeypatch.setattr("clearway.site.kubernetes.workers.WORKER_RULES", cluster_scope.WORKER_RULES[:1])
    async with started(equipped) as without:
        monkeypatch.undo()
        async with started(equipped, beside_others=True) as losing:
            ready = await hear(losing, Ready, 2)
            for role in worker_roles(equipped):
                equipped.kubectl("delete", role, f"--namespace={NAMESPACE}")
            await losing.submit("r1", requests(ready))
            lost = await hear(losing, Lost, 2)
        with pytest.raises(NotFit) as refused:
            await hear(without, Ready, 2)
    (finding,) = refused.value.findings
    assert finding.code == "worker.forbidden"
    assert "networktestworkers/status" in finding.values["error"]
    assert {one.reason.code for one in lost} == {"worker.forbidden"}


@pytest.mark.fault("cluster", "a worker's pod is deleted", "The worker is lost; the others are measured.")
async def test_a_deleted_pod_is_reported(equipped: Cluster) -> None:
    async with started(equipped) as site:
        await hear(site, Ready, 2)
        pods = json.loads(equipped.kubectl("get", "pods", f"--namespace={NAMESPACE}", "--output=json"))["items"]
        (victim,) = [pod["metadata"]["name"] for pod in pods if pod["spec"]["nodeName"] == "node-2"]
        equipped.kubectl("delete", "pod", victim, f"--namespace={NAMESPACE}", "--wait=false")
        (lost,) = await hear(site, Lost, 1)
    assert lost.slot == SLOTS[1]
    assert lost.reason.code in ("pod.deleted", "pod.exited")


@pytest.mark.fault("cluster", "the image is not there", "The run ends before any traffic and says how to load it.")
async def test_a_missing_image_is_reported(equipped: Cluster) -> None:
    async with started(equipped, image="clearway.dev/nothing:1") as site:
        with pytest.raises(NotFit) as refused:
            await hear(site, Ready, 2)
    assert refused.value.findings[0].code == "pod.image"


@pytest.fixture
def of_another_architecture(equipped: Cluster, tmp_path: Path) -> str:
    """An image that says that it is for this machine, with a program for a MIPS processor in it."""
    program, archive, name = tmp_path / "program", tmp_path / "foreign.tar", "clearway.test/foreign:1"
    program.write_bytes((b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHI", 2, 8, 1)).ljust(4096, b"\0"))
    write_image(program, archive, os.uname().machine, name)
    equipped.load_image(archive)
    return name


@pytest.mark.fault(
    "cluster",
    "the image is for another architecture",
    "The run ends before any traffic and says so, in the kernel's words.",
)
async def test_an_image_of_another_architecture_is_reported(equipped: Cluster, of_another_architecture: str) -> None:
    async with started(equipped, image=of_another_architecture) as site:
        with pytest.raises(NotFit) as refused:
            await hear(site, Ready, 2)
    (finding,) = refused.value.findings
    assert (finding.code, "exec format error" in finding.values["message"]) == ("pod.other-architecture", True)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The end does not wait for a cluster that is busy with itself."""
    monkeypatch.setattr("clearway.site.kubernetes.removal.GONE_WITHIN", Duration(10))


@pytest.fixture
def broken_cni(equipped: Cluster) -> Iterator[str]:
    """A node whose network add-on names a program that is not there."""
    place = equipped.machinery.folder / "configs" / "node-2-network" / "pods.conflist"
    good = place.read_text()
    place.write_text(good.replace('"bridge"', '"no-such-program"', 1))
    yield "node-2"
    place.write_text(good)


@pytest.mark.usefixtures("impatient")
@pytest.mark.fault(
    "cluster", "the CNI of a node fails", "The run ends before any traffic, names the node, and quotes the CNI."
)
async def test_a_cni_that_fails_is_quoted(equipped: Cluster, broken_cni: str) -> None:
    async with started(equipped) as site:
        with pytest.raises(NotFit) as refused:
            await hear(site, Ready, 2)
    (finding,) = refused.value.findings
    assert (finding.code, finding.subject) == ("pod.no-network", f"{broken_cni}/0")
    assert "no-such-program" in finding.values["message"]


@pytest.mark.fault("cluster", "a quota refuses pods", "The run ends before any traffic and names the quota.")
async def test_a_quota_that_refuses_pods_is_reported(equipped: Cluster) -> None:
    equipped.kubectl("create", "quota", "tight", "--hard=pods=0", f"--namespace={NAMESPACE}")
    try:
        # Before that, the API server may not know of it yet.
        equipped.kubectl(
            "wait", "--for=jsonpath={.status.hard.pods}=0", "quota/tight", f"--namespace={NAMESPACE}", "--timeout=30s"
        )
        async with started(equipped) as site:
            with pytest.raises(NotFit) as refused:
                await hear(site, Ready, 2)
    finally:
        equipped.kubectl("delete", "quota", "tight", f"--namespace={NAMESPACE}")
    (finding,) = refused.value.findings
    assert finding.code == "pod.refused"
    assert "exceeded quota: tight" in finding.values["message"]


@pytest.mark.fault("cluster", "a node has no room", "The run ends before any traffic and names the node.")
async def test_a_node_without_room_is_reported(equipped: Cluster) -> None:
    equipped.kubectl("taint", "node", "node-2", "late=yes:NoSchedule")
    try:
        with pytest.raises(NotFit) as refused:
            async with started(equipped):
                pass
    finally:
        equipped.kubectl("taint", "node", "node-2", "late-")
    assert [finding.code for finding in refused.value.findings] == ["kubernetes.node-tainted"]


@pytest.mark.fault(
    "cluster", "a node is cordoned", "The run ends before any traffic, or does without the node if asked to."
)
async def test_a_cordoned_node_ends_the_run_before_it_begins_or_is_done_without(equipped: Cluster) -> None:
    equipped.kubectl("cordon", "node-2")
    try:
        with pytest.raises(NotFit) as refused:
            async with started(equipped):
                pass
        async with started(equipped, partial=True) as site:
            (lost,) = await hear(site, Lost, 1)
            (ready,) = await hear(site, Ready, 1)
    finally:
        equipped.kubectl("uncordon", "node-2")
    assert "kubernetes.node-cordoned" in [finding.code for finding in refused.value.findings]
    assert (lost.slot, ready.worker.slot) == (SLOTS[1], SLOTS[0])


def wait_until_all_nodes_are_ready(cluster: Cluster) -> None:
    """By what their kubelets say from now on: a cluster takes a while to note that a node has been silent."""
    before = heartbeats(cluster)
    end = time.monotonic() + 90
    while any(now == before.get(node) for node, now in heartbeats(cluster).items()):
        assert time.monotonic() < end, before
        time.sleep(1)
    cluster.kubectl("wait", "--for=condition=Ready", "nodes", "--all", "--timeout=60s", timeout=70)


def heartbeats(cluster: Cluster) -> dict[str, str]:
    """When each node last renewed its lease."""
    leases = json.loads(cluster.kubectl("get", "leases", "--namespace=kube-node-lease", "--output=json"))["items"]
    return {lease["metadata"]["name"]: lease["spec"]["renewTime"] for lease in leases}


@pytest.mark.usefixtures("impatient")
@pytest.mark.fault("cluster", "a kubelet dies", "Its results count; the node is named in the end.")
async def test_a_dead_kubelet_costs_no_result_and_its_node_is_named_in_the_end(equipped: Cluster) -> None:
    told: list[Finding] = []
    try:
        async with started(equipped, told) as site:
            ready = await hear(site, Ready, 2)
            equipped.stop_kubelet("node-2")
            await site.submit("r1", requests(ready))
            results = await hear(site, Result, 2)
    finally:
        equipped.start_kubelet("node-2")
    wait_until_all_nodes_are_ready(equipped)
    assert {result.half for result in results} == set(Half)
    (left,) = [finding for finding in told if finding.code == "kubernetes.workers-left"]
    assert left.values["nodes"] == ("node-2",)


@pytest.mark.fault("cluster", "a result comes after its round", "The API server refuses it; it does not count.")
async def test_a_late_result_of_an_old_round_is_refused_by_the_api(equipped: Cluster) -> None:
    """The rule on who writes is not in the way here: the test comes first, whoever asks."""
    async with started(equipped) as site:
        await hear(site, Ready, 2)
        mailbox = names(equipped, "ntw")[0].partition("/")[2]
        equipped.kubectl(
            "patch", "ntw", mailbox, f"--namespace={NAMESPACE}", "--type=merge", '--patch={"spec":{"round":"r2"}}'
        )
        patch = [
            {"op": "test", "path": "/spec/round", "value": "r1"},
            {"op": "add", "path": "/status/round", "value": "r1"},
        ]
        async with connect(Access(equipped.kubeconfig)) as api:
            with pytest.raises(Invalid):
                await api.request(
                    "PATCH",
                    f"{PATHS.mailboxes}/{mailbox}/status",
                    body=patch,
                    content="application/json-patch+json",
                )
