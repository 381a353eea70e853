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

    def tunnel_of_node(self, number: int) -> str:
        """The address of its end of the overlay: the first of its pods' network, which no pod gets."""
        return self.pods_of_node(number).partition("/")[0]


IPV4 = Family(IPv4Network("172.30.0.0/24"), IPv4Network("10.96.0.0/16"), "10.244.0.0/16", "10.244.{}.0/24")
IPV6 = Family(IPv6Network("fd00:30::/64"), IPv6Network("fd00:96::/112"), "fd00:244::/32", "fd00:244:{:x}::/64")
FAMILIES = {family.version: family for family in (IPV4, IPV6)}


@dataclass(frozen=True)
class Fabric:
    """A switch that every node has a link to."""

    name: str
    device: str
    """The node's end of each link."""
    prefix: str
    """Of the names of the fabric's ends."""
    networks: Mapping[int, IPv4Network | IPv6Network]
    """By IP version."""

    def port(self, node: int) -> str:
        return f"{self.prefix}-{node}"

    def address(self, version: int, node: int) -> str:
        """With the length of its network's prefix, as `ip` takes it."""
        network = self.networks[version]
        return f"{network[node + 10]}/{network.prefixlen}"


MAIN = Fabric("fabric", "eth0", "port", {version: family.nodes for version, family in FAMILIES.items()})
STORAGE = Fabric("storage", "eth1", "storage", {4: IPv4Network("172.31.0.0/24"), 6: IPv6Network("fd00:31::/64")})
FABRICS = {fabric.device: fabric for fabric in (MAIN, STORAGE)}

WRAPPING = 50
"""Byte that VXLAN puts around an IP packet: Ethernet 14, VXLAN 8, UDP 8, IPv4 20 (RFC 7348, section 5)."""
LINK_MTU = 1500
"""Of every link: what Linux gives a veth."""


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
    `storage` gives every node a second device, eth1, on a fabric of its own. `overlay` names the device over which
    nodes wrap what pods send each other in VXLAN; without it they route. `policies` brings an engine that enforces
    NetworkPolicies.
    """

    nodes: int = 2
    zones: tuple[str, ...] = ()
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    taints: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rate: Rate | None = None
    ip: tuple[int, ...] = (4,)
    silence: int = 40
    """Seconds without a sign of life after which a node is not Ready any more."""
    storage: bool = False
    overlay: str | None = None
    policies: bool = False

    def resolved(self) -> tuple[NodeSpec, ...]:
        return tuple(self._node(number) for number in range(1, self.nodes + 1))

    def _node(self, number: int) -> NodeSpec:
        name = f"node-{number}"
        zone = {ZONE_LABEL: self.zones[(number - 1) % len(self.zones)]} if self.zones else {}
        labels, taints = {**zone, **self.labels.get(name, {})}, self.taints.get(name, ())
        return NodeSpec(number, labels, taints, self.ip, self.silence, storage=self.storage, overlay=self.overlay)


@dataclass(frozen=True)
class NodeSpec:
    """One node; its number, from 1, gives its name and addresses."""

    number: int
    labels: Mapping[str, str]
    taints: tuple[str, ...]
    ip: tuple[int, ...]
    silence: int = 40
    storage: bool = False
    overlay: str | None = None

    @property
    def name(self) -> str:
        return f"node-{self.number}"

    @property
    def fabrics(self) -> tuple[Fabric, ...]:
        """Those that it has a link to."""
        return (MAIN, STORAGE) if self.storage or self.overlay == STORAGE.device else (MAIN,)

    @property
    def pod_mtu(self) -> int:
        """What its pods are given: what a link carries, less what is wrapped around it."""
        return LINK_MTU if self.overlay is None else LINK_MTU - WRAPPING

    @property
    def families(self) -> tuple[Family, ...]:
        return families_of(self.ip)

    @property
    def addresses(self) -> tuple[str, ...]:
        """What Kubernetes knows this node by."""
        return tuple(family.of_node(self.number) for family in self.families)
