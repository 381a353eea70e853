"""Nodes broken on purpose: allowed only by a flag of its own, reached over the nodes' operating system."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from clearway.base.clock import Clock
from clearway.base.errors import UsageError
from clearway.chaos.journal import Journal
from clearway.chaos.killer import Tools
from clearway.chaos.kinds import failures
from clearway.chaos.phases import Phases, wanted
from clearway.chaos.sight import KubernetesSight
from clearway.cli.provider import How
from clearway.cli.sites import Place
from clearway.ledger.record import Record
from clearway.probe.records import Finding
from clearway.shell.providers import Feature, missing
from clearway.shell.reach import Reach
from clearway.site.kubernetes.options import KubernetesOptions
from clearway.site.kubernetes.reaching import node_shell
from clearway.spec.model import Spec


def permitted(spec: Spec, place: Place, how: How, *, allowed: bool) -> Place:
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
    return replace(place, reach=way)


async def phases_of(record: Record, place: Place, folder: Path) -> Phases | None:
    """Who breaks the nodes of this run, and puts them back; None where nobody does. Raises SiteError, UsageError."""
    asked = wanted(record.spec, record.inventory)
    if asked is None or place.cluster is None or place.reach is None:
        return None
    return Phases(await Broken(place.cluster, place.reach, place.broken, place.log).tools(folder), asked)


class Broken:
    """Nodes of a cluster that may be broken."""

    def __init__(
        self, cluster: KubernetesOptions, how: Reach, broken: set[str], log: Callable[[Finding], None]
    ) -> None:
        """`broken` has the names of those that are broken just now."""
        self._cluster = cluster
        self._how = how
        self._broken = broken
        self._log = log

    async def tools(self, folder: Path) -> Tools:
        """To break them with; the journal is in `folder`. Raises SiteError, UsageError."""
        shell, _ = await node_shell(self._cluster, self._how, self._log)
        return Tools(
            shell=shell,
            sight=KubernetesSight(self._cluster.access),
            failures=failures(self._how.services),
            journal=Journal(folder),
            clock=Clock(),
            down=self._broken,
        )
