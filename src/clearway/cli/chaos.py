"""Nodes broken on purpose: allowed only by a flag of its own, reached over the nodes' operating system."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from clearway.base.clock import Clock
from clearway.base.errors import UsageError
from clearway.chaos.journal import Journal
from clearway.chaos.killer import Tools
from clearway.chaos.kinds import failures
from clearway.chaos.phases import Phases, wanted
from clearway.chaos.sight import KubernetesSight
from clearway.cli.node_shell import node_shell
from clearway.cli.sites import Place
from clearway.ledger.record import Record
from clearway.probe.records import Finding
from clearway.site.kubernetes.options import KubernetesOptions
from clearway.spec.model import Spec


def refuse_chaos(spec: Spec, place: Place, *, allowed: bool) -> None:
    """Raises UsageError where the spec breaks nodes and may not, or on a site where nobody does."""
    if spec.chaos is None:
        return
    if place.cluster is None:
        raise UsageError("chaos.not-here", site=place.name)
    if not allowed:
        raise UsageError("chaos.not-allowed", what="`chaos:`")


async def phases_of(record: Record, place: Place, folder: Path) -> Phases | None:
    """Who breaks the nodes of this run, and puts them back; None where nobody does. Raises SiteError."""
    asked = wanted(record.spec, record.inventory)
    if asked is None or place.cluster is None:
        return None
    return Phases(await tools_for(place.cluster, folder, place.broken, place.log), asked)


async def tools_for(
    cluster: KubernetesOptions, folder: Path, broken: set[str], log: Callable[[Finding], None]
) -> Tools:
    """Raises SiteError."""
    return Tools(
        shell=await node_shell(cluster, log),
        sight=KubernetesSight(cluster.access),
        failures=failures(),
        journal=Journal(folder),
        clock=Clock(),
        down=broken,
    )
