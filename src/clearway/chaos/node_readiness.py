"""Reads the readiness of nodes from the API: the only evidence of failure and recovery for most failures."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from clearway.kube.api import Access, connect
from clearway.kube.objects import KubeNode, ObjectList
from clearway.site.kubernetes.names import NODES


@dataclass(frozen=True)
class NodeState:
    """What the API shows of a node."""

    ready: bool
    boot: str
    """Boot ID: a new one after each start of the kernel."""


class NodeReadiness(Protocol):
    async def view(self, node: str) -> NodeState:
        """Raises KubeError; another try may succeed."""

    async def not_ready(self) -> Collection[str]:
        """Names of all nodes that are not Ready. Raises KubeError."""


@dataclass(frozen=True)
class KubernetesNodeReadiness:
    access: Access

    async def view(self, node: str) -> NodeState:
        async with connect(self.access) as api:
            found = await api.get(f"{NODES}/{node}", KubeNode)
        return NodeState(_is_ready(found), found.status.node_info.get("bootID", ""))

    async def not_ready(self) -> Collection[str]:
        async with connect(self.access) as api:
            pages = [page async for page in api.pages(NODES, ObjectList[KubeNode])]
        return {node.name for page in pages for node in page.items if not _is_ready(node)}


def _is_ready(node: KubeNode) -> bool:
    return node.ready is not None and node.ready.status == "True"
