"""From how a cluster's nodes are reached, and what the API says of them, to the road."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clearway.base.errors import UsageError
from clearway.shell.base import Road
from clearway.shell.docker import DockerRoad
from clearway.shell.gcloud import GcloudRoad
from clearway.shell.providers import AddressType, Route
from clearway.shell.reach import Reach
from clearway.shell.ssh import SshHost, SshRoad

_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Machine:
    """A node as one finds the way to it."""

    name: str
    addresses: tuple[tuple[str, str], ...] = ()
    """Type as the API names it, and address."""
    zone: str | None = None


def road_to(machines: Sequence[Machine], reach: Reach) -> Road:
    """Raises UsageError where the provider has no way to them, or none to so many. A node without an address has
    none, and is told so when a command is for it.
    """
    if reach.route is None:
        raise UsageError(reach.provider.without, provider=reach.provider.name)
    if AddressType.LOOPBACK in reach.addresses and len(machines) > 1:
        raise UsageError("provider.one-machine", provider=reach.provider.name, count=len(machines))
    if reach.route is Route.DOCKER:
        return DockerRoad()
    if reach.route is Route.GCLOUD:
        zones = {machine.name: machine.zone for machine in machines}
        internal = reach.addresses[:1] == (AddressType.INTERNAL,)
        return GcloudRoad(zones, reach.user, reach.project, internal, reach.host_keys)
    if reach.key is not None and not reach.key.is_file():
        raise UsageError("provider.no-key", path=str(reach.key), provider=reach.provider.name)
    found = {machine.name: _address(machine, reach.addresses) for machine in machines}
    hosts = {name: _host(address, reach) for name, address in found.items() if address is not None}
    return SshRoad(hosts)


def _address(machine: Machine, wanted: Sequence[AddressType]) -> str | None:
    known = dict(reversed(machine.addresses)) | {AddressType.LOOPBACK.value: _LOOPBACK}
    return next((known[kind] for kind in wanted if kind in known), None)


def _host(address: str, reach: Reach) -> SshHost:
    return SshHost(
        address,
        user=reach.user,
        port=reach.port,
        key=reach.key,
        known_hosts=reach.known_hosts,
        bastion=reach.bastion,
        host_keys=reach.host_keys,
    )
