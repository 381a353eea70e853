"""The way to the nodes' own operating system."""

from __future__ import annotations

from collections.abc import Callable

from clearway.probe.records import Finding
from clearway.shell.base import Shell
from clearway.shell.runner import Runner
from clearway.shell.ssh import SshHost, SshRoad
from clearway.site.kubernetes.nodes import node_addresses
from clearway.site.kubernetes.options import KubernetesOptions


async def node_shell(cluster: KubernetesOptions, log: Callable[[Finding], None]) -> Shell:
    """By ssh, as the user's own configuration has it. Raises SiteError."""
    addresses = await node_addresses(cluster.access)
    return Runner(SshRoad({node: SshHost(address) for node, address in addresses.items()}), log=log)
