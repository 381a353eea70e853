"""`check` for a cluster: everything that can be read, then a worker on every node."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from clearway.base.errors import SiteError
from clearway.base.units import Duration
from clearway.engine.base import ToolCommand
from clearway.kube.api import Api, connect
from clearway.kube.objects import KubeNode
from clearway.plan.schedule import zone_findings
from clearway.probe.records import Finding, Inventory, Severity, Slot
from clearway.site.base import FindingLog, Lost, Ready, await_announcements, is_notable
from clearway.site.kubernetes import names, rights
from clearway.site.kubernetes.installation import Installation
from clearway.site.kubernetes.nodes import (
    ServerVersion,
    chosen_nodes,
    described,
    mixed_architectures,
    server_version,
    unfit,
)
from clearway.site.kubernetes.options import KubernetesOptions
from clearway.site.kubernetes.site import KubernetesSite
from clearway.site.kubernetes.surroundings import surroundings, unverified

_OLDEST = (1, 26)
"""From Kubernetes 1.26 the scheduler respects taints when it spreads pods (nodeTaintsPolicy)."""
_POLICY_SINCE = (1, 30)
"""From Kubernetes 1.30 ValidatingAdmissionPolicy is served by default."""
_READY_WITHIN = Duration(120)
"""A node may have to pull the image first, about 50 MB."""


async def check(options: KubernetesOptions, log: FindingLog) -> tuple[Finding, ...]:
    """Everything that is good or bad for a run. Raises SiteError if the cluster does not answer."""
    async with connect(options.access, log) as api:
        found, nodes = await _read(api, options, log)
    if any(finding.severity is Severity.ERROR for finding in found):
        return tuple(found)
    tried = await _with_workers(options, nodes, log)
    return (*found, *(finding for finding in tried if finding not in found))


async def _read(api: Api, options: KubernetesOptions, log: FindingLog) -> tuple[list[Finding], tuple[KubeNode, ...]]:
    """The part that creates nothing."""
    lacking = await rights.missing(api, rights.needed(options.namespace))
    found = [
        *unverified(api),
        *_version(await server_version(api)),
        *rights.findings(lacking),
        *await _kind(api, options, log),
    ]
    if any(right.resource == "nodes" for right in lacking):
        return found, ()
    found += rights.hints(await rights.missing(api, rights.useful()))
    chosen = await chosen_nodes(api, options)
    nodes = chosen.nodes
    found += [*chosen.left_out, *mixed_architectures(options.image, nodes)]
    found += _nodes(options, nodes)
    found += [finding async for finding in surroundings(api, options, nodes)]
    return found, nodes


def _version(version: ServerVersion) -> Iterator[Finding]:
    yield Finding("kubernetes.version", Severity.INFO, values={"version": version.text})
    if version.number < _OLDEST:
        oldest = ".".join(map(str, _OLDEST))
        yield Finding("kubernetes.too-old", Severity.ERROR, values={"version": version.text, "oldest": oldest})
    elif version.number < _POLICY_SINCE:
        yield Finding("kubernetes.no-policy-kind", Severity.WARNING, values={"version": version.text})


async def _kind(api: Api, options: KubernetesOptions, log: FindingLog) -> list[Finding]:
    try:
        if await Installation(api, options.namespace, log).is_served():
            return []
    except SiteError as error:
        return [Finding(error.code, Severity.ERROR, values=error.values)]
    create = rights.Right("apiextensions.k8s.io", "customresourcedefinitions", "create", None)
    if await rights.may(api, create):
        return [Finding("kubernetes.kind-to-come", Severity.INFO, names.CRD)]
    return [Finding("kubernetes.not-installed", Severity.ERROR, values={"kind": names.CRD, "message": ""})]


def _nodes(options: KubernetesOptions, nodes: Sequence[KubeNode]) -> Iterator[Finding]:
    records = tuple(described(node, options.machine_label) for node in nodes)
    for node in nodes:
        for finding in unfit(node, options.tolerations):
            yield replace(finding, severity=Severity.WARNING) if options.partial else finding
    fit = {record.on_machine for record, node in zip(records, nodes, strict=True) if not _is_unfit(node, options)}
    if len(fit) < 2:
        yield Finding("kubernetes.too-few-machines", Severity.ERROR, values={"count": len(fit)})
    elif records:
        yield from zone_findings(Inventory(KubernetesSite.name, records))


def _is_unfit(node: KubeNode, options: KubernetesOptions) -> bool:
    return any(True for _ in unfit(node, options.tolerations))


async def _with_workers(options: KubernetesOptions, nodes: Sequence[KubeNode], log: FindingLog) -> list[Finding]:
    """Start a worker on every node that can hold one: only its announcement proves that a run will work there."""
    slots = [Slot(node.name) for node in nodes if not _is_unfit(node, options)]
    noted: list[Finding] = []
    site = KubernetesSite(replace(options, partial=True), log=lambda one: _note(one, log, noted))
    try:
        await site.start(slots)
        events = await await_announcements(site, slots, _READY_WITHIN.si)
    except SiteError as error:
        return [*noted, Finding(error.code, Severity.ERROR, values=error.values)]
    finally:
        await site.stop()
    return [*noted, *(finding for slot in slots for finding in of_worker(slot, events.get(slot)))]


def _note(finding: Finding, log: FindingLog, noted: list[Finding]) -> None:
    """What the site does is for the log; what it found amiss is part of the answer."""
    if finding.severity is Severity.INFO:
        log(finding)
    else:
        noted.append(finding)


def of_worker(slot: Slot, event: Ready | Lost | None) -> Iterator[Finding]:
    """What its announcement says, or that none came."""
    if event is None:
        yield Finding("kubernetes.worker-silent", Severity.ERROR, slot.node, {"within": _READY_WITHIN})
    elif isinstance(event, Lost):
        yield Finding(event.reason.code, Severity.ERROR, str(slot), event.reason.values)
    else:
        if is_notable(event.clock):
            yield Finding("kubernetes.clock-off", Severity.INFO, slot.node, {"ahead": event.clock.ahead})
        if event.clock.uncertainty > ToolCommand.late_after:
            values = {"workers": (str(slot),), "error": event.clock.uncertainty, "tolerance": ToolCommand.late_after}
            yield Finding("clock.uncertain", Severity.WARNING, values=values)
        yield Finding("kubernetes.worker-ready", Severity.INFO, slot.node, {"mtu": event.worker.mtu})
