"""Clusters with rules of their own: quotas, ids as on OpenShift, a mesh's label, policies, and a node that leaves."""

from __future__ import annotations

import json
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cluster import webhook
from cluster.processes import end_of
from cluster.runs.commands import Commands, await_first_round, left_behind
from harness.cluster import Cluster
from harness.failure import CommandFailed
from harness.spec import IPV4

pytestmark = pytest.mark.usefixtures("furnished")

SCC = (
    "unable to validate against any security context constraint: [provider restricted-v2:"
    " .spec.securityContext.runAsUser: Invalid value: must be in the ranges: [1000690000, 1000699999]]"
)
HOOK_PORT = 9443
ADMISSION = "admissionregistration.k8s.io/v1"


def constraint_on_ids(namespace: str) -> list[dict[str, Any]]:
    """What an OpenShift does to pods that choose an id, in one namespace."""
    pods = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
    ids = "object.spec.?securityContext.?{}.orValue(1000690000) >= 1000690000"
    chosen = " && ".join(ids.format(name) for name in ("runAsUser", "fsGroup"))
    only_there = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}
    binding = {"policyName": "scc", "validationActions": ["Deny"], "matchResources": only_there}
    spec = {
        "matchConstraints": {"resourceRules": [pods]},
        "validations": [{"expression": chosen, "message": SCC, "reason": "Forbidden"}],
    }
    return [
        {"apiVersion": ADMISSION, "kind": "ValidatingAdmissionPolicy", "metadata": {"name": "scc"}, "spec": spec},
        {
            "apiVersion": ADMISSION,
            "kind": "ValidatingAdmissionPolicyBinding",
            "metadata": {"name": "scc"},
            "spec": binding,
        },
    ]


def await_constraint_on_ids(cluster: Cluster, namespace: str) -> None:
    """An API server takes seconds to ask a policy that was just made."""
    container = {"name": "c", "image": "none"}
    spec = {"containers": [container], "securityContext": {"runAsUser": 1, "fsGroup": 1}}
    metadata = {"name": "tried", "namespace": namespace}
    pod = json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            cluster.kubectl("create", "--dry-run=server", "--filename=-", text=pod)
        except CommandFailed as refused:
            if SCC in refused.stderr:
                return
        time.sleep(0.2)
    raise AssertionError("the API server does not ask the policy")


def openshift_kind() -> dict[str, Any]:
    """Lets the API server serve the group that says that this is an OpenShift."""
    plural, group = "securitycontextconstraints", "security.openshift.io"
    schema = {"openAPIV3Schema": {"type": "object"}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{plural}.{group}",
            "annotations": {"api-approved.kubernetes.io": "unapproved, a stand-in of a test"},
        },
        "spec": {
            "group": group,
            "scope": "Cluster",
            "names": {"plural": plural, "singular": plural, "kind": "SecurityContextConstraints"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
        },
    }


def rules_of(namespace: str) -> list[dict[str, Any]]:
    """A quota on limits, a LimitRange that meets it, and a default deny (which this cluster's network ignores)."""
    limits = [{"type": "Container", "default": {"cpu": "64"}, "defaultRequest": {"cpu": "100m"}}]
    deny = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    quota = {"hard": {"limits.cpu": "1k", "pods": "1k"}}
    return [
        {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q", "namespace": namespace}, "spec": quota},
        {
            "apiVersion": "v1",
            "kind": "LimitRange",
            "metadata": {"name": "defaults", "namespace": namespace},
            "spec": {"limits": limits},
        },
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": "default-deny", "namespace": namespace},
            "spec": deny,
        },
    ]


@pytest.fixture
def ruled(equipped: Cluster, namespace: str) -> Iterator[str]:
    """A namespace with all of these, and with a label that brings a mesh where there is one."""
    equipped.kubectl("label", "namespace", namespace, "istio-injection=enabled")
    everything = {"apiVersion": "v1", "kind": "List", "items": [*rules_of(namespace), *constraint_on_ids(namespace)]}
    equipped.kubectl("apply", "--filename=-", text=json.dumps(everything))
    await_constraint_on_ids(equipped, namespace)
    yield namespace
    equipped.kubectl("delete", "--ignore-not-found", "--filename=-", text=json.dumps(everything))
    equipped.kubectl("delete", "--ignore-not-found", "--filename=-", text=json.dumps(openshift_kind()))


@pytest.mark.fault(
    "cluster",
    "a quota on limits, default limits, OpenShift's ids, a mesh, a default deny",
    "`check` and the report name each; what the cluster allows is measured.",
)
def test_a_namespace_with_rules_of_its_own_is_measured_and_the_rules_are_named(
    equipped: Cluster, commands: Commands, ruled: str
) -> None:
    refused = commands.call("check", f"--namespace={ruled}")
    assert refused.status == 3, refused.out
    assert SCC in refused.out, "ids that a pod chooses are refused"
    equipped.kubectl("apply", "--filename=-", text=json.dumps(openshift_kind()))
    equipped.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=30s")
    checked = commands.call("check", f"--namespace={ruled}")
    assert checked.status == 0, checked.out
    for said in ("limits a worker by default: cpu 64", "brings a service mesh", "NetworkPolicy default-deny selects"):
        assert said in checked.out
    ended = commands.run(f"--namespace={ruled}")
    assert (ended.status, commands.report()["state"]) == (0, "pass"), ended.err
    assert "kubernetes.policy" in [finding["code"] for finding in commands.report()["findings"]]
    assert "NetworkPolicy default-deny selects" in ended.err, "it is said before a run starts"
    assert left_behind(equipped) == ""


