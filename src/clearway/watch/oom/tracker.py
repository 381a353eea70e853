"""The Watcher for out-of-memory kills; it follows those that the API shows from a start on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from clearway.base.errors import Reason
from clearway.kube.access import Access
from clearway.kube.api import Api, connect
from clearway.kube.errors import KubeError
from clearway.kube.watch import ObjectChange, watch_through_failures
from clearway.probe.observations import OOM, OOM_NOT_OBSERVED, OOM_OBSERVER
from clearway.probe.records import Observation
from clearway.shell.base import Shell
from clearway.site.base import WatchContext
from clearway.site.kubernetes.names import NAMESPACES
from clearway.watch.oom.kernel import kernel_log_follows
from clearway.watch.oom.records import EVERYWHERE, LOOKS, Look, Oom, OomLog, OomObserver

_FIRST_LOOK_WITHIN = 10.0
"""Seconds to read all pods once: a large cluster takes a few. Later kills count as new in any case, by their time."""


@dataclass
class _Start:
    """Kills from before are past: those that the first look finds, and those with an earlier time."""

    at: float
    """Unix seconds on the API server's clock, rounded as its objects' times are."""
    passed: bool = False


@asynccontextmanager
async def api_follows(access: Access, namespace: str, log: OomLog) -> AsyncIterator[None]:
    """Reports kills for as long as the context lasts. A source that can't be read is reported too, and no error."""
    async with AsyncExitStack() as open_:
        try:
            api = await open_.enter_async_context(connect(access))
            async with asyncio.timeout(_FIRST_LOOK_WITHIN):
                await api.request("GET", "/version")
        except (KubeError, TimeoutError) as error:
            for source in dict.fromkeys(look.source for look in LOOKS):
                log(OomObserver(source, EVERYWHERE, _words(error)))
        else:
            await open_.enter_async_context(_followed(api, namespace, log))
        yield


@asynccontextmanager
async def _followed(api: Api, namespace: str, log: OomLog) -> AsyncIterator[None]:
    start = _Start(api.server_time)
    followings = [_Following(api, look, look.nodes_namespace or namespace, start, log) for look in LOOKS]
    tasks = [asyncio.create_task(one.follow()) for one in followings]
    looked = [asyncio.create_task(one.looked.wait()) for one in followings]
    try:
        await asyncio.wait(looked, timeout=_FIRST_LOOK_WITHIN)
        start.passed = True
        yield
    finally:
        for task in (*tasks, *looked):
            task.cancel()
        ended = await asyncio.gather(*tasks, *looked, return_exceptions=True)
    for error in ended:
        if isinstance(error, Exception):  # what was seen could not be written down
            raise error


@dataclass
class _Following:
    """Follows one collection: in the whole cluster or, without that right, in one namespace."""

    api: Api
    look: Look[Any]
    namespace: str
    start: _Start
    log: OomLog
    looked: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the first look is over, or impossible."""
    _known: set[Oom] = field(default_factory=set)

    async def follow(self) -> None:
        """Until cancelled; waits for an API server that does not answer."""
        for scope in (EVERYWHERE, self.namespace):
            try:
                await self._follow(scope)
            except Exception as error:  # noqa: BLE001 - any source that is not read any more is reported
                self.log(OomObserver(self.look.source, scope, _words(error)))
        self.looked.set()

    async def _follow(self, scope: str) -> None:
        place = "/api/v1" if scope == EVERYWHERE else f"{NAMESPACES}/{scope}"
        path = f"{place}/{self.look.plural}"
        async for change in watch_through_failures(self.api, path, self.look.kind, self.look.selectors):
            for item in (change.item,) if isinstance(change, ObjectChange) else change.items:
                self._take(item)
            if not self.looked.is_set():
                self.looked.set()
                self.log(OomObserver(self.look.source, scope))

    def _take(self, item: Any) -> None:
        for oom in self.look.read(item):
            if oom not in self._known:
                self._known.add(oom)
                past = not self.start.passed or oom.time < self.start.at
                self.log(replace(oom, past=past))


def _words(error: Exception) -> str | Reason:
    """The API server's message, or why there is none."""
    if isinstance(error, KubeError):
        said = error.values.get("message") or error.values.get("error")
        return str(said) if said else error.reason
    return str(error) or type(error).__name__


@dataclass(frozen=True)
class OomTracker:
    """Reads every source that it may and reports the others; it never stops a run."""

    access: Access | None
    """None: there is no cluster."""
    namespace: str = ""
    """The run's own namespace, read without the right to read the whole cluster."""
    shell: Shell | None = None

    @asynccontextmanager
    async def watching(self, context: WatchContext) -> AsyncIterator[None]:
        """Kills from before the start are left out."""

        def log(item: Oom | OomObserver) -> None:
            if isinstance(item, OomObserver) or not item.past:
                context.observe(_observation(item, context.clock.now()))

        async with self.follow(context.nodes, log):
            yield

    @asynccontextmanager
    async def follow(self, nodes: Collection[str], log: OomLog) -> AsyncIterator[None]:
        """Report everything, past kills too."""
        async with AsyncExitStack() as open_:
            if self.access is not None:
                await open_.enter_async_context(api_follows(self.access, self.namespace, log))
            if self.shell is not None:
                await open_.enter_async_context(kernel_log_follows(self.shell, sorted(nodes), log))
            yield


def _observation(item: Oom | OomObserver, now: float) -> Observation:
    """Dated by when it was received here; the time on the node's clock is among the values."""
    if isinstance(item, Oom):
        return OOM.seen(item.subject, now, item.values)
    values: dict[str, Any] = {"scope": item.scope}
    if item.cause is None:
        return OOM_OBSERVER.seen(item.source.value, now, values)
    return OOM_NOT_OBSERVED.seen(item.source.value, now, {**values, "cause": item.cause})
