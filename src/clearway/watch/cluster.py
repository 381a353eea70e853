"""Who goes along with a run on a cluster."""

from __future__ import annotations

from collections.abc import Collection

from clearway.shell.base import Shell
from clearway.site.company import Watcher
from clearway.site.kubernetes.options import KubernetesOptions
from clearway.watch.brake import Brake
from clearway.watch.oom.tracker import OomTracker


def cluster_watchers(
    options: KubernetesOptions, shell: Shell | None = None, broken: Collection[str] = ()
) -> tuple[Watcher, ...]:
    """`shell` is the way to the nodes' own systems, where there is one; `broken` has the nodes that are broken on
    purpose just now.
    """
    tracker = OomTracker(options.access, options.namespace, shell)
    return (Brake(options.access, broken), tracker) if options.brake else (tracker,)
