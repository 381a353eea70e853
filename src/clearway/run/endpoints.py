"""Where the two halves of a probe meet: what the server opens, and what the client dials."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from clearway.base.errors import SiteError
from clearway.probe.parameters import transport_of
from clearway.probe.paths import PATHS
from clearway.probe.records import Endpoint, Probe, ServiceAddress, Slot, Worker, family_of

_PORT_STEP = 7
"""Ports by which a round moves on. Workers announce 128: all of them are used before one comes again."""
_FAMILIES = ("ipv4", "ipv6")


@dataclass(frozen=True)
class Meeting:
    """Of the two halves."""

    opened: Endpoint
    """By the server."""
    dialled: Endpoint
    """By the client: a Service's address, or the same."""
    partner: tuple[str, ...] | None
    """Addresses that the server may see the client at; None: the cluster may translate them."""


@dataclass
class Endpoints:
    """Of one round. `turn` counts rounds: each uses other ports, so that it meets no connection that still closes."""

    turn: int
    taken: Counter[Slot] = field(default_factory=Counter)

    def meeting(self, probe: Probe, client: Worker, server: Worker) -> Meeting:
        """Raises SiteError if the two share no address family, or the server has too few ports or no Service."""
        address = address_for(client, server, probe.family)
        if not PATHS[probe.path].service:
            opened = Endpoint(address, self._take(server.slot, server.ports))
            return Meeting(opened, opened, client.addresses)
        through = self._service(probe, server, family_of(address))
        return Meeting(Endpoint(address, through.port), through.endpoint, None)

    def _service(self, probe: Probe, server: Worker, family: str) -> ServiceAddress:
        found = {one.port: one for one in _offered(probe, server) if family_of(one.endpoint.address) == family}
        if not found:
            raise SiteError("run.no-service", server=str(server.slot), path=probe.path, family=family)
        return found[self._take(server.slot, tuple(found))]

    def _take(self, server: Slot, ports: tuple[int, ...]) -> int:
        taken = self.taken[server]
        if taken >= len(ports):
            raise SiteError("run.too-few-ports", worker=str(server), count=len(ports))
        self.taken[server] += 1
        return ports[(self.turn * _PORT_STEP + taken) % len(ports)]


def _offered(probe: Probe, server: Worker) -> Iterator[ServiceAddress]:
    transport = transport_of(probe.parameters)
    return (one for one in server.services or () if (one.path, one.transport) == (probe.path, transport))


def address_for(client: Worker, server: Worker, family: str | None) -> str:
    """The server's first address of a family that the client has too, and that is asked for."""
    families = {family_of(address) for address in client.addresses} & ({family} if family else set(_FAMILIES))
    for address in server.addresses:
        if family_of(address) in families:
            return address
    raise SiteError("run.no-common-family", client=str(client.slot), server=str(server.slot))
