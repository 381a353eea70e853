"""Nodes broken on purpose: allowed only by a flag of its own, reached over the nodes' operating system."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from clearway.base.clock import Clock
from clearway.base.errors import SiteError, UsageError
from clearway.campaign.acceptance import Aborted
from clearway.chaos.journal import Journal
from clearway.chaos.killer import KillerTools
from clearway.chaos.kinds import failures
from clearway.chaos.node_readiness import KubernetesNodeReadiness
from clearway.chaos.phases import Phases, chaos_plan
from clearway.cli.provider import ProviderFlags
from clearway.cli.sites import SelectedSite
from clearway.ledger.record import Record
from clearway.probe.records import Finding, Round
from clearway.shell.node_access import NodeAccess
from clearway.shell.providers import Feature, missing
from clearway.site.kubernetes.node_shell import node_shell
from clearway.site.kubernetes.options import KubernetesOptions
from clearway.spec.model import Spec


def permitted(spec: Spec, place: SelectedSite, how: ProviderFlags, *, allowed: bool) -> SelectedSite:
    """The place with its nodes within reach, if the spec breaks any.

    Raises UsageError where it breaks nodes and may not, or on nodes with which nobody can.
    """
    if spec.chaos is None:
        return place
    if place.cluster is None:
        raise UsageError("chaos.not-here", site=place.name)
    if not allowed:
        raise UsageError("chaos.not-allowed", what="`chaos:`")
    way = how.needed()
    needed = (Feature.NODE_KILLER, Feature.REBOOT) if spec.chaos.fail == "reboot" else (Feature.NODE_KILLER,)
    for feature in needed:
        if (reason := missing(way.provider, feature)) is not None:
            raise UsageError(reason.code, **reason.values)
    return replace(place, node_access=way)


async def phases_of(record: Record, place: SelectedSite, folder: Path) -> tuple[Phases, ...]:
    """What breaks the nodes of this run and puts them back; empty where none is broken. Raises SiteError, UsageError.

    It has to be the last watcher: the last one leaves first, so no node is broken any more when the others leave.
    """
    asked = chaos_plan(record.spec, record.inventory)
    if asked is None or place.cluster is None or place.node_access is None:
        return ()
    tools = await NodeBreaker(place.cluster, place.node_access, place.broken, place.log).tools(folder)
    return (Phases(tools, asked),)


async def prepare(phases: Iterable[Phases], round_: Round) -> None:
    """Bring the nodes into the state that the round is to be measured in. Raises Aborted where that fails."""
    try:
        for phase in phases:
            await phase.before(round_)
    except SiteError as error:
        raise Aborted(error.code, **error.values) from error


class NodeBreaker:
    """Nodes of a cluster that may be broken."""

    def __init__(
        self, cluster: KubernetesOptions, how: NodeAccess, broken: set[str], log: Callable[[Finding], None]
    ) -> None:
        """`broken` has the names of those that are broken just now."""
        self._cluster = cluster
        self._how = how
        self._broken = broken
        self._log = log

    async def tools(self, folder: Path) -> KillerTools:
        """To break them with; the journal is in `folder`. Raises SiteError, UsageError."""
        shell, _ = await node_shell(self._cluster, self._how, self._log)
        return KillerTools(
            shell=shell,
            sight=KubernetesNodeReadiness(self._cluster.access),
            failures=failures(self._how.services),
            journal=Journal(folder),
            clock=Clock(),
            down=self._broken,
        )
