"""What a run needs to know of a cluster before it starts: which nodes are measured, and what keeps workers off them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from clearway.kube.api import Api
from clearway.kube.errors import Forbidden, NotFound
from clearway.kube.objects import KubeNode, KubeObject, ObjectList, ServerInfo, Taint
from clearway.plan.model import CONTROL_PLANE
from clearway.probe.records import Finding, Node, Reason, Severity
from clearway.site.kubernetes.names import NAMESPACES, NODES
from clearway.site.kubernetes.options import KubernetesOptions, Toleration
from clearway.site.kubernetes.worker_image import WorkerImage

ZONE = "topology.kubernetes.io/zone"
_INSTANCE_TYPE = "node.kubernetes.io/instance-type"
_CONTROL_PLANE = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")
_KEEPS_OFF = ("NoSchedule", "NoExecute")
_CORDON = "node.kubernetes.io/unschedulable"
_OF_A_CONDITION = "node.kubernetes.io/"
"""Taints that the cluster sets by itself for what its conditions say."""
_OPENSHIFT = "/apis/security.openshift.io"
LINUX = "linux"
SYSTEM_LABEL = "kubernetes.io/os"
_VIRTUAL_KUBELET = "virtual-kubelet.io/provider"
_NO_MACHINE = (("type", "virtual-kubelet"), ("eks.amazonaws.com/compute-type", "fargate"))
"""Labels of nodes that are no machines: their pods run somewhere else, or each on a machine of its own."""
_PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable")


@dataclass(frozen=True)
class ChosenNodes:
    """The nodes to measure, fit or not, sorted by name, and why others that were meant too can never be measured."""

    nodes: tuple[KubeNode, ...]
    left_out: tuple[Finding, ...] = ()


async def chosen_nodes(api: Api, options: KubernetesOptions) -> ChosenNodes:
    """Raises KubeError."""
    query = {"labelSelector": options.nodes} if options.nodes else {}
    found = [node async for page in api.pages(NODES, ObjectList[KubeNode], **query) for node in page.items]
    meant = found if options.nodes else [node for node in found if not is_control_plane(node, options.tolerations)]
    meant.sort(key=lambda node: node.name)
    image = WorkerImage.of(options.image)
    out = {node.name: finding for node in meant if (finding := _never(node, image)) is not None}
    return ChosenNodes(tuple(node for node in meant if node.name not in out), tuple(out.values()))


def mixed_architectures(image: str, nodes: Sequence[KubeNode]) -> Iterator[Finding]:
    """Nodes of several architectures need an image that has them all: whether it has is not known here."""
    found = {node.status.node_info.get("architecture") for node in nodes if not node.has_image(image)}
    if len(known := sorted(one for one in found if one)) > 1:
        yield Finding(
            "kubernetes.architectures", Severity.WARNING, values={"image": image, "architectures": tuple(known)}
        )


async def wanted_nodes(api: Api, options: KubernetesOptions) -> tuple[KubeNode, ...]:
    """The nodes to measure. Raises KubeError."""
    return (await chosen_nodes(api, options)).nodes


def _never(node: KubeNode, image: WorkerImage) -> Finding | None:
    """Why the worker can't run on such a node, also when it is ready; None if it can."""
    labels, info = node.metadata.labels, node.status.node_info
    if mark := next((f"{key}={labels[key]}" for key, value in _NO_MACHINE if labels.get(key) == value), None):
        return Finding("kubernetes.node-virtual", Severity.WARNING, node.name, {"mark": mark})
    if any(taint.key == _VIRTUAL_KUBELET for taint in node.spec.taints):
        return Finding("kubernetes.node-virtual", Severity.WARNING, node.name, {"mark": _VIRTUAL_KUBELET})
    system = info.get("operatingSystem") or labels.get(SYSTEM_LABEL) or LINUX
    if system != LINUX:
        return Finding("kubernetes.node-other-system", Severity.WARNING, node.name, {"system": system})
    architecture = info.get("architecture")
    if architecture and not image.runs_on(architecture) and not node.has_image(image.name):
        values = {"architecture": architecture, "image": image.name, "wanted": image.architecture}
        return Finding("kubernetes.node-other-architecture", Severity.WARNING, node.name, values)
    return None


def is_control_plane(node: KubeNode, tolerations: Sequence[Toleration]) -> bool:
    """Whether it is reserved for the control plane, so that no workload's traffic ends there."""
    return any(taint.key in _CONTROL_PLANE for taint in _untolerated(node, tolerations))


