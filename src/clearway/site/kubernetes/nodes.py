"""What a run needs to know of a cluster before it starts: which nodes are measured, and what keeps workers off them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from clearway.kube.api import Api
from clearway.kube.errors import Forbidden, NotFound
from clearway.kube.objects import KubeNode, KubeObject, ObjectList, ServerInfo, Taint
from clearway.plan.model import CONTROL_PLANE
from clearway.probe.records import Finding, Node, Severity
from clearway.site.kubernetes.names import NAMESPACES, NODES
from clearway.site.kubernetes.options import KubernetesOptions, Toleration

ZONE = "topology.kubernetes.io/zone"
_CONTROL_PLANE = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")
_KEEPS_OFF = ("NoSchedule", "NoExecute")
_CORDON = "node.kubernetes.io/unschedulable"
_OF_A_CONDITION = "node.kubernetes.io/"
"""Taints that the cluster sets by itself for what its conditions say."""
_PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable")


async def wanted_nodes(api: Api, options: KubernetesOptions) -> tuple[KubeNode, ...]:
    """The nodes to measure, fit or not, sorted by name. Raises KubeError."""
    query = {"labelSelector": options.nodes} if options.nodes else {}
    found = [node async for page in api.pages(NODES, ObjectList[KubeNode], **query) for node in page.items]
    chosen = found if options.nodes else [node for node in found if not is_control_plane(node, options.tolerations)]
    return tuple(sorted(chosen, key=lambda node: node.name))


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


async def check_nodes(api: Api, options: KubernetesOptions, names: Collection[str]) -> Mapping[str, Sequence[Finding]]:
    """Those of these nodes that can't hold a worker now, with the reasons."""
    found = {node.name: list(unfit(node, options.tolerations)) for node in await wanted_nodes(api, options)}
    gone = {name: [Finding("kubernetes.node-gone", Severity.ERROR, name)] for name in names if name not in found}
    return {**{name: why for name, why in found.items() if why and name in names}, **gone}


def _leading(text: str) -> int:
    """Providers write `31+`."""
    match = re.match(r"\d+", text)
    return int(match.group()) if match else 0
