"""The nodes as machines: what the API says of the way to them, and whether a command gets there."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from clearway.base.errors import ClearwayError
from clearway.base.units import Duration
from clearway.kube.api import connect
from clearway.probe.records import Finding, Reason, Severity
from clearway.shell.base import Answer, Command, NotRun, Shell
from clearway.shell.providers import Feature, as_root, missing
from clearway.shell.reach import Reach
from clearway.shell.rehearsal import Rehearsal
from clearway.shell.roads import Machine, road_to
from clearway.shell.runner import Runner
from clearway.site.kubernetes.installation import Log
from clearway.site.kubernetes.nodes import ZONE, NodeView, wanted_nodes
from clearway.site.kubernetes.options import KubernetesOptions

_TRIAL = Command(as_root(("true",)), within=Duration(20))


def machine_of(node: NodeView) -> Machine:
    addresses = tuple((one.type, one.address) for one in node.status.addresses)
    return Machine(node.name, addresses, node.metadata.labels.get(ZONE))


async def node_shell(
    options: KubernetesOptions, reach: Reach, log: Log, *, rehearsed: bool = False
) -> tuple[Shell, tuple[NodeView, ...]]:
    """A shell to the nodes that are to be measured, and these; rehearsed, it only tells what it would run.

    Raises SiteError, and UsageError where the provider has no way to them.
    """
    async with connect(options.access) as api:
        nodes = await wanted_nodes(api, options)
    road = road_to([machine_of(node) for node in nodes], reach)
    return Rehearsal(road, log=log) if rehearsed else Runner(road, log=log), nodes


class NodesShell:
    """A Shell to a cluster's nodes, which asks the API who they are when the first command comes."""

    def __init__(self, options: KubernetesOptions, reach: Reach, log: Log) -> None:
        self._options = options
        self._reach = reach
        self._log = log
        self._asking = asyncio.Lock()
        self._shell: Shell | None = None

    async def run(self, node: str, command: Command) -> Answer:
        try:
            async with self._asking:
                if self._shell is None:
                    self._shell, _ = await node_shell(self._options, self._reach, self._log)
        except ClearwayError as error:
            return NotRun(Reason(error.code, {"node": node, **error.values}))
        return await self._shell.run(node, command)

    async def close(self) -> None:
        shell, self._shell = self._shell, None
        if shell is not None:
            await shell.close()


def kernel_shell(options: KubernetesOptions, reach: Reach | None, log: Log) -> Shell | None:
    """A way to the nodes' kernels; None where nobody said how to get in, or where they are not the nodes' own."""
    if reach is None or not reach.stated or missing(reach.provider, Feature.KERNEL_LOG) is not None:
        return None
    return NodesShell(options, reach, log)


async def tried(options: KubernetesOptions, reach: Reach, log: Log) -> tuple[Finding, ...]:
    """For every node that is to be measured: a command runs there as root, or why not. Raises as `node_shell`."""
    shell, nodes = await node_shell(options, reach, log)
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