def described(node: KubeNode, machine_label: str | None) -> Node:
    info = node.status.node_info
    facts = {
        "kernel": info.get("kernelVersion"),
        "os": info.get("osImage"),
        "architecture": info.get("architecture"),
        "kubelet": info.get("kubeletVersion"),
        "runtime": info.get("containerRuntimeVersion"),
        "provider": node.spec.provider_id.partition(":")[0],
        "instance-type": node.metadata.labels.get(_INSTANCE_TYPE),
    }
    labels = node.metadata.labels
    facts[CONTROL_PLANE] = "yes" if _has_control_plane(node) else None
    return Node(
        node.name,
        zone=labels.get(ZONE),
        machine=labels.get(machine_label) if machine_label else None,
        facts={name: value for name, value in facts.items() if value},
    )


def _has_control_plane(node: KubeNode) -> bool:
    """Whether a label or taint marks it as a control plane node, tolerated or not."""
    marks = {*node.metadata.labels, *(taint.key for taint in node.spec.taints)}
    return not marks.isdisjoint(_CONTROL_PLANE)


def unfit(node: KubeNode, tolerations: Sequence[Toleration]) -> Iterator[Finding]:
    """Why no worker can start there; empty if one can."""
    if node.ready is None or node.ready.status != "True":
        message = node.ready.message if node.ready is not None else ""
        yield Finding("kubernetes.node-not-ready", Severity.ERROR, node.name, {"message": message})
    if node.spec.unschedulable:
        yield Finding("kubernetes.node-cordoned", Severity.ERROR, node.name)
    for condition in node.status.conditions:
        if condition.type in _PRESSURES and condition.status == "True":
            values = {"condition": condition.type, "message": condition.message}
            yield Finding("kubernetes.node-pressure", Severity.ERROR, node.name, values)
    for taint in _untolerated(node, tolerations):
        if not taint.key.startswith(_OF_A_CONDITION):
            shown = f"{taint.key}={taint.value}:{taint.effect}" if taint.value else f"{taint.key}:{taint.effect}"
            yield Finding("kubernetes.node-tainted", Severity.ERROR, node.name, {"taint": shown})


def _untolerated(node: KubeNode, tolerations: Sequence[Toleration]) -> Iterator[Taint]:
    for taint in node.spec.taints:
        if taint.effect in _KEEPS_OFF and not any(_tolerates(one, taint) for one in tolerations):
            yield taint


def _tolerates(toleration: Toleration, taint: Taint) -> bool:
    return all(
        wanted is None or wanted == found
        for wanted, found in (
            (toleration.key, taint.key),
            (toleration.value, taint.value),
            (toleration.effect, taint.effect),
        )
    )


@dataclass(frozen=True)
class ServerVersion:
    text: str
    number: tuple[int, int]


async def server_version(api: Api) -> ServerVersion:
    found = await api.get("/version", ServerInfo)
    return ServerVersion(found.git_version, (_leading(found.major), _leading(found.minor)))


async def cluster_id(api: Api) -> str:
    """An identity of the cluster: the uid of kube-system or, without the right to read it, the server's address."""
    try:
        return (await api.get(f"{NAMESPACES}/kube-system", KubeObject)).metadata.uid
    except (Forbidden, NotFound):
        return api.server


async def cluster_sets_ids(api: Api) -> bool:
    """Whether the cluster is an OpenShift: its security context constraints choose the ids of pods."""
    try:
        await api.request("GET", _OPENSHIFT)
    except (Forbidden, NotFound):
        return False
    return True


def check_nodes(
    nodes: Iterable[KubeNode], tolerations: Sequence[Toleration], names: Collection[str]
) -> Mapping[str, Sequence[Finding]]:
    """Those of these names whose nodes can't hold a worker now, with the reasons."""
    found = {node.name: list(unfit(node, tolerations)) for node in nodes}
    gone = {name: [Finding("kubernetes.node-gone", Severity.ERROR, name)] for name in names if name not in found}
    return {**{name: why for name, why in found.items() if why and name in names}, **gone}


async def silent_nodes(api: Api, names: Collection[str]) -> Mapping[str, Reason]:
    """Those of these nodes whose kubelets report no more; none without the right to read them."""
    found = {}
    for name in sorted(names):
        with suppress(Forbidden, NotFound):
            ready = (await api.get(f"{NODES}/{name}", KubeNode)).ready
            if ready is not None and ready.status == "Unknown":
                found[name] = Reason("pod.node-silent", {"node": name, "message": ready.message})
    return found


def _leading(text: str) -> int:
    """Providers write `31+`."""
    match = re.match(r"\d+", text)
    return int(match.group()) if match else 0
