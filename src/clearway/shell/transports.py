"""The transports to a cluster's nodes: which one the NodeAccess asks for, and those through docker and gcloud."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clearway.base.errors import UsageError
from clearway.probe.records import Reason
from clearway.shell.base import CommandOutput, Connection, Transport
from clearway.shell.node_access import NodeAccess
from clearway.shell.providers import AddressType, Route
from clearway.shell.ssh import HostKeys, SshHost, SshTransport, ssh_failure

_EVIDENCE = (
    (re.compile(r"No such container", re.IGNORECASE), "shell.no-container"),
    (re.compile(r"is not running|is paused", re.IGNORECASE), "shell.container-not-running"),
    (re.compile(r"Cannot connect to the Docker daemon|permission denied while trying to connect"), "shell.no-docker"),
)
_DAEMON = re.compile(r"\AError(?: response from daemon)?: |\A(?:Cannot connect|permission denied while trying)")
"""How messages of docker itself begin."""


class DockerTransport:
    """A node's name is its container's."""

    def command(self, node: str, argv: Sequence[str]) -> tuple[str, ...]:
        return ("docker", "exec", "--interactive", node, *argv)

    def connection(self, node: str) -> Connection | None:
        return None

    def obstacle(self, node: str) -> Reason | None:
        return None

    def failure(self, node: str, output: CommandOutput) -> Reason | None:
        if output.exit == 0 or output.stdout or not _DAEMON.search(output.stderr):
            return None
        code = next((code for words, code in _EVIDENCE if words.search(output.stderr)), "shell.road-failed")
        return Reason(code, {"node": node, "exit": output.exit, "quote": output.stderr.strip()[-200:]})

    def close(self) -> None:
        """It keeps nothing."""


_OWN = re.compile(r"^ERROR: \(gcloud\.", re.MULTILINE)
"""How messages of gcloud itself begin."""


@dataclass(frozen=True)
class GcloudTransport:
    zones: Mapping[str, str | None]
    """Node -> zone, as its label says."""
    user: str | None = None
    project: str | None = None
    internal: bool = False
    """Over the nodes' internal addresses."""
    host_keys: HostKeys = HostKeys.STRICT

    def obstacle(self, node: str) -> Reason | None:
        return None if self.zones.get(node) else Reason("shell.no-zone", {"node": node})

    def command(self, node: str, argv: Sequence[str]) -> tuple[str, ...]:
        """gcloud passes the command to ssh as it is, and ssh to the login shell on the node."""
        flags = [f"--zone={self.zones[node]}", "--quiet"]
        flags += [f"--project={self.project}"] if self.project is not None else []
        flags += ["--internal-ip"] if self.internal else []
        # By default gcloud accepts the first key that a host shows, and no other after that.
        flags += ["--strict-host-key-checking=yes"] if self.host_keys is HostKeys.STRICT else []
        login = node if self.user is None else f"{self.user}@{node}"
        command = f"--command={shlex.join(argv)}"
        return ("gcloud", "compute", "ssh", login, *flags, command, "--", "-T", "-o", "BatchMode=yes")

    def connection(self, node: str) -> Connection | None:
        return None

    def failure(self, node: str, output: CommandOutput) -> Reason | None:
        if output.exit == 0 or not (own := _OWN.search(output.stderr)):
            return None
        values = {"node": node, "address": node, "quote": output.stderr[own.start() :].strip().splitlines()[0][:200]}
        code = ssh_failure(output.stderr)
        return Reason(code, values) if code else Reason("shell.road-failed", {**values, "exit": output.exit})

    def close(self) -> None:
        """It keeps nothing."""


_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Machine:
    """What is needed to reach a node."""

    name: str
    addresses: tuple[tuple[str, str], ...] = ()
    """Type as the API names it, and address."""
    zone: str | None = None


def transport_to(machines: Sequence[Machine], node_access: NodeAccess) -> Transport:
    """Raises UsageError where the provider can't reach them, or not so many. A node without an address is reported
    when a command is for it.
    """
    if node_access.route is None:
        raise UsageError(node_access.provider.without, provider=node_access.provider.name)
    if AddressType.LOOPBACK in node_access.addresses and len(machines) > 1:
        raise UsageError("provider.one-machine", provider=node_access.provider.name, count=len(machines))
    if node_access.route is Route.DOCKER:
        return DockerTransport()
    login = node_access.login
    if node_access.route is Route.GCLOUD:
        zones = {machine.name: machine.zone for machine in machines}
        internal = node_access.addresses[:1] == (AddressType.INTERNAL,)
        return GcloudTransport(zones, login.user, node_access.project, internal, login.host_keys)
    if login.key is not None and not login.key.is_file():
        raise UsageError("provider.no-key", path=str(login.key), provider=node_access.provider.name)
    found = {machine.name: _address(machine, node_access.addresses) for machine in machines}
    hosts = {name: SshHost(address, login) for name, address in found.items() if address is not None}
    return SshTransport(hosts)


def _address(machine: Machine, wanted: Sequence[AddressType]) -> str | None:
    known = dict(reversed(machine.addresses)) | {AddressType.LOOPBACK.value: _LOOPBACK}
    return next((known[kind] for kind in wanted if kind in known), None)
