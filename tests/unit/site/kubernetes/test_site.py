"""The site against an API server that misbehaves: who is ready, what is heard, what is said of those who don't come."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from api_objects import Json
from api_server import ApiServer, Fault
from clearway.base.clock import Clock
from clearway.base.errors import SiteError
from clearway.kube.access import Access
from clearway.kube.api import connect
from clearway.probe.records import Finding, Half, Observation, Result
from clearway.site.base import Lost, NotFit, Ready
from clearway.site.kubernetes import names
from clearway.site.kubernetes.cluster_scope import crd
from clearway.site.kubernetes.installation import Installation
from clearway.site.kubernetes.options import IMAGE
from clearway.site.kubernetes.site import KubernetesSite
from clearway.site.kubernetes.worker_image import WorkerImage
from kubelets import EVENTS, JOBS, MAILBOXES, NAMESPACE, PODS, Kubelets, kubelets
from making import request
from unit.site.kubernetes.two_nodes import NODES, SLOTS, hear, node, options, started

REQUESTS = {SLOTS[0]: [request(Half.SEND)], SLOTS[1]: [request(Half.SERVE)]}


async def test_every_slot_gets_the_worker_that_landed_on_its_node(server: ApiServer, tmp_path: Path) -> None:
    with kubelets(server, tmp_path, tuple(reversed(NODES))):
        async with started(server, tmp_path) as site:
            ready = await hear(site, 2)
    assert {event.worker.slot for event in ready if isinstance(event, Ready)} == set(SLOTS)


async def test_a_round_goes_out_and_its_results_come_back(server: ApiServer, tmp_path: Path) -> None:
    with kubelets(server, tmp_path, NODES):
        async with started(server, tmp_path) as site:
            await hear(site, 2)
            await site.submit("r1", REQUESTS)
            results = await hear(site, 2)
            held = {item["spec"]["role"]: item["spec"]["peer"] for item in server.all(MAILBOXES)}
    assert {result.half for result in results if isinstance(result, Result)} == set(Half)
    assert held == {"send": "node-2", "serve": "node-1"}


async def test_nothing_is_left_after_stop(server: ApiServer, tmp_path: Path) -> None:
    with kubelets(server, tmp_path, NODES):
        async with started(server, tmp_path) as site:
            await hear(site, 2)
    left = [server.all(place) for place in (JOBS, PODS, MAILBOXES)]
    assert left == [[], [], []]


async def test_a_clock_that_is_off_is_measured(server: ApiServer, tmp_path: Path) -> None:
    with kubelets(server, tmp_path, NODES, clock=lambda index: Clock(index * 100.0)):
        async with started(server, tmp_path) as site:
            ready = [event for event in await hear(site, 2) if isinstance(event, Ready)]
    ahead = {event.worker.slot.node: event.clock for event in ready}
    assert abs(ahead["node-2"].ahead.si - 100) <= ahead["node-2"].uncertainty.si
    assert abs(ahead["node-1"].ahead.si) <= ahead["node-1"].uncertainty.si


@pytest.mark.parametrize("trouble", [ApiServer.end_watches, ApiServer.expire])
async def test_results_arrive_in_spite_of_a_broken_watch(server: ApiServer, tmp_path: Path, trouble: Any) -> None:
    with kubelets(server, tmp_path, NODES):
        async with started(server, tmp_path) as site:
            await hear(site, 2)
            trouble(server)
            await site.submit("r1", REQUESTS)
            assert len(await hear(site, 2)) == 2


@pytest.mark.slow
async def test_an_api_server_that_is_overloaded_is_asked_again(server: ApiServer, tmp_path: Path) -> None:
    server.faults.append(Fault(lambda asked: asked.method == "POST", 2, 429))
    server.faults.append(Fault(lambda asked: asked.method == "PATCH", 2))
    with kubelets(server, tmp_path, NODES):
        async with started(server, tmp_path) as site:
            assert len(await hear(site, 2)) == 2


PENDING = {"phase": "Pending"}
UNSCHEDULABLE = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "no room"}
NO_IMAGE = {"state": {"waiting": {"reason": "ErrImageNeverPull", "message": "not there"}}, "image": "w"}
OOM = {"state": {"terminated": {"reason": "OOMKilled", "exitCode": 137}}}
FORBIDDEN = {
    "state": {"terminated": {"exitCode": 1, "message": '{"code": "worker.forbidden", "values": {"error": "no"}}'}}
}


FOREIGN = {
    "state": {"terminated": {"exitCode": 255, "message": "first line\nexec /usr/bin/python3: exec format error"}}
}
BROKEN = {"state": {"terminated": {"exitCode": 1, "message": "Traceback ...\nMemoryError\n", "reason": "Error"}}}


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ({**PENDING, "containerStatuses": [NO_IMAGE]}, "pod.image"),
        ({**PENDING, "conditions": [UNSCHEDULABLE]}, "pod.unschedulable"),
        ({"phase": "Failed", "containerStatuses": [OOM]}, "pod.out-of-memory"),
        ({"phase": "Failed", "containerStatuses": [FORBIDDEN]}, "worker.forbidden"),
        ({"phase": "Failed", "containerStatuses": [FOREIGN]}, "pod.other-architecture"),
        ({"phase": "Failed", "containerStatuses": [BROKEN]}, "pod.exited"),
        ({"phase": "Failed", "reason": "Evicted", "message": "disk"}, "pod.ended"),
    ],
)
async def test_a_worker_that_does_not_start_is_explained(
    server: ApiServer, tmp_path: Path, status: Json, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clearway.site.kubernetes.pods._PATIENCE", dict.fromkeys(_CODES, 0.0))
    with kubelets(server, tmp_path, NODES, pod_status=lambda index: status if index else {"phase": "Running"}):
        async with started(server, tmp_path) as site:
            with pytest.raises(NotFit) as refused:
                await hear(site, 2)
            assert [finding.code for finding in refused.value.findings] == [code]


_CODES = ("pod.image", "pod.container", "pod.unschedulable")


async def test_partial_goes_on_without_it(server: ApiServer, tmp_path: Path) -> None:
    status = {"phase": "Failed", "containerStatuses": [OOM]}
    with kubelets(server, tmp_path, NODES, pod_status=lambda index: status if index else {"phase": "Running"}):
        async with started(server, tmp_path, partial=True) as site:
            heard = await hear(site, 2)
    assert {type(event) for event in heard} == {Ready, Lost}


async def test_pods_that_the_cluster_refuses_are_explained(
    server: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clearway.site.kubernetes.pods._PATIENCE_WITH_EVENTS", 0.0)

    def refuse(collection: str, item: Json) -> None:
        if collection == JOBS:
            about = {"kind": "Job", "name": item["metadata"]["name"]}
            server.objects.put(
                EVENTS,
                {
                    "metadata": {"name": "e"},
                    "involvedObject": about,
                    "reason": "FailedCreate",
                    "message": "exceeded quota",
                },
            )

    server.created.append(refuse)
    async with started(server, tmp_path) as site:
        with pytest.raises(NotFit) as refused:
            await hear(site, 1)
    (finding,) = refused.value.findings
    assert (finding.code, finding.values["message"]) == ("pod.refused", "exceeded quota")


async def test_a_worker_that_is_lost_in_the_middle_is_reported(server: ApiServer, tmp_path: Path) -> None:
    with kubelets(server, tmp_path, NODES) as running:
        async with started(server, tmp_path) as site:
            await hear(site, 2)
            pod = next(pod for pod in server.all(PODS) if pod["spec"]["nodeName"] == "node-2")
            server.remove(PODS, pod["metadata"]["name"])
            (lost,) = await hear(site, 1)
    assert isinstance(lost, Lost)
    assert (lost.slot, lost.reason.code) == (SLOTS[1], "pod.deleted")
    assert isinstance(running, Kubelets)


def with_proxy(pod: Json) -> Json:
    """As a mesh makes it: a container that prepares, and a proxy that has ended already."""
    proxy = {"name": "istio-proxy", "state": {"terminated": {"exitCode": 0, "reason": "Completed"}}}
    spec = {**pod["spec"], "initContainers": [{"name": "istio-init"}]}
    spec |= {"containers": [{"name": "istio-proxy"}, {"name": "worker"}]}
    statuses = [proxy, {"name": "worker", "state": {"running": {}}}]
    return {**pod, "spec": spec, "status": {"phase": "Running", "containerStatuses": statuses}}


@pytest.mark.fault(
    "cluster", "a mesh puts a proxy beside the worker", "The report names node and container; the proxy may end."
)
async def test_containers_that_the_cluster_adds_are_named_and_may_end(server: ApiServer, tmp_path: Path) -> None:
    with kubelets(server, tmp_path, NODES):
        async with started(server, tmp_path) as site:
            await hear(site, 2)
            for pod in server.all(PODS):
                server.put(PODS, with_proxy(pod))
            named = await hear(site, 2)
            await site.submit("r1", REQUESTS)
            results = await hear(site, 2)
    assert {one.subject for one in named if isinstance(one, Observation)} == set(NODES)
    assert isinstance(named[0], Observation)
    assert named[0].values["code"] == "kubernetes.added-containers"
    assert named[0].values["containers"] == ("istio-init", "istio-proxy")
    assert {type(event) for event in results} == {Result}


FROM_ARCHIVE = (WorkerImage(IMAGE, digests=("sha256:c0", "sha256:a1")), ("sha256:c0", "registry.example/x@sha256:ff"))
BY_A_TAG = (WorkerImage("example/w:1"), ("example/w@sha256:c0", "example/w@sha256:ff"))


@pytest.mark.parametrize(
    ("image", "reported", "code"),
    [(*FROM_ARCHIVE, "kubernetes.other-image"), (*BY_A_TAG, "kubernetes.mixed-images")],
    ids=["of an archive", "by a tag"],
)
@pytest.mark.fault(
    "cluster", "a node has another image under the same name", "The report names the node and both digests."
)
async def test_a_node_whose_image_is_another_one_is_named(
    server: ApiServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    image: WorkerImage,
    reported: tuple[str, str],
    code: str,
) -> None:
    monkeypatch.setattr(WorkerImage, "of", lambda name: image)
    with kubelets(server, tmp_path, NODES):
        async with started(server, tmp_path) as site:
            await hear(site, 2)
            for pod, image_id in zip(server.all(PODS), reported, strict=True):
                statuses = [{"name": "worker", "imageID": image_id}, {"name": "istio-proxy", "imageID": "sha256:ee"}]
                server.put(PODS, {**pod, "status": {"phase": "Running", "containerStatuses": statuses}})
            (named,) = await hear(site, 1)
    assert isinstance(named, Observation)
    assert (named.subject, named.values["code"]) == (NODES[1], code)
    assert named.values["found"] == "sha256:ff"


async def test_pods_opt_out_of_meshes_by_label_and_by_annotation(server: ApiServer, tmp_path: Path) -> None:
    with kubelets(server, tmp_path, NODES) as running:
        async with started(server, tmp_path) as site:
            await hear(site, 2)
    metadata = running.jobs[0]["spec"]["template"]["metadata"]
    for kind in ("labels", "annotations"):
        assert metadata[kind]["sidecar.istio.io/inject"] == "false"
        assert metadata[kind]["linkerd.io/inject"] == "disabled"


@pytest.mark.fault(
    "cluster", "a network policy selects the workers", "It is named when the run starts and in its report."
)
async def test_a_policy_that_cuts_workers_off_is_in_the_record(server: ApiServer, tmp_path: Path) -> None:
    place = f"/apis/networking.k8s.io/v1/namespaces/{NAMESPACE}/networkpolicies"
    server.put(place, {"metadata": {"name": "deny"}, "spec": {"podSelector": {}}})
    with kubelets(server, tmp_path, NODES):
        async with started(server, tmp_path) as site:
            heard = await hear(site, 3)
    (named,) = (one for one in heard if isinstance(one, Observation))
    assert (named.kind, named.subject, named.values["code"]) == ("site-finding", "deny", "kubernetes.policy")


async def test_a_tunnel_between_nodes_is_in_the_record(server: ApiServer, tmp_path: Path) -> None:
    settings = {"metadata": {"name": "cilium-config"}, "data": {"tunnel-protocol": "geneve"}}
    server.put(f"{names.NAMESPACES}/kube-system/configmaps", settings)
    with kubelets(server, tmp_path, NODES):
        async with started(server, tmp_path) as site:
            heard = await hear(site, 3)
    (named,) = (one for one in heard if isinstance(one, Observation))
    assert named.values["code"] == "kubernetes.encapsulated"
    assert (named.values["network"], named.values["mode"]) == ("Cilium", "geneve")


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        ({"unschedulable": True}, "kubernetes.node-cordoned"),
        ({"taints": [{"key": "gpu", "effect": "NoSchedule"}]}, "kubernetes.node-tainted"),
    ],
)
async def test_a_node_that_holds_no_worker_ends_the_run_before_it_begins(
    server: ApiServer, tmp_path: Path, spec: Json, code: str
) -> None:
    server.put(names.NODES, node("node-2", **spec))
    with pytest.raises(NotFit) as refused:
        async with started(server, tmp_path):
            pass
    assert [(finding.code, finding.subject) for finding in refused.value.findings] == [(code, "node-2")]
    assert server.all(JOBS) == []


async def test_another_version_of_the_kind_is_refused(server: ApiServer, tmp_path: Path) -> None:
    other = crd("install")
    other["metadata"]["annotations"][names.SCHEMA] = "other"
    server.put(names.CRDS, other)
    with pytest.raises(SiteError) as refused:
        async with started(server, tmp_path):
            pass
    assert refused.value.code == "kubernetes.other-version"


async def test_what_a_run_put_up_for_itself_goes_with_it(server: ApiServer, tmp_path: Path) -> None:
    server.remove(names.CRDS, names.CRD)
    with kubelets(server, tmp_path, NODES):
        async with started(server, tmp_path) as site:
            await hear(site, 2)
            assert server.all(names.CRDS)
            assert server.all(names.POLICIES)
    assert [server.all(place) for place in (names.CRDS, names.POLICIES, names.BINDINGS)] == [[], [], []]


async def test_a_namespace_that_an_earlier_run_is_leaving_is_waited_for(server: ApiServer, tmp_path: Path) -> None:
    server.put(names.NAMESPACES, {"metadata": {"name": NAMESPACE, "deletionTimestamp": "2026-01-01T00:00:00Z"}})
    told: list[Finding] = []
    site = KubernetesSite(options(server, tmp_path), log=told.append)
    with kubelets(server, tmp_path, NODES):
        starting = asyncio.ensure_future(site.start(SLOTS))
        try:
            async with asyncio.timeout(30):
                while "kubernetes.going" not in [finding.code for finding in told]:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            assert server.all(JOBS) == []
            server.remove(names.NAMESPACES, NAMESPACE)
            await starting
            assert "kubernetes.namespace-made" in [finding.code for finding in told]
        finally:
            await site.stop()


async def test_the_kind_stays_while_another_run_uses_it(server: ApiServer, tmp_path: Path) -> None:
    server.remove(names.CRDS, names.CRD)
    with kubelets(server, tmp_path, NODES):
        async with started(server, tmp_path) as site:
            await hear(site, 2)
            server.put(names.ALL_MAILBOXES, {"metadata": {"name": "of-another-run", "labels": names.OURS}})
    assert server.all(names.CRDS)


async def test_of_two_runs_the_last_one_out_removes_what_the_first_put_up(server: ApiServer, tmp_path: Path) -> None:
    server.remove(names.CRDS, names.CRD)
    server.remove(names.NAMESPACES, NAMESPACE)
    with kubelets(server, tmp_path, NODES):
        async with started(server, tmp_path, beside_others=True) as second:
            async with started(server, tmp_path, beside_others=True) as first:
                await hear(first, 2)
            assert [one["metadata"]["name"] for one in server.all(names.CRDS)] == [names.CRD]
            assert NAMESPACE in [one["metadata"]["name"] for one in server.all(names.NAMESPACES)]
            await hear(second, 2)
    assert server.all(names.CRDS) == []
    assert NAMESPACE not in [one["metadata"]["name"] for one in server.all(names.NAMESPACES)]


async def test_of_runs_that_begin_at_once_the_last_one_out_removes_what_one_of_them_put_up(
    server: ApiServer, tmp_path: Path
) -> None:
    server.remove(names.CRDS, names.CRD)
    server.remove(names.NAMESPACES, NAMESPACE)
    async with AsyncExitStack() as stack:
        apis = [await stack.enter_async_context(connect(Access(server.kubeconfig(tmp_path)))) for _ in range(3)]
        runs = [Installation(api, NAMESPACE, lambda finding: None) for api in apis]
        await asyncio.gather(*(run.ensure() for run in runs))
        *others, last = runs
        server.put(names.ALL_MAILBOXES, {"metadata": {"name": "of-the-last", "labels": names.OURS}})
        for run in others:
            await run.remove()
        server.remove(names.ALL_MAILBOXES, "of-the-last")
        assert server.all(names.CRDS)
        await last.remove()
    assert [server.all(place) for place in (names.CRDS, names.POLICIES, names.BINDINGS)] == [[], [], []]
    assert NAMESPACE not in [one["metadata"]["name"] for one in server.all(names.NAMESPACES)]


async def test_an_inventory_has_zones_and_no_control_plane(server: ApiServer, tmp_path: Path) -> None:
    labelled = node("node-3")
    labelled["metadata"]["labels"] = {"topology.kubernetes.io/zone": "a", "host": "m1"}
    server.put(names.NODES, labelled)
    taint = {"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}
    server.put(names.NODES, node("control", taints=[taint]))
    site = KubernetesSite(options(server, tmp_path, machine_label="host"), log=lambda finding: None)
    inventory = await site.inspect()
    assert [one.name for one in inventory.nodes] == ["node-1", "node-2", "node-3"]
    assert (inventory.node("node-3").zone, inventory.node("node-3").machine) == ("a", "m1")
