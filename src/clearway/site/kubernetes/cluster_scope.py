"""Objects that a cluster has once for all runs: the mailbox's CRD, the policy for writing it, roles of a controller."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from clearway.kube.api import ApiObject
from clearway.probe.worker_object import GROUP, KIND, PLURAL, SHORT, VERSION
from clearway.site.kubernetes import names
from clearway.site.kubernetes.names import CONTROLLER, CRD, KEEPER, OBSERVER, OURS, POLICY, SCHEMA, Kind
from clearway.site.kubernetes.schema import digest, mailbox_schema

RBAC = "rbac.authorization.k8s.io/v1"
ADMISSION = "admissionregistration.k8s.io/v1"

WORKER_RULES: list[ApiObject] = [
    {"apiGroups": [GROUP], "resources": [PLURAL], "verbs": ["watch"]},
    {"apiGroups": [GROUP], "resources": [f"{PLURAL}/status"], "verbs": ["patch"]},
]
"""All that a worker may do. It can see other workers' requests, which hold no secrets."""

_ALL = ("create", "delete", "get", "list", "patch", "watch")
CONTROLLER_RULES: list[ApiObject] = [
    {"apiGroups": [GROUP], "resources": [PLURAL], "verbs": [*_ALL, "deletecollection"]},
    # The API server lets it grant only rights that it has itself.
    {"apiGroups": [GROUP], "resources": [f"{PLURAL}/status"], "verbs": ["patch"]},
    {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["create", "delete", "get", "list", "patch"]},
    {"apiGroups": [""], "resources": ["pods", "events"], "verbs": ["get", "list", "watch"]},
    {"apiGroups": [""], "resources": ["serviceaccounts"], "verbs": ["create", "delete", "list", "patch"]},
    {
        "apiGroups": ["rbac.authorization.k8s.io"],
        "resources": ["roles", "rolebindings"],
        "verbs": ["create", "delete", "list"],
    },
]
"""What a run needs in its namespace."""

LEASE_RULES: list[ApiObject] = [
    {
        "apiGroups": ["coordination.k8s.io"],
        "resources": ["leases"],
        "verbs": ["create", "delete", "get", "list", "patch"],
    },
]
"""Lets runs see each other. Without, a run works and reports that it can't know of others."""

SERVICE_RULES: list[ApiObject] = [
    {"apiGroups": [""], "resources": ["services"], "verbs": ["create", "get"]},
]
"""What a run needs whose tests go through a ClusterIP or a NodePort."""

CLUSTER_RULES: list[ApiObject] = [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "list", "watch"]}]
"""What a run needs of the cluster."""

OBSERVER_RULES: list[ApiObject] = [
    {"apiGroups": [""], "resources": ["pods", "events"], "verbs": ["list", "watch"]},
    {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["list"]},
    {"apiGroups": [""], "resources": ["resourcequotas", "limitranges"], "verbs": ["list"]},
    {"apiGroups": ["networking.k8s.io"], "resources": ["networkpolicies"], "verbs": ["list"]},
]
"""Lets a run see out-of-memory kills, other runs, and what rules its pods, in the whole cluster. Without, a run works
and reports what it can't see."""

_ONLY_ITS_OWN = (
    "has(request.userInfo.extra)"
    " && 'authentication.kubernetes.io/pod-name' in request.userInfo.extra"
    " && request.userInfo.username.startsWith('system:serviceaccount:' + request.namespace + ':')"
    " && request.userInfo.extra['authentication.kubernetes.io/pod-name']"
    ".exists(pod, pod.matches('^' + object.metadata.name + '-[a-z0-9]+$'))"
)
"""A pod of a Job is called `<job>-<index>-<random>`, its mailbox `<job>-<index>`."""


@dataclass(frozen=True)
class Scoped:
    """What the cluster needs for one kind of mailboxes."""

    kind: Kind
    crd: Callable[[str], ApiObject]
    """Takes the value of the annotation KEEPER."""
    rules: tuple[tuple[str, Callable[[str], ApiObject]], ...] = ()
    """Collections, and what is created there where the cluster allows it."""
    pod_security: str = "restricted"


def crd(keeper: str) -> ApiObject:
    """The CustomResourceDefinition of the mailbox."""
    schema = mailbox_schema()
    version = {
        "name": VERSION,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
        "subresources": {"status": {}},
        "additionalPrinterColumns": [{"name": name, "type": "string", "jsonPath": path} for name, path in _COLUMNS],
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": _metadata(CRD, keeper, {SCHEMA: digest(schema)}),
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": KIND,
                "listKind": f"{KIND}List",
                "plural": PLURAL,
                "singular": KIND.lower(),
                "shortNames": [SHORT],
            },
            "versions": [version],
        },
    }


def policy(keeper: str) -> ApiObject:
    """Only a worker's own pod writes its mailbox's status."""
    rule = {
        "apiGroups": [GROUP],
        "apiVersions": ["*"],
        "operations": ["CREATE", "UPDATE"],
        "resources": [f"{PLURAL}/status"],
    }
    validation = {
        "expression": _ONLY_ITS_OWN,
        "reason": "Forbidden",
        "message": "only a worker's own pod may write its status",
    }
    return {
        "apiVersion": ADMISSION,
        "kind": "ValidatingAdmissionPolicy",
        "metadata": _metadata(POLICY, keeper),
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {"resourceRules": [rule]},
            "validations": [validation],
        },
    }


def policy_binding(keeper: str) -> ApiObject:
    return {
        "apiVersion": ADMISSION,
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": _metadata(POLICY, keeper),
        "spec": {"policyName": POLICY, "validationActions": ["Deny"]},
    }


def manifests(namespace: str) -> tuple[ApiObject, ...]:
    """All that an administrator applies once. Users who start runs are then bound to the controller's two roles, and to
    the observer's if the administrator allows it.
    """
    kept = "install"
    return (
        namespace_object(namespace, kept),
        crd(kept),
        policy(kept),
        policy_binding(kept),
        _role("ClusterRole", _metadata(CONTROLLER, kept), CLUSTER_RULES),
        _role("ClusterRole", _metadata(OBSERVER, kept), OBSERVER_RULES),
        _role(
            "Role",
            {**_metadata(CONTROLLER, kept), "namespace": namespace},
            [*CONTROLLER_RULES, *LEASE_RULES, *SERVICE_RULES],
        ),
    )


def _role(kind: str, metadata: ApiObject, rules: list[ApiObject]) -> ApiObject:
    return {"apiVersion": RBAC, "kind": kind, "metadata": metadata, "rules": rules}


def namespace_object(name: str, keeper: str, pod_security: str = "restricted") -> ApiObject:
    """Our workers keep to the strictest of the pod security standards."""
    enforced = {"pod-security.kubernetes.io/enforce": pod_security}
    metadata = _metadata(name, keeper)
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {**metadata, "labels": {**OURS, **enforced}}}


OUR_SCOPE = Scoped(names.MAILBOX, crd, ((names.POLICIES, policy), (names.BINDINGS, policy_binding)))

_COLUMNS = (
    ("Node", ".status.node"),
    ("Role", ".spec.role"),
    ("Peer", ".spec.peer"),
    ("Round", ".spec.round"),
    ("Measures", ".spec.measures"),
    ("Phase", ".status.phase"),
    ("Result", ".status.result"),
)


def _metadata(name: str, keeper: str, annotations: dict[str, str] | None = None) -> ApiObject:
    return {"name": name, "labels": OURS, "annotations": {KEEPER: keeper, **(annotations or {})}}
