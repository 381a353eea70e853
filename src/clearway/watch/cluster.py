"""Who goes along with a run on a cluster."""

from __future__ import annotations

from clearway.site.company import Watcher
from clearway.site.kubernetes.options import KubernetesOptions
from clearway.watch.brake import Brake


def cluster_watchers(options: KubernetesOptions) -> tuple[Watcher, ...]:
    return (Brake(options.access),) if options.brake else ()