def hooks(namespace: str, authority: bytes) -> list[dict[str, Any]]:
    """The program of webhook.py, asked about each pod and each Job of one namespace."""

    def hook(kind: str, group: str, resource: str, path: str, timeout: int) -> dict[str, Any]:
        return {
            "apiVersion": ADMISSION,
            "kind": kind,
            "metadata": {"name": f"test-{path}"},
            "webhooks": [
                {
                    "name": f"{path}.clearway.test",
                    "admissionReviewVersions": ["v1"],
                    "sideEffects": "None",
                    "timeoutSeconds": timeout,
                    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
                    "rules": [
                        {"apiGroups": [group], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": [resource]}
                    ],
                    "clientConfig": {
                        "url": f"https://{IPV4.api}:{HOOK_PORT}/{path}",
                        "caBundle": b64encode(authority).decode(),
                    },
                }
            ],
        }

    return [
        hook("MutatingWebhookConfiguration", "", "pods", "sidecar", 5),
        hook("ValidatingWebhookConfiguration", "batch", "jobs", "slow", 1),
    ]


@pytest.fixture
def hooked(equipped: Cluster, namespace: str) -> Iterator[str]:
    """A namespace whose webhooks add a container and high ids to each pod, and are too slow at first."""
    pki = equipped.machinery.folder / "pki"
    shown = (str(pki / "apiserver.crt"), str(pki / "apiserver.key"))
    argv = (sys.executable, str(Path(webhook.__file__)), *shown, IPV4.api, str(HOOK_PORT))
    everything = {"apiVersion": "v1", "kind": "List", "items": hooks(namespace, (pki / "ca.crt").read_bytes())}
    with equipped.open(argv) as program:
        try:
            assert program.stdout is not None
            assert program.stdout.readline() == "listens\n"
            equipped.kubectl("apply", "--filename=-", text=json.dumps(everything))
            yield namespace
        finally:
            equipped.kubectl("delete", "--ignore-not-found", "--filename=-", text=json.dumps(everything))
            program.kill()


@pytest.mark.fault(
    "cluster", "a mesh puts a proxy beside the worker", "The report names node and container; the proxy may end."
)
@pytest.mark.fault("cluster", "pods get ids from a high range, as on OpenShift", "Nothing: workers run with any id.")
@pytest.mark.fault("api", "an admission webhook takes too long", "It is asked again; one that never answers is named.")
def test_what_webhooks_add_to_the_workers_is_named_and_slow_ones_are_asked_again(
    equipped: Cluster, commands: Commands, hooked: str
) -> None:
    with commands.begin(f"--namespace={hooked}", duration="4s") as process:
        await_first_round(process)
        pods = json.loads(equipped.kubectl("get", "pods", f"--namespace={hooked}", "--output=json"))["items"]
        ended = end_of(process, 150)
    assert {pod["spec"]["securityContext"]["runAsUser"] for pod in pods} == {webhook.ID}
    assert (ended.status, commands.report()["state"]) == (0, "pass"), ended.err
    named = [one for one in commands.report()["findings"] if one["code"] == "kubernetes.added-containers"]
    assert {one["subject"] for one in named} == {"node-1", "node-2"}
    assert "istio-proxy" in ended.out
    assert equipped.kubectl("get", "jobs,pods", f"--namespace={hooked}", "--output=name") == ""


@pytest.fixture
def node_comes_back(equipped: Cluster) -> Iterator[str]:
    """A node that a test may delete: its kubelet registers it again when it starts."""
    yield "node-2"
    equipped.stop_kubelet("node-2")
    equipped.start_kubelet("node-2")
    equipped.kubectl("wait", "--for=create", "node/node-2", "--timeout=60s", timeout=70)
    equipped.kubectl("wait", "--for=condition=Ready", "node/node-2", "--timeout=60s", timeout=70)


@pytest.mark.fault(
    "cluster",
    "a node leaves the cluster during a run",
    "The report names node and time; what was measured before stays, the rest is undecided.",
)
def test_a_node_that_is_deleted_in_a_run_is_named_and_what_was_measured_before_stays(
    equipped: Cluster, commands: Commands, node_comes_back: str
) -> None:
    process = commands.begin(direction="both-ways", duration="6s")
    await_first_round(process)
    deadline = time.monotonic() + 60
    shown = set[tuple[str, ...]]()
    while len(commands.results()) < 2:
        assert process.poll() is None
        assert time.monotonic() < deadline
        listed = equipped.kubectl("get", "ntw", "--namespace=clearway", "--no-headers")
        shown |= {tuple(line.split()[1:7]) for line in listed.splitlines()}
    assert ("node-1", "send", "node-2", "bandwidth-01", "tcp", "Measuring") in shown
    assert ("node-2", "serve", "node-1", "bandwidth-01", "tcp", "Measuring") in shown
    equipped.kubectl("delete", "node", node_comes_back, "--wait=false")
    ended = end_of(process, 150)
    assert ended.status == 3, ended.err
    report = commands.report()
    (named,) = [finding for finding in report["findings"] if finding["code"] == "membership.node-left"]
    assert named["subject"] == node_comes_back
    pairs = report["tests"][0]["criteria"][0]["pairs"]
    assert {(pair["subject"], pair["standing"]) for pair in pairs} == {
        ("node-1 -> node-2", "holds"),
        ("node-2 -> node-1", "undecided"),
    }
    assert len(commands.lines("rounds.jsonl")) == 2, "nothing is tried again with a node that has left"
