"""Who goes along with a run on a cluster."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass

from clearway.shell.base import Shell
from clearway.site.kubernetes.options import KubernetesOptions
from clearway.site.watcher import WatchContext, Watcher
from clearway.watch.brake import Brake
from clearway.watch.devices import HostDevices
from clearway.watch.oom.tracker import OomTracker


def cluster_watchers(
    options: KubernetesOptions, shell: Shell | None = None, broken: Collection[str] = ()
) -> tuple[Watcher, ...]:
    """`shell` is the way to the nodes' own systems, where there is one; it is closed when the last has left.

    `broken` has the nodes that are broken on purpose just now.
    """
    brake = (Brake(options.access, broken),) if options.brake else ()
    over_the_shell = (ShellCloser(shell), HostDevices(shell)) if shell is not None else ()
    return (*over_the_shell, *brake, OomTracker(options.access, options.namespace, shell))


@dataclass(frozen=True)
class ShellCloser:
    """A shell that those who come after it use."""

    shell: Shell

    @asynccontextmanager
    async def watching(self, context: WatchContext) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await self.shell.close()
