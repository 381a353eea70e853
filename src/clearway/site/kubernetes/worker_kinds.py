"""Whose workers a run employs: each dialect's objects and its way of asking, chosen by `KubernetesOptions.workers`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from clearway.base.clock import Clock
from clearway.base.units import Duration
from clearway.kube.api import Api
from clearway.site.kubernetes.cluster_scope import OUR_SCOPE, Scoped
from clearway.site.kubernetes.mailboxes import ChannelListener, Mailboxes, MailboxSpec, Watching
from clearway.site.kubernetes.names import Paths
from clearway.site.kubernetes.netperf.network_tests import NetworkTests
from clearway.site.kubernetes.netperf.objects import SCOPE, NetperfManifests
from clearway.site.kubernetes.options import Workers
from clearway.site.kubernetes.workers import WorkerManifests


class WorkerChannel(Protocol):
    """How workers are asked and heard."""

    @property
    def watches(self) -> tuple[Watching, ...]:
        """What passes on what the workers say, until cancelled. Each raises KubeError."""

    async def create(self, manifests: Iterable[Mapping[str, Any]]) -> None:
        """Put up what a team says it needs. Raises KubeError."""

    async def submit(self, round_id: str | None, specs: Mapping[str, MailboxSpec]) -> None:
        """Replace what these workers, by name, are asked. Raises KubeError."""

    def handing_out(self, mailboxes: int) -> Duration:
        """How long it should take to ask so many."""


@dataclass(frozen=True)
class WorkerKind:
    scope: Scoped
    team: type[WorkerManifests]
    post: Callable[[Api, Paths, str, ChannelListener, Clock], WorkerChannel]


WORKER_KINDS: Mapping[Workers, WorkerKind] = {
    Workers.CLEARWAY: WorkerKind(OUR_SCOPE, WorkerManifests, Mailboxes),
    Workers.CLUSTERLOADER2: WorkerKind(SCOPE, NetperfManifests, NetworkTests),
}
