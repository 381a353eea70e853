"""The cluster's nodes: which of them are to be measured, and what keeps a worker off them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from clearway.kube.api import Api
from clearway.plan.failing import CONTROL_PLANE
from clearway.probe.records import Finding, Node, Severity
from clearway.site.kubernetes.names import NODES
from clearway.site.kubernetes.options import KubernetesOptions, Toleration

ZONE = "topology.kubernetes.io/zone"
_CONTROL_PLANE = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")
_KEEPS_OFF = ("NoSchedule", "NoExecute")
_CORDON = "node.kubernetes.io/unschedulable"
_OF_A_CONDITION = "node.kubernetes.io/"
"""Taints that the cluster sets by itself for what its conditions say."""
_PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable")


class Taint(msgspec.Struct, frozen=True):
    key: str
    effect: str
    value: str = ""


class Condition(msgspec.Struct, frozen=True):
    type: str
    status: str
    reason: str = ""
    message: str = ""


class _Metadata(msgspec.Struct, frozen=True):
    name: str
    labels: dict[str, str] = {}


class _Spec(msgspec.Struct, frozen=True):
    unschedulable: bool = False
    taints: tuple[Taint, ...] = ()


class _Image(msgspec.Struct, frozen=True):
    names: tuple[str, ...] = ()


class _Address(msgspec.Struct, frozen=True):
    type: str
    address: str


class _Status(msgspec.Struct, frozen=True):
    addresses: tuple[_Address, ...] = ()
    images: tuple[_Image, ...] = ()
    conditions: tuple[Condition, ...] = ()
    nodeInfo: dict[str, str] = {}  # noqa: N815 - the API's name


class NodeView(msgspec.Struct, frozen=True):
    """What is read of a node."""

    metadata: _Metadata
    spec: _Spec = _Spec()
    status: _Status = _Status()

    @property
    def name(self) -> str:
        return self.metadata.name

    def has_image(self, image: str) -> bool:
        """Whether it lists the image; it lists only so many."""
        return any(image in one.names for one in self.status.images)


class _NodeList(msgspec.Struct):
    items: list[NodeView]


async def wanted_nodes(api: Api, options: KubernetesOptions) -> tuple[NodeView, ...]:
    """The nodes that are to be measured, fit or not, by name. Raises KubeError."""
    query = {"labelSelector": options.nodes} if options.nodes else {}
    found = [node async for page in api.pages(NODES, _NodeList, **query) for node in page.items]
    chosen = found if options.nodes else [node for node in found if not is_control_plane(node, options.tolerations)]
    return tuple(sorted(chosen, key=lambda node: node.name))


def is_control_plane(node: NodeView, tolerations: Sequence[Toleration]) -> bool:
    """Whether it is kept for the control plane: no workload's road ends there."""
    return any(taint.key in _CONTROL_PLANE for taint in _untolerated(node, tolerations))


def described(node: NodeView, machine_label: str | None) -> Node:
    info = node.status.nodeInfo
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


def _has_control_plane(node: NodeView) -> bool:
    """Whether it is marked as one that the control plane lives on, tolerated or not."""
    marks = {*node.metadata.labels, *(taint.key for taint in node.spec.taints)}
    return not marks.isdisjoint(_CONTROL_PLANE)


def unfit(node: NodeView, tolerations: Sequence[Toleration]) -> Iterator[Finding]:
    """Why no worker can start there; nothing: it can."""
    ready = next((one for one in node.status.conditions if one.type == "Ready"), None)
    if ready is None or ready.status != "True":
        message = ready.message if ready is not None else ""
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


def _untolerated(node: NodeView, tolerations: Sequence[Toleration]) -> Iterator[Taint]:
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
