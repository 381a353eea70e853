"""Nodes that a run breaks on purpose: only where a flag allows it, by commands on the nodes' operating system."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from clearway.base.clock import Clock
from clearway.base.errors import SiteError, UsageError
from clearway.campaign.acceptance import Aborted
from clearway.cli.sites import SelectedSite
from clearway.ledger.record import Record
from clearway.probe.records import Finding, Round
from clearway.spec.model import Chaos

if TYPE_CHECKING:  # loaded only where nodes are broken
    from clearway.chaos.killer import KillerTools
    from clearway.chaos.phases import Phases
    from clearway.shell.base import Shell
    from clearway.shell.node_access import NodeAccess
    from clearway.site.kubernetes.options import KubernetesOptions


def check_permitted(chaos: Chaos, selected: SelectedSite, *, allowed: bool) -> None:
    """Raises UsageError where nodes may not be broken, or can't be broken and put back."""
    if selected.cluster is None:
        raise UsageError("chaos.not-here", site=selected.name)
    if not allowed:
        raise UsageError("chaos.not-allowed", what="`chaos:`")
    from clearway.shell.providers import Feature, missing

    provider = selected.provider_flags.node_access.provider
    needed = (Feature.NODE_KILLER, Feature.REBOOT) if chaos.fail == "reboot" else (Feature.NODE_KILLER,)
    for feature in needed:
        if (reason := missing(provider, feature)) is not None:
            raise UsageError(reason.code, **reason.values)


async def phases_of(chaos: Chaos, record: Record, selected: SelectedSite, folder: Path) -> Phases:
    """What breaks the nodes of this run and puts them back. Raises SiteError, UsageError.

    It has to be the last watcher: the last one leaves first, so no node is broken any more when the others leave.
    """
    from clearway.chaos.phases import Phases, chaos_plan

    assert selected.cluster is not None, "check_permitted has refused every other site"
    plan = chaos_plan(chaos, record.spec, record.inventory)
    node_access = selected.provider_flags.node_access
    breaker = NodeBreaker(selected.cluster, node_access, selected.broken, selected.log)
    return Phases(await breaker.tools(folder), plan)


async def prepare(phases: Phases, round_: Round) -> None:
    """Bring the nodes into the state that the round is to be measured in. Raises Aborted where that fails."""
    try:
        await phases.before(round_)
    except SiteError as error:
        raise Aborted(error.code, **error.values) from error


class NodeBreaker:
    """Nodes of a cluster that may be broken."""

    def __init__(
        self, cluster: KubernetesOptions, node_access: NodeAccess, broken: set[str], log: Callable[[Finding], None]
    ) -> None:
        """`broken` has the names of the nodes that are broken at the moment; watchers read it."""
        self._cluster = cluster
        self._node_access = node_access
        self._broken = broken
        self.log = log

    async def tools(self, folder: Path) -> KillerTools:
        """What breaks the nodes and puts them back; its journal is in `folder`. Raises SiteError, UsageError."""
        from clearway.chaos.journal import Journal
        from clearway.chaos.killer import KillerTools, KubernetesNodeReadiness
        from clearway.chaos.kinds import failures

        return KillerTools(
            shell=await self.shell(),
            readiness=KubernetesNodeReadiness(self._cluster.access),
            failures=failures(self._node_access.services),
            journal=Journal(folder),
            clock=Clock(),
            down=self._broken,
        )

    async def shell(self) -> Shell:
        """To the operating system of the nodes."""
        from clearway.site.kubernetes.node_shell import node_shell

        shell, _ = await node_shell(self._cluster, self._node_access, self.log)
        return shell
