"""The ways by which a client reaches a server in a cluster: a row each."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import FrozenSet, Mapping

from clearway.probe.slot import HOST, POD, Network, Slot


@dataclass(frozen=True)
class TrafficPath:
    name: str
    client: Network = POD
    """The network of the client's worker."""
    server: Network = POD
    service: bool = False
    """Whether the client dials an address of a Service, which the cluster translates to the server's."""

    @property
    def uses_host(self) -> bool:
        return HOST in (self.client, self.server)


PATHS: Mapping[str, TrafficPath] = {
    path.name: path
    for path in (
        TrafficPath("host", HOST, HOST),
        TrafficPath("host-to-pod", HOST, POD),
        TrafficPath("pod"),
        TrafficPath("cluster-ip", service=True),
        TrafficPath("node-port", service=True),
    )
}
"""Each with what the one before has, and more."""

WantedServices = Mapping[Slot, FrozenSet[str]]
"""The workers that a run needs Services of, with the names of their paths."""
NO_SERVICES: WantedServices = MappingProxyType({})
