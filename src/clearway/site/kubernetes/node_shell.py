"""Commands on a cluster's nodes: the addresses come from the API, the access from the NodeAccess."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from clearway.base.errors import ClearwayError
from clearway.base.units import Duration
from clearway.kube.api import connect
from clearway.kube.objects import KubeNode
from clearway.probe.records import Finding, Reason, Severity
from clearway.shell.base import Answer, NotRun, Shell, ShellCommand
from clearway.shell.node_access import NodeAccess
from clearway.shell.providers import Feature, as_root, missing
from clearway.shell.runner import Rehearsal, Runner
from clearway.shell.transports import Machine, transport_to
from clearway.site.base import FindingLog
from clearway.site.kubernetes.nodes import ZONE, wanted_nodes
from clearway.site.kubernetes.options import KubernetesOptions

_TRIAL = ShellCommand(as_root(("true",)), within=Duration(20))
"""A login may take several seconds, for instance for name lookups on the node."""


def machine_of(node: KubeNode) -> Machine:
    addresses = tuple((one.type, one.address) for one in node.status.addresses)
    return Machine(node.name, addresses, node.metadata.labels.get(ZONE))


async def node_shell(
    options: KubernetesOptions, node_access: NodeAccess, log: FindingLog, *, rehearsed: bool = False
) -> tuple[Shell, tuple[KubeNode, ...]]:
    """A shell to the nodes to measure, and these nodes. Rehearsed, it only logs what it would run.

    Raises SiteError, and UsageError if the provider can't reach nodes.
    """
    async with connect(options.access) as api:
        nodes = await wanted_nodes(api, options)
    transport = transport_to([machine_of(node) for node in nodes], node_access)
    return Rehearsal(transport, log=log) if rehearsed else Runner(transport, log=log), nodes


class NodesShell:
    """A Shell to a cluster's nodes, which reads them from the API at the first command."""

    def __init__(self, options: KubernetesOptions, node_access: NodeAccess, log: FindingLog) -> None:
        self._options = options
        self._node_access = node_access
        self._log = log
        self._asking = asyncio.Lock()
        self._shell: Shell | None = None

    async def run(self, node: str, command: ShellCommand) -> Answer:
        try:
            async with self._asking:
                if self._shell is None:
                    self._shell, _ = await node_shell(self._options, self._node_access, self._log)
        except ClearwayError as error:
            return NotRun(Reason(error.code, {"node": node, **error.values}))
        return await self._shell.run(node, command)

    async def close(self) -> None:
        shell, self._shell = self._shell, None
        if shell is not None:
            await shell.close()


def kernel_shell(options: KubernetesOptions, node_access: NodeAccess | None, log: FindingLog) -> Shell | None:
    """A shell to read the nodes' kernel logs; None without access, or if the kernels are not the nodes' own."""
    if node_access is None or not node_access.stated or missing(node_access.provider, Feature.KERNEL_LOG) is not None:
        return None
    return NodesShell(options, node_access, log)


async def tried(options: KubernetesOptions, node_access: NodeAccess, log: FindingLog) -> tuple[Finding, ...]:
    """For every node to measure: whether a command runs there as root, or why not. Raises as `node_shell`."""
    shell, nodes = await node_shell(options, node_access, log)
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
