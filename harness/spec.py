"""What a cluster shall be like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from clearway.base.units import Rate

ZONE_LABEL = "topology.kubernetes.io/zone"

API_PORT = 6443


@dataclass(frozen=True)
class Family:
    """Every address of one IP version."""

    version: int
    api: str
    service_of_api: str
    services: str
    pods: str
    anywhere: str
    prefix: int
    """Of the network that all nodes are in."""
    _node: str
    _pods_of_node: str

    def of_node(self, number: int) -> str:
        return self._node.format(number + 10)

    def pods_of_node(self, number: int) -> str:
        return self._pods_of_node.format(number)


IPV4 = Family(
    version=4,
    api="172.30.0.1",
    service_of_api="10.96.0.1",
    services="10.96.0.0/16",
    pods="10.244.0.0/16",
    anywhere="0.0.0.0/0",
    prefix=24,
    _node="172.30.0.{}",
    _pods_of_node="10.244.{}.0/24",
)
IPV6 = Family(
    version=6,
    api="fd00:30::1",
    service_of_api="fd00:96::1",
    services="fd00:96::/112",
    pods="fd00:244::/32",
    anywhere="::/0",
    prefix=64,
    _node="fd00:30::{:x}",
    _pods_of_node="fd00:244:{:x}::/64",
)
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
