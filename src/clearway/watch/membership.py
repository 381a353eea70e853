"""Which nodes belong to the cluster while a run goes on: one that leaves, is cordoned, replaced or added is observed.

It stops nothing: the other nodes are measured on, and the verdict makes no claim about a node from then on.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from clearway.kube.access import Access
from clearway.kube.api import connect
from clearway.kube.errors import Forbidden, KubeError, NotFound
from clearway.kube.objects import KubeNode
from clearway.kube.watch import ObjectChange, watch_through_failures
from clearway.probe.observations import (
    NODE_ADDED,
    NODE_CORDONED,
    NODE_LEFT,
    NODE_REPLACED,
    NODE_UNCORDONED,
    NODES_NOT_WATCHED,
    ObservationKind,
)
from clearway.site.base import WatchContext, guarding
from clearway.site.kubernetes.names import NODES


@dataclass(frozen=True)
class Membership:
    """A Watcher."""

    access: Access

    @asynccontextmanager
    async def watching(self, context: WatchContext) -> AsyncIterator[None]:
        async with guarding(self._follow(_Members(context)), context):
            yield

    async def _follow(self, members: _Members) -> None:
        """Until cancelled; waits for an API server that does not answer."""
        async with connect(self.access) as api:
            try:
                async for change in watch_through_failures(api, NODES, KubeNode, {}):
                    if isinstance(change, ObjectChange):
                        members.take(change.item, deleted=change.deleted)
                    else:
                        members.take_all(change.items)
            except (Forbidden, NotFound) as error:
                members.not_watched(error)


@dataclass
class _Members:
    """The nodes as they were seen last."""

    context: WatchContext
    _here: dict[str, KubeNode] = field(default_factory=dict)
    _gone: dict[str, str] = field(default_factory=dict)
    """UID that a node had, by its name, after it left."""
    _complete: bool = False
    """Whether all nodes were seen once: from then on another one is new."""

    def take_all(self, nodes: tuple[KubeNode, ...]) -> None:
        names = {node.name for node in nodes}
        for name in sorted((self._here.keys() | (set() if self._complete else self.context.nodes)) - names):
            self._leave(name)
        for node in nodes:
            self.take(node, deleted=False)
        self._complete = True

    def take(self, node: KubeNode, *, deleted: bool) -> None:
        if deleted:
            self._leave(node.name)
            return
        before = self._here.get(node.name)
        uid = before.metadata.uid if before is not None else self._gone.pop(node.name, None)
        self._here[node.name] = node
        if uid is not None and uid != node.metadata.uid:
            self._observe(NODE_REPLACED, node.name)
        elif before is None and self._complete:
            self._observe(NODE_ADDED, node.name)
        if node.spec.unschedulable != (before is not None and before.spec.unschedulable):
            self._observe(NODE_CORDONED if node.spec.unschedulable else NODE_UNCORDONED, node.name)

    def not_watched(self, error: KubeError) -> None:
        """Without the right a run goes on, and its report says what was not seen."""
        self.context.observe(NODES_NOT_WATCHED.seen("nodes", self.context.clock.now(), {"cause": error.reason}))

    def _leave(self, name: str) -> None:
        before = self._here.pop(name, None)
        self._gone[name] = before.metadata.uid if before is not None else ""
        self._observe(NODE_LEFT, name)

    def _observe(self, kind: ObservationKind, node: str) -> None:
        """Of nodes that are not under test, only that they come: they are not measured."""
        if node in self.context.nodes or kind is NODE_ADDED:
            self.context.observe(kind.seen(node, self.context.clock.now()))
