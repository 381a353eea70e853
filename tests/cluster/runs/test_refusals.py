"""What an API server refuses: pods against a namespace's rules, objects of another version, results too large."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from clearway.base.clock import Clock
from clearway.base.units import Size
from clearway.probe.measurement import Tcp
from clearway.probe.records import Half, Outcome, Request, Result, Slot
from clearway.probe.worker_object import GROUP, PLURAL, VERSION
from clearway.site.base import NotFit, Ready
from clearway.site.kubernetes import cluster_scope
from clearway.site.kubernetes.names import CRD, SCHEMA
from clearway.site.kubernetes.workers import WorkerManifests
from clearway.worker.api import OwnObject, ServiceAccount
from clearway.worker.inbox_kubernetes import RESULT_LIMIT, KubernetesInbox, Ties
from cluster.runs.commands import Commands, left_behind
from cluster.runs.site import SLOTS, hear, requests, started
from harness.cluster import Cluster

pytestmark = pytest.mark.usefixtures("furnished")

NAMESPACE = "clearway"
RESTRICTED = "pod-security.kubernetes.io/enforce=restricted"


@pytest.fixture
def restricted(equipped: Cluster, namespace: str) -> str:
    equipped.kubectl("label", "namespace", namespace, RESTRICTED)
    return namespace


def test_workers_keep_to_the_strictest_pod_security(equipped: Cluster, commands: Commands, restricted: str) -> None:
    ended = commands.run(f"--namespace={restricted}")
    assert ended.status == 0, ended.err
    assert left_behind(equipped) == ""


@pytest.mark.fault(
    "cluster", "pod security refuses the workers", "The run ends before any traffic and quotes the rule."
)
async def test_a_pod_that_a_namespace_refuses_is_reported_with_the_rule(
    equipped: Cluster, restricted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = WorkerManifests._container
    monkeypatch.setattr(
        WorkerManifests, "_container", lambda team: {**ours(team), "securityContext": {"privileged": True}}
    )
    async with started(equipped, namespace=restricted) as site:
        with pytest.raises(NotFit) as refused:
            await hear(site, Ready, 2)
    (finding,) = refused.value.findings
    assert finding.code == "pod.refused"
    assert 'violates PodSecurity "restricted' in finding.values["message"]


@pytest.fixture
def other_version(equipped: Cluster) -> Iterator[None]:
    kind = cluster_scope.crd("install")
    kind["metadata"]["annotations"][SCHEMA] = "another"
    equipped.kubectl("apply", "--filename=-", text=json.dumps(kind))
    yield
    equipped.kubectl("delete", "crd", CRD, "--timeout=60s")


@pytest.mark.usefixtures("other_version")
@pytest.mark.parametrize("command", ["run", "check"])
@pytest.mark.fault(
    "cluster", "another version of the kind is installed", "The run ends before any traffic and says what to do."
)
def test_mailboxes_of_another_version_are_refused_with_what_to_do(
    equipped: Cluster, commands: Commands, command: str
) -> None:
    ended = commands.run() if command == "run" else commands.call(command)
    assert ended.status == 3
    assert "clearway install" in ended.out + ended.err
    assert "jobs" not in left_behind(equipped)
    assert "crd" not in left_behind(equipped).replace(CRD, "")


def second_inbox(cluster: Cluster, folder: Path) -> KubernetesInbox:
    """Another inbox at the mailbox of node-1's worker, with that one's token."""
    (known,) = json.loads(cluster.kubectl("config", "view", "--raw", "--output=json"))["clusters"]
    address = urlsplit(known["cluster"]["server"])
    assert address.hostname is not None
    assert address.port is not None
    (folder / "ca.crt").write_bytes((cluster.machinery.folder / "pki" / "ca.crt").read_bytes())
    pods = json.loads(cluster.kubectl("get", "pods", f"--namespace={NAMESPACE}", "--output=json"))["items"]
    (pod,) = [pod["metadata"]["name"] for pod in pods if pod["spec"]["nodeName"] == "node-1"]
    mailbox = pod.rpartition("-")[0]
    bound = (f"--bound-object-name={pod}", "--bound-object-kind=Pod")
    account = mailbox.rpartition("-")[0]
    (folder / "token").write_text(cluster.kubectl("create", "token", account, f"--namespace={NAMESPACE}", *bound))
    collection = f"/apis/{GROUP}/{VERSION}/namespaces/{NAMESPACE}/{PLURAL}"
    own = OwnObject(ServiceAccount(address.hostname, address.port, folder), collection, mailbox)
    return KubernetesInbox(Clock(), own, "node-1", Ties(lambda: None, lambda reason: None))


def huge(request: Request) -> Result:
    """A measurement that is larger than the limit even without its evidence."""
    series = tuple(Size(float(number)) for number in range(RESULT_LIMIT // 4))
    return request.result(Outcome.MEASURED, measurement=Tcp(series=series))


def put_huge_result(inbox: KubernetesInbox) -> None:
    for mailbox in inbox.mailboxes():
        if mailbox.requests:
            inbox.put(huge(mailbox.requests[0]))
            inbox.close()


@pytest.mark.fault("api", "a result is too large for the API", "The probe is void and says so.")
async def test_a_result_that_is_too_large_arrives_as_one_that_says_so(equipped: Cluster, tmp_path: Path) -> None:
    async with started(equipped) as site:
        ready = await hear(site, Ready, 2)
        thread = threading.Thread(target=put_huge_result, args=(second_inbox(equipped, tmp_path),), daemon=True)
        thread.start()
        asked = requests(ready, start=20.0)
        await site.submit(
            "r1", {slot: [replace(one, deadline=one.deadline + 20) for one in asked[slot]] for slot in SLOTS}
        )
        (result,) = await hear(site, Result, 1)
        thread.join(10)
    assert (result.half, result.outcome, result.measurement) == (Half.SEND, Outcome.UNPARSABLE, None)
    assert result.reason is not None
    assert result.reason.code == "worker.result-too-large"
    assert SLOTS[0] == Slot("node-1")
