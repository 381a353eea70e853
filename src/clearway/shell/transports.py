"""Makes the transport to a cluster's nodes from the NodeAccess and from what the API says of the nodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clearway.base.errors import UsageError
from clearway.shell.base import Transport
from clearway.shell.docker import DockerTransport
from clearway.shell.gcloud import GcloudTransport
from clearway.shell.node_access import NodeAccess
from clearway.shell.providers import AddressType, Route
from clearway.shell.ssh import SshHost, SshTransport

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
    if node_access.route is Route.GCLOUD:
        zones = {machine.name: machine.zone for machine in machines}
        internal = node_access.addresses[:1] == (AddressType.INTERNAL,)
        return GcloudTransport(zones, node_access.user, node_access.project, internal, node_access.host_keys)
    if node_access.key is not None and not node_access.key.is_file():
        raise UsageError("provider.no-key", path=str(node_access.key), provider=node_access.provider.name)
    found = {machine.name: _address(machine, node_access.addresses) for machine in machines}
    hosts = {name: _host(address, node_access) for name, address in found.items() if address is not None}
    return SshTransport(hosts)


def _address(machine: Machine, wanted: Sequence[AddressType]) -> str | None:
    known = dict(reversed(machine.addresses)) | {AddressType.LOOPBACK.value: _LOOPBACK}
    return next((known[kind] for kind in wanted if kind in known), None)


def _host(address: str, node_access: NodeAccess) -> SshHost:
    return SshHost(
        address,
        user=node_access.user,
        port=node_access.port,
        key=node_access.key,
        known_hosts=node_access.known_hosts,
        bastion=node_access.bastion,
        host_keys=node_access.host_keys,
    )
