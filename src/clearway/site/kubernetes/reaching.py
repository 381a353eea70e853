"""The nodes as machines: what the API says of the way to them, and whether a command gets there."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from clearway.base.units import Duration
from clearway.kube.api import connect
from clearway.probe.records import Finding, Severity
from clearway.shell.base import Answer, Command, NotRun, Shell
from clearway.shell.providers import as_root
from clearway.shell.reach import Reach
from clearway.shell.roads import Machine, road_to
from clearway.shell.runner import Runner
from clearway.site.kubernetes.installation import Log
from clearway.site.kubernetes.nodes import ZONE, NodeView, wanted_nodes
from clearway.site.kubernetes.options import KubernetesOptions

_TRIAL = Command(as_root(("true",)), within=Duration(20))


def machine_of(node: NodeView) -> Machine:
    addresses = tuple((one.type, one.address) for one in node.status.addresses)
    return Machine(node.name, addresses, node.metadata.labels.get(ZONE))


async def tried(options: KubernetesOptions, reach: Reach, log: Log) -> tuple[Finding, ...]:
    """For every node that is to be measured: a command runs there as root, or why not. Raises SiteError, UsageError."""
    async with connect(options.access) as api:
        nodes = await wanted_nodes(api, options)
    shell = Runner(road_to([machine_of(node) for node in nodes], reach), log=log)
    try:
        return await _tried(shell, [node.name for node in nodes])
    finally:
        await shell.close()


async def _tried(shell: Shell, nodes: Sequence[str]) -> tuple[Finding, ...]:
    answers = await asyncio.gather(*(shell.run(node, _TRIAL) for node in nodes))
    return tuple(_finding(node, answer) for node, answer in zip(nodes, answers, strict=True))


def _finding(node: str, answer: Answer) -> Finding:
    if isinstance(answer, NotRun):
        return Finding(answer.reason.code, Severity.ERROR, node, answer.reason.values)
    if answer.exit != 0:
        return Finding("shell.not-root", Severity.ERROR, node, {"quote": answer.stderr.strip()[-200:]})
    return Finding("shell.reached", Severity.INFO, node)
