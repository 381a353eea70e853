"""What a cluster shall be like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from clearway.base.units import Rate

ZONE_LABEL = "topology.kubernetes.io/zone"

API_ADDRESS = "172.30.0.1"
API_PORT = 6443
SERVICES = "10.96.0.0/16"
SERVICE_OF_API = "10.96.0.1"
PODS = "10.244.0.0/16"


@dataclass(frozen=True)
class ClusterSpec:
    """Nodes are called node-1, node-2, ... and take `zones` in turn.

    `labels` and `taints` ("key=value:Effect") are by node name. `rate` shapes every node's link, both ways.
    """

    nodes: int = 2
    zones: tuple[str, ...] = ()
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    taints: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rate: Rate | None = None

    def resolved(self) -> tuple[NodeSpec, ...]:
        return tuple(self._node(number) for number in range(1, self.nodes + 1))

    def _node(self, number: int) -> NodeSpec:
        name = f"node-{number}"
        zone = {ZONE_LABEL: self.zones[(number - 1) % len(self.zones)]} if self.zones else {}
        return NodeSpec(number, {**zone, **self.labels.get(name, {})}, self.taints.get(name, ()))


@dataclass(frozen=True)
class NodeSpec:
    """One node; its number, from 1, gives its name and addresses."""

    number: int
    labels: Mapping[str, str]
    taints: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"node-{self.number}"

    @property
    def address(self) -> str:
        return f"172.30.0.{10 + self.number}"

    @property
    def pods(self) -> str:
        """The addresses of this node's pods."""
        return f"10.244.{self.number}.0/24"

    @property
    def port(self) -> str:
        """The fabric's end of this node's link."""
        return f"port-{self.number}"
