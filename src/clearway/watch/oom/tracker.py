"""All that looks for out-of-memory kills, as one companion of a run."""

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
from clearway.watch.oom.records import Oom, OomObserver, Tell


@dataclass(frozen=True)
class OomTracker:
    """Sees what may be seen and says what may not; it never stops a run."""

    access: Access | None
    """The cluster; None: there is none."""
    namespace: str = ""
    """The run's own: looked at where the whole cluster may not be."""
    shell: Shell | None = None

    @asynccontextmanager
    async def watching(self, context: WatchContext) -> AsyncIterator[None]:
        """What was before the start is left out."""

        def tell(news: Oom | OomObserver) -> None:
            if isinstance(news, OomObserver) or not news.past:
                context.observe(_observation(news, context.clock.now()))

        async with self.follow(context.nodes, tell):
            yield

    @asynccontextmanager
    async def follow(self, nodes: Collection[str], tell: Tell) -> AsyncIterator[None]:
        """Tells of everything, past kills too."""
        async with AsyncExitStack() as open_:
            if self.access is not None:
                await open_.enter_async_context(api_follows(self.access, self.namespace, tell))
            if self.shell is not None:
                await open_.enter_async_context(kernel_log_follows(self.shell, sorted(nodes), tell))
            yield


def _observation(news: Oom | OomObserver, now: float) -> Observation:
    """At the moment when we heard of it: its time by the node's clock is among the values."""
    if isinstance(news, Oom):
        return OOM.seen(news.subject, now, news.values)
    values: dict[str, Any] = {"scope": news.scope}
    if news.cause is None:
        return OOM_OBSERVER.seen(news.source.value, now, values)
    return OOM_NOT_OBSERVED.seen(news.source.value, now, {**values, "cause": news.cause})
