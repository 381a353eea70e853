"""An overlay as many clusters have one: what pods of different nodes send each other travels in VXLAN.

It is laid out as Flannel lays out its own, down to names, numbers and the settings in the API.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from clearway.site.lab.topology import TopologyStep
from harness.spec import FABRICS, LINK_MTU, WRAPPING, NodeSpec, families_on_links
from harness.topology import matched, on_node

TUNNEL_DEVICE = "flannel.1"
_NETWORK, _PORT = 1, 8472
"""The VXLAN network identifier, and the UDP port that Linux used before one was assigned."""
_MASQUERADING = "masquerading"


def overlay_steps(node: NodeSpec, nodes: tuple[NodeSpec, ...]) -> Iterator[TopologyStep]:
    """The node's end of it, with the others' ends; none without an overlay. Offloads stay as the kernel sets them."""
    if node.overlay is None:
        return
    others = [other for other in nodes if other != node]
    lines = (*_end(node), *(line for other in others for line in _routes(other)))
    yield TopologyStep(("ip", "-n", node.name, "-batch", "-"), "\n".join(lines))
    where = (f"fdb append {_hardware(other)} dev {TUNNEL_DEVICE} dst {_outer(other)}" for other in others)
    yield TopologyStep(("bridge", "-n", node.name, "-batch", "-"), "\n".join(where))
    yield TopologyStep(on_node(node.name, ("nft", "-f", "-")), "\n".join(_masquerade(node)))


def overlay_settings(ip: tuple[int, ...]) -> list[dict[str, Any]]:
    """The objects by which such an overlay can be known from the API."""
    network = {"Network": families_on_links(ip)[0].pods, "Backend": {"Type": "vxlan", "VNI": _NETWORK}}
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kube-flannel"}}
    settings = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "kube-flannel-cfg", "namespace": "kube-flannel"},
        "data": {"net-conf.json": json.dumps(network)},
    }
    return [namespace, settings]


def _end(node: NodeSpec) -> Iterator[str]:
    about = f"id {_NETWORK} dstport {_PORT} local {_outer(node)} dev {node.overlay} nolearning"
    yield f"link add {TUNNEL_DEVICE} address {_hardware(node)} mtu {LINK_MTU - WRAPPING} type vxlan {about}"
    for family in families_on_links(node.ip):
        whole = {4: 32, 6: 128}[family.version]
        nodad = " nodad" if family.version == 6 else ""
        yield f"address add {family.tunnel_of_node(node.number)}/{whole} dev {TUNNEL_DEVICE}{nodad}"
    yield f"link set {TUNNEL_DEVICE} up"


def _routes(other: NodeSpec) -> Iterator[str]:
    for family in families_on_links(other.ip):
        end = family.tunnel_of_node(other.number)
        yield f"neighbour add {end} lladdr {_hardware(other)} dev {TUNNEL_DEVICE} nud permanent"
        yield f"route add {family.pods_of_node(other.number)} via {end} dev {TUNNEL_DEVICE} onlink"


def _masquerade(node: NodeSpec) -> Iterator[str]:
    """What leaves the pods' network leaves as the node's own, so that the answer comes back the same way."""
    yield f"table inet {_MASQUERADING} {{"
    yield "chain leaving {"
    yield "type nat hook postrouting priority srcnat"
    for family in families_on_links(node.ip):
        name = matched(family)
        yield f"{name} saddr {family.pods_of_node(node.number)} {name} daddr != {family.pods} masquerade"
    yield "}"
    yield "}"


def _hardware(node: NodeSpec) -> str:
    """The address of its end, which the others must know: nothing asks for it over an overlay."""
    return f"02:00:00:00:{node.number >> 8:02x}:{node.number & 255:02x}"


def _outer(node: NodeSpec) -> str:
    """The address that wrapped packets go to, always of IPv4."""
    assert node.overlay is not None
    return FABRICS[node.overlay].address(4, node.number).partition("/")[0]
