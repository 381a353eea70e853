"""The brake: stops a run when its load harms the cluster.

It watches the nodes under test (Ready, heartbeats) and how quickly the API server answers. An API server that does not
answer at all is no reason to stop: the workers go on without it, and results wait for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Coroutine
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from clearway.base.units import Duration
from clearway.kube.access import Access
from clearway.kube.api import Api, connect
from clearway.kube.errors import Forbidden, KubeError, NotFound, Undecodable
from clearway.kube.objects import KubeLease, KubeNode, ObjectList
from clearway.kube.watch import ObjectChange, watch
from clearway.probe.records import Reason
from clearway.site.base import WatchContext, guarding
from clearway.site.kubernetes.names import NODES

_LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
_LOOK_EVERY = 0.5
"""Seconds: often enough to stop within the 2 s of a slow answer, rare enough to be no load itself."""
_SLOW = 2.0
"""Seconds for the smallest answer, `/version`. Kubernetes' own objective for such requests is 1 s for 99 of 100."""
_HTTPS = 443
"""The port where an address names none."""
_HEARTBEAT_EVERY = 5.0
"""Seconds between reads of the heartbeats: half of the time between two heartbeats of a kubelet."""
_SILENT = 30.0
"""Three heartbeats missed: a kubelet renews its lease every 10 s. The run stops before the cluster marks the node as
not ready, which it does after 40 s (node-monitor-grace-period)."""


Watched = Callable[[str], bool]
"""Whether trouble on the node of this name counts at the moment."""


class Brake:
    """Watches the nodes of one run and the API server."""

    def __init__(self, access: Access, spared: Collection[str] = ()) -> None:
        """`spared` has the nodes that are broken on purpose at the moment: they don't count."""
        self._access = access
        self._spared = spared

    @asynccontextmanager
    async def watching(self, context: WatchContext) -> AsyncIterator[None]:
        """Stops the rounds at the first trouble."""

        async def guard() -> None:
            context.stop(await self.trouble(context.nodes))

        async with guarding(guard(), context):
            yield

    async def trouble(self, nodes: Collection[str]) -> Reason:
        """Returns as soon as the cluster is in trouble, with the reason; else never."""
        under_watch, spared = frozenset(nodes), self._spared

        def watched(name: str) -> bool:
            return name in under_watch and name not in spared

        async with connect(self._access) as api:
            watchers = (
                _patiently(api, lambda: _nodes(api, watched)),
                _patiently(api, lambda: _answers(api)),
                _patiently(api, lambda: _heartbeats(api, watched)),
            )
            return await _first(watchers)


async def _patiently(api: Api, look: Callable[[], Coroutine[Any, Any, Reason]]) -> Reason:
    """Try again after each failure: an API server that is away is no reason to stop. Without the right, do nothing.

    One that is just back is slow at first, and nodes report to it one after the other: what is seen then is looked at
    again. Raises Undecodable: what can't be read once can't be read again.
    """
    while True:
        try:
            reason = await look()
            if not api.presence.is_just_back:
                return reason
            await asyncio.sleep(_HEARTBEAT_EVERY)
        except (Forbidden, NotFound):
            await asyncio.Event().wait()
        except Undecodable:
            raise
        except KubeError:
            await asyncio.sleep(_LOOK_EVERY)


async def _nodes(api: Api, watched: Watched) -> Reason:
    async for change in watch(api, NODES, KubeNode, {}):
        for node in (change.item,) if isinstance(change, ObjectChange) else change.items:
            if watched(node.name) and (message := _not_ready(node)) is not None:
                return Reason("brake.node-not-ready", {"node": node.name, "message": message})
    raise AssertionError("a watch never ends")


async def _answers(api: Api) -> Reason:
    while True:
        await asyncio.sleep(_LOOK_EVERY)
        try:
            async with asyncio.timeout(_SLOW):
                await api.request("GET", "/version")
        except TimeoutError:
            if await _takes_connections(api):
                return Reason("brake.api-slow", {"took": Duration(_SLOW)})


async def _takes_connections(api: Api) -> bool:
    """Whether the API server accepts connections: then it is slow, not away."""
    place = urlsplit(api.server)
    try:
        async with asyncio.timeout(_SLOW):
            _, writer = await asyncio.open_connection(place.hostname, place.port or _HTTPS)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


async def _heartbeats(api: Api, watched: Watched) -> Reason:
    """Compare with the newest heartbeat, not the local clock: after an API outage all heartbeats are old."""
    while True:
        await asyncio.sleep(_HEARTBEAT_EVERY)
        renewed = {
            lease.metadata.name: lease.spec.renewed for lease in (await api.get(_LEASES, ObjectList[KubeLease])).items
        }
        newest = max(renewed.values(), default=0.0)
        for name in sorted(filter(watched, renewed)):
            if newest - renewed[name] > _SILENT:
                return Reason("brake.node-silent", {"node": name, "silence": Duration(_SILENT)})


async def _first(watchers: Collection[Coroutine[Any, Any, Reason]]) -> Reason:
    """The first reason; the other watchers are then cancelled."""
    tasks = [asyncio.create_task(watcher) for watcher in watchers]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return done.pop().result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _not_ready(node: KubeNode) -> str | None:
    return None if node.ready is None or node.ready.status == "True" else node.ready.message
