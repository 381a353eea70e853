"""The kinds of workers: the objects of each and how it is asked. `KubernetesOptions.workers` chooses one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from clearway.base.clock import Clock
from clearway.base.units import Duration
from clearway.kube.api import Api
from clearway.site.kubernetes.cluster_scope import OUR_SCOPE, Scoped
from clearway.site.kubernetes.clusterloader2.channel import ClusterLoader2Channel
from clearway.site.kubernetes.clusterloader2.manifests import SCOPE, ClusterLoader2Manifests
from clearway.site.kubernetes.mailboxes import ChannelListener, Mailboxes, MailboxSpec, Watching
from clearway.site.kubernetes.names import Paths
from clearway.site.kubernetes.options import Workers
from clearway.site.kubernetes.workers import WorkerManifests


class WorkerChannel(Protocol):
    """How workers get requests and send results."""

    @property
    def watches(self) -> tuple[Watching, ...]:
        """Functions that pass on what the workers send, until cancelled. Each raises KubeError."""

    async def create(self, manifests: Iterable[Mapping[str, Any]]) -> None:
        """Create the mailboxes of a run. Raises KubeError."""

    async def submit(self, round_id: str | None, specs: Mapping[str, MailboxSpec]) -> None:
        """Replace the requests of these workers, by name. Raises KubeError."""

    def handing_out(self, mailboxes: int) -> Duration:
        """How long writing so many mailboxes should take."""


@dataclass(frozen=True)
class WorkerKind:
    scope: Scoped
    manifests: type[WorkerManifests]
    channel: Callable[[Api, Paths, str, ChannelListener, Clock], WorkerChannel]


WORKER_KINDS: Mapping[Workers, WorkerKind] = {
    Workers.CLEARWAY: WorkerKind(OUR_SCOPE, WorkerManifests, Mailboxes),
    Workers.CLUSTERLOADER2: WorkerKind(SCOPE, ClusterLoader2Manifests, ClusterLoader2Channel),
}
