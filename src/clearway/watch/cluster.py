"""Who goes along with a run on a cluster."""

from __future__ import annotations

from collections.abc import Collection

from clearway.site.company import Watcher
from clearway.site.kubernetes.options import KubernetesOptions
from clearway.watch.brake import Brake


def cluster_watchers(options: KubernetesOptions, broken: Collection[str] = ()) -> tuple[Watcher, ...]:
    """`broken` has the nodes that are broken on purpose just now."""
    return (Brake(options.access, broken),) if options.brake else ()
