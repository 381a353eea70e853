"""The watchers of a run on a cluster."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass

from clearway.shell.base import Shell
from clearway.site.base import WatchContext, Watcher
from clearway.site.kubernetes.options import KubernetesOptions
from clearway.watch.brake import Brake
from clearway.watch.devices import HostDevices
from clearway.watch.membership import Membership
from clearway.watch.oom.tracker import OomTracker


def cluster_watchers(
    options: KubernetesOptions, shell: Shell | None = None, broken: Collection[str] = ()
) -> tuple[Watcher, ...]:
    """`shell` runs commands on the nodes' own systems, if there is one; it is closed after the last watcher has ended.

    `broken` has the nodes that are broken on purpose at the moment.
    """
    brake = (Brake(options.access, broken),) if options.brake else ()
    over_the_shell = (ShellCloser(shell), HostDevices(shell)) if shell is not None else ()
    watchers = (Membership(options.access), OomTracker(options.access, options.namespace, shell))
    return (*over_the_shell, *brake, *watchers)


@dataclass(frozen=True)
class ShellCloser:
    """Closes the shared shell after every watcher that uses it: entered first, it is left last."""

    shell: Shell

    @asynccontextmanager
    async def watching(self, context: WatchContext) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await self.shell.close()
