"""The objects of one run, and which worker has which slot.

A Job owns everything, so that all is deleted with the Job. The scheduler places pods, so a slot is assigned when a
pod's node is known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from clearway.kube.api import ApiObject
from clearway.kube.objects import KubeObject
from clearway.probe.records import Slot
from clearway.probe.slot import HOST, POD
from clearway.probe.worker_object import GROUP, KIND, VERSION
from clearway.site.kubernetes.cluster_scope import RBAC, WORKER_RULES
from clearway.site.kubernetes.names import NETWORK, OURS, RUN, job_name, network_of
from clearway.site.kubernetes.nodes import LINUX, SYSTEM_LABEL
from clearway.site.kubernetes.options import KubernetesOptions, Toleration


class SlotAssignment:
    """Slots by node and network, assigned as workers start. A worker keeps its slot."""

    def __init__(self, slots: Iterable[Slot]) -> None:
        self.slots = tuple(sorted(slots))
        self._free: dict[tuple[str, str], list[Slot]] = defaultdict(list)
        for slot in reversed(self.slots):
            self._free[slot.node, slot.network].append(slot)
        self._taken: dict[str, Slot] = {}

    def assign(self, name: str, node: str) -> Slot | None:
        """The slot of this worker, new or assigned before; None: its node has no free slot."""
        place = node, network_of(name)
        if name not in self._taken and self._free.get(place):
            self._taken[name] = self._free[place].pop()
        return self._taken.get(name)

    def assign_anywhere(self, name: str) -> Slot | None:
        """For a worker that will not start on any node: one of the slots that stay empty."""
        if name not in self._taken:
            network = network_of(name)
            node = next((place[0] for place, free in self._free.items() if free and place[1] == network), None)
            return None if node is None else self.assign(name, node)
        return self._taken[name]

    def slot_of(self, name: str) -> Slot | None:
        """The slot of this worker, if it has one."""
        return self._taken.get(name)

    @property
    def names(self) -> dict[Slot, str]:
        """The worker in each slot."""
        return {slot: name for name, slot in self._taken.items()}


_LINGER = 30
"""Seconds that a finished Job, and with it everything, is kept so that a user can look at it."""
_GRACE = 5
"""Seconds between SIGTERM and SIGKILL: a worker kills its tools at SIGTERM, which takes a moment only."""
_NOBODY = 65_534
"""The user and group that own nothing, by Linux's convention."""
_SCRATCH = "1Gi"
WITHOUT_SIDECARS: Mapping[str, str] = {
    "sidecar.istio.io/inject": "false",
    "linkerd.io/inject": "disabled",
    "kuma.io/sidecar-injection": "disabled",
    "consul.hashicorp.com/connect-inject": "false",
    "istio.io/dataplane-mode": "none",
}
"""Keeps the proxies of service meshes out of our pods. As labels and as annotations: which one a mesh reads depends on
its version, and the other is ignored."""
WORKER_LABELS: Mapping[str, str] = {**OURS, **WITHOUT_SIDECARS}
"""Of every worker's pod, beside the run's own."""
WORKER_CONTAINER = "worker"
_PER_INDEX_SINCE = (1, 29)
"""From Kubernetes 1.29 a Job can fail one worker without ending the others (backoffLimitPerIndex)."""


