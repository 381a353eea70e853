"""The brake: a measurement at full load must not take a cluster down that somebody needs.

It looks at the nodes under test (Ready, heartbeats) and at how quickly the API server answers. An API server that does
not answer at all is no reason: the workers go on without it, and results wait for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Coroutine
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from clearway.base.units import Duration
from clearway.kube.api import Access, Api, connect
from clearway.kube.errors import Forbidden, KubeError, NotFound
from clearway.kube.objects import KubeNode, Lease, ObjectList
from clearway.kube.watch import ObjectChange, watch
from clearway.probe.records import Reason
from clearway.site.kubernetes.names import NODES
from clearway.site.watcher import WatchContext

_LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
_LOOK_EVERY = 0.5
_SLOW = 2.0
"""Seconds for the smallest of answers."""
_HTTPS = 443
_HEARTBEAT_EVERY = 5.0
"""Seconds between looks at the heartbeats."""
_SILENT = 30.0
"""A kubelet renews its lease every 10 s; after 40 s the cluster gives the node up."""


Watched = Callable[[str], bool]
"""Whether trouble on a node of this name counts just now."""


class Brake:
    """Watches over one run on these nodes."""

    def __init__(self, access: Access, spared: Collection[str] = ()) -> None:
        """`spared` has the nodes that are broken on purpose just now: they are no trouble."""
        self._access = access
        self._spared = spared

    @asynccontextmanager
    async def watching(self, context: WatchContext) -> AsyncIterator[None]:
        """Looks on, and stops the rounds for the first trouble."""

        async def guard() -> None:
            context.stop(await self.trouble(context.nodes))

        guarding = asyncio.create_task(guard())
        try:
            yield
        finally:
            guarding.cancel()
            await asyncio.gather(guarding, return_exceptions=True)

    async def trouble(self, nodes: Collection[str]) -> Reason:
        """Returns as soon as the cluster is in trouble, with the reason; until then it goes on for ever."""
        under_watch, spared = frozenset(nodes), self._spared

        def watched(name: str) -> bool:
            return name in under_watch and name not in spared

        async with connect(self._access) as api:
            lookers = (
                _patiently(lambda: _nodes(api, watched)),
                _patiently(lambda: _answers(api)),
                _patiently(lambda: _heartbeats(api, watched)),
            )
            return await _first(lookers)


async def _patiently(look: Callable[[], Coroutine[Any, Any, Reason]]) -> Reason:
    """Again after each failure: to see nothing is no reason to stop. What we may not see, we go without."""
    while True:
        try:
            return await look()
        except (Forbidden, NotFound):
            await asyncio.Event().wait()
        except KubeError:
            await asyncio.sleep(_LOOK_EVERY)


async def _nodes(api: Api, watched: Watched) -> Reason:
    async for news in watch(api, NODES, KubeNode, {}):
        for node in (news.item,) if isinstance(news, ObjectChange) else news.items:
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
    """Then it is slow, rather than away."""
    place = urlsplit(api.server)
    try:
        async with asyncio.timeout(_SLOW):
            _, writer = await asyncio.open_connection(place.hostname, place.port or _HTTPS)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


async def _heartbeats(api: Api, watched: Watched) -> Reason:
    """Held against the newest, not against our own clock: after an outage nobody is to be blamed for it."""
    while True:
        await asyncio.sleep(_HEARTBEAT_EVERY)
        renewed = {
            lease.metadata.name: lease.spec.renewed for lease in (await api.get(_LEASES, ObjectList[Lease])).items
        }
        newest = max(renewed.values(), default=0.0)
        for name in sorted(filter(watched, renewed)):
            if newest - renewed[name] > _SILENT:
                return Reason("brake.node-silent", {"node": name, "silence": Duration(_SILENT)})


async def _first(lookers: Collection[Coroutine[Any, Any, Reason]]) -> Reason:
    """What the first of them says; the others are ended."""
    tasks = [asyncio.create_task(looker) for looker in lookers]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return done.pop().result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _not_ready(node: KubeNode) -> str | None:
    return None if node.ready is None or node.ready.status == "True" else node.ready.message
