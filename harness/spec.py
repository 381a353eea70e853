"""What a cluster shall be like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network

from clearway.base.units import Rate

ZONE_LABEL = "topology.kubernetes.io/zone"

API_PORT = 6443


@dataclass(frozen=True)
class Family:
    """Every address of one IP version."""

    nodes: IPv4Network | IPv6Network
    """All nodes are in it; its first address is the API server's."""
    _services: IPv4Network | IPv6Network
    """Its first address is that of the API server's service."""
    pods: str
    _pods_of_node: str

    @property
    def version(self) -> int:
        return self.nodes.version

    @property
    def prefix(self) -> int:
        return self.nodes.prefixlen

    @property
    def anywhere(self) -> str:
        return str(self.nodes.supernet(new_prefix=0))

    @property
    def services(self) -> str:
        return str(self._services)

    @property
    def api(self) -> str:
        return str(self.nodes[1])

    @property
    def service_of_api(self) -> str:
        return str(self._services[1])

    def of_node(self, number: int) -> str:
        return str(self.nodes[number + 10])

    def pods_of_node(self, number: int) -> str:
        return self._pods_of_node.format(number)


IPV4 = Family(IPv4Network("172.30.0.0/24"), IPv4Network("10.96.0.0/16"), "10.244.0.0/16", "10.244.{}.0/24")
IPV6 = Family(IPv6Network("fd00:30::/64"), IPv6Network("fd00:96::/112"), "fd00:244::/32", "fd00:244:{:x}::/64")
FAMILIES = {family.version: family for family in (IPV4, IPV6)}


def families_of(ip: tuple[int, ...]) -> tuple[Family, ...]:
    return tuple(FAMILIES[version] for version in ip)


def families_on_links(ip: tuple[int, ...]) -> tuple[Family, ...]:
    """IPv4 is always there: the harness itself reaches the API server by it."""
    return families_of((4, 6) if 6 in ip else (4,))


@dataclass(frozen=True)
class ClusterSpec:
    """Nodes are called node-1, node-2, ... and take `zones` in turn.

    `labels` and `taints` ("key=value:Effect") are by node name. `rate` shapes every node's link, both ways.
    `ip` has the IP versions of nodes, pods and services, the preferred one first: (4,), (6,), (4, 6) or (6, 4).
    """

    nodes: int = 2
    zones: tuple[str, ...] = ()
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    taints: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rate: Rate | None = None
    ip: tuple[int, ...] = (4,)
    silence: int = 40
    """Seconds without a sign of life after which a node is not Ready any more."""

    def resolved(self) -> tuple[NodeSpec, ...]:
        return tuple(self._node(number) for number in range(1, self.nodes + 1))

    def _node(self, number: int) -> NodeSpec:
        name = f"node-{number}"
        zone = {ZONE_LABEL: self.zones[(number - 1) % len(self.zones)]} if self.zones else {}
        return NodeSpec(number, {**zone, **self.labels.get(name, {})}, self.taints.get(name, ()), self.ip, self.silence)


@dataclass(frozen=True)
class NodeSpec:
    """One node; its number, from 1, gives its name and addresses."""

    number: int
    labels: Mapping[str, str]
    taints: tuple[str, ...]
    ip: tuple[int, ...]
    silence: int = 40

    @property
    def name(self) -> str:
        return f"node-{self.number}"

    @property
    def families(self) -> tuple[Family, ...]:
        return families_of(self.ip)

    @property
    def addresses(self) -> tuple[str, ...]:
        """What Kubernetes knows this node by."""
        return tuple(family.of_node(self.number) for family in self.families)

    @property
    def port(self) -> str:
        """The fabric's end of this node's link."""
        return f"port-{self.number}"