@dataclass(frozen=True)
class WorkerManifests:
    """The manifests of one run's workers in one network: `size` pods, spread over these nodes."""

    name: str
    """Of the run, and of what its Jobs have in common."""
    size: int
    nodes: tuple[str, ...]
    options: KubernetesOptions
    server_version: tuple[int, int]
    cluster_sets_ids: bool = False
    """OpenShift gives the pods of a namespace ids of its own, and refuses all others."""
    network: str = POD

    @property
    def job_name(self) -> str:
        return job_name(self.name, self.network)

    @property
    def mailbox_names(self) -> tuple[str, ...]:
        return tuple(f"{self.job_name}-{index}" for index in range(self.size))

    @property
    def labels(self) -> dict[str, str]:
        return {**OURS, RUN: self.name}

    def job(self, owner: ApiObject | None = None) -> ApiObject:
        spec = {
            "completions": self.size,
            "parallelism": self.size,
            "completionMode": "Indexed",
            "activeDeadlineSeconds": round(self.options.lease.si),
            "ttlSecondsAfterFinished": _LINGER,
            "template": {"metadata": self._pod_metadata(), "spec": self._pod()},
        }
        if self.server_version >= _PER_INDEX_SINCE:
            spec["backoffLimitPerIndex"] = 0
        else:
            spec["backoffLimit"] = 1_000_000
        metadata = {**self._metadata(owner), "name": self.job_name}
        return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec}

    def account(self) -> ApiObject:
        """Created before the Job: without it the first pods would be refused."""
        return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": self._metadata()}

    def role(self, owner: ApiObject) -> ApiObject:
        return {"apiVersion": RBAC, "kind": "Role", "metadata": self._metadata(owner), "rules": self._rules()}

    def role_binding(self, owner: ApiObject) -> ApiObject:
        return {
            "apiVersion": RBAC,
            "kind": "RoleBinding",
            "metadata": self._metadata(owner),
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": self.name},
            "subjects": [{"kind": "ServiceAccount", "name": self.name, "namespace": self.options.namespace}],
        }

    def mailboxes(self, owner: ApiObject) -> Iterable[ApiObject]:
        for name in self.mailbox_names:
            yield {
                "apiVersion": f"{GROUP}/{VERSION}",
                "kind": KIND,
                "metadata": {**self._metadata(owner), "name": name},
                "spec": {"requests": []},
            }

    def _metadata(self, owner: ApiObject | None = None) -> ApiObject:
        owners = {} if owner is None else {"ownerReferences": [owner]}
        return {"name": self.name, "namespace": self.options.namespace, "labels": self.labels, **owners}

    def _rules(self) -> list[ApiObject]:
        return WORKER_RULES

    def _pod_metadata(self) -> ApiObject:
        labels = {**WORKER_LABELS, RUN: self.name, NETWORK: self.network}
        return {"labels": labels, "annotations": WITHOUT_SIDECARS}

    def _pod(self) -> ApiObject:
        options = self.options
        pod = {
            "restartPolicy": "Never",
            "hostNetwork": self.network == HOST,
            "serviceAccountName": self.name,
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": _GRACE,
            "securityContext": self._security_context(),
            "nodeSelector": {SYSTEM_LABEL: LINUX},
            "affinity": {"nodeAffinity": _only_on(self.nodes)},
            "topologySpreadConstraints": [self._spread()],
            "tolerations": [_toleration(one) for one in options.tolerations],
            "imagePullSecrets": [{"name": name} for name in options.pull_secrets],
            "containers": [self._container()],
            "volumes": [{"name": "scratch", "emptyDir": {"sizeLimit": _SCRATCH}}],
        }
        return {**pod, "priorityClassName": options.priority_class} if options.priority_class else pod

    def _security_context(self) -> ApiObject:
        """The image's user is a number that is not root's, so that the cluster may choose another one."""
        ids = {} if self.cluster_sets_ids else dict.fromkeys(("runAsUser", "runAsGroup", "fsGroup"), _NOBODY)
        return {"runAsNonRoot": True, **ids, "seccompProfile": {"type": "RuntimeDefault"}}

    def _spread(self) -> ApiObject:
        """As evenly as possible; nodes whose taints keep workers away don't count."""
        return {
            "maxSkew": 1,
            "topologyKey": "kubernetes.io/hostname",
            "whenUnsatisfiable": "DoNotSchedule",
            "nodeTaintsPolicy": "Honor",
            "labelSelector": {"matchLabels": {RUN: self.name, NETWORK: self.network}},
        }

    def _container(self) -> ApiObject:
        """Without a CPU limit by default: a limit would throttle the sender that has to fill the link."""
        return {
            "name": WORKER_CONTAINER,
            "image": self.options.image,
            "imagePullPolicy": "IfNotPresent",
            "terminationMessagePolicy": "FallbackToLogsOnError",
            "args": ["--kubernetes"],
            "env": [
                {"name": "CLEARWAY_ADDRESSES", "valueFrom": field("status.podIPs")},
                {"name": "CLEARWAY_JOB", "value": self.job_name},
                {"name": "CLEARWAY_LEASE", "value": f"{self.options.lease.si:g}"},
                {"name": "CLEARWAY_NAMESPACE", "valueFrom": field("metadata.namespace")},
                {"name": "CLEARWAY_NETWORK", "value": self.network},
                {"name": "CLEARWAY_NODE", "valueFrom": field("spec.nodeName")},
            ],
            "resources": self._resources(),
            "securityContext": {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            },
            "volumeMounts": [{"name": "scratch", "mountPath": "/tmp"}],  # noqa: S108 - the container's own
        }

    def _resources(self) -> ApiObject:
        cpu = self.options.cpu
        requests = {"requests": {"cpu": cpu or "100m", "memory": "64Mi"}}
        return requests if cpu is None else {**requests, "limits": {"cpu": cpu}}


def owned_by(job: KubeObject) -> ApiObject:
    """The reference with which an object is deleted together with the Job."""
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "name": job.metadata.name,
        "uid": job.metadata.uid,
        "controller": True,
    }


def _only_on(nodes: Iterable[str]) -> ApiObject:
    """By name, one term per node: the hostname label differs from the node's name on some clusters."""
    terms = [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]} for node in nodes]
    return {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}


def _toleration(one: Toleration) -> ApiObject:
    stated = {"key": one.key, "value": one.value, "effect": one.effect}
    operator = "Exists" if one.value is None else "Equal"
    return {"operator": operator, **{name: value for name, value in stated.items() if value is not None}}


def field(path: str) -> ApiObject:
    return {"fieldRef": {"fieldPath": path}}
