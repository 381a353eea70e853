"""The Watcher for out-of-memory kills."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from clearway.kube.api import Access
from clearway.probe.observations import OOM, OOM_NOT_OBSERVED, OOM_OBSERVER
from clearway.probe.records import Observation
from clearway.shell.base import Shell
from clearway.site.watcher import WatchContext
from clearway.watch.oom.api import api_follows
from clearway.watch.oom.kernel import kernel_log_follows
from clearway.watch.oom.records import Oom, OomLog, OomObserver


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
