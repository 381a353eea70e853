"""The cluster's machines as the commands that make them: a fabric, and a network and a host name a node.

All of it lives in one mount, pid and network namespace, and ends with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from clearway.base.units import Rate
from clearway.site.lab.topology import TopologyStep, shaper
from harness.spec import Family, NodeSpec, families_on_links

FABRIC = "fabric"
NODE_DEVICE = "eth0"
NODES = Path("/run/nodes")
"""Where nodes keep what they need: on a tmpfs that ends with the cluster."""

_BLOCKING = "blocked_by_harness"
_OWN_FOLDERS = ("/run", "/var/log", "/var/lib/cni", "/etc/cni")
"""What the programs write outside of their own folders."""


def fabric_steps(ip: tuple[int, ...]) -> Iterator[TopologyStep]:
    """What the control plane needs: folders of its own and the network that all links meet in."""
    yield from (_fresh(folder) for folder in _OWN_FOLDERS if Path(folder).is_dir())
    yield TopologyStep(("mkdir", "-p", "/run/netns", "/run/uts"))
    yield TopologyStep(("ip", "-batch", "-"), _lines(_fabric(ip)))
    yield _forwarding((), ip)


def machine_steps(node: NodeSpec, nodes: tuple[NodeSpec, ...]) -> Iterator[TopologyStep]:
    """One node: a file system (by which a kubelet finds its own), a link and routes to all others, a host name.

    The file system is shared: the volumes that the kubelet mounts in namespaces of its own appear to containerd.
    """
    home, uts = NODES / node.name, f"/run/uts/{node.name}"
    yield TopologyStep(("mkdir", "-p", str(home)))
    yield _fresh(str(home))
    yield TopologyStep(("mount", "--make-shared", str(home)))
    yield TopologyStep(("ip", "-batch", "-"), _lines(_link(node)))
    yield TopologyStep(("ip", "-n", node.name, "-batch", "-"), _lines(_node_network(node, nodes)))
    yield _forwarding(("nsenter", f"--net=/run/netns/{node.name}"), node.ip)
    yield TopologyStep(("touch", uts))
    yield TopologyStep(("unshare", f"--uts={uts}", "hostname", node.name))


def shaping_steps(nodes: Iterable[NodeSpec], rate: Rate | None) -> Iterator[TopologyStep]:
    """Every node's link at `rate` in both directions; None takes the shaping away."""
    for node in nodes:
        yield TopologyStep(("tc", "-force", "-batch", "-"), _shape(node.port, rate))
        yield TopologyStep(("tc", "-n", node.name, "-force", "-batch", "-"), _shape(NODE_DEVICE, rate))


def link_step(node: NodeSpec, state: str) -> TopologyStep:
    """A node's link pulled out ("down") or put back ("up")."""
    return TopologyStep(("ip", "link", "set", node.port, state))


def block_step(receiver: NodeSpec, sender: NodeSpec) -> TopologyStep:
    """The sender's pods no longer reach the receiver."""
    senders = [f"{_matched(family)} saddr {family.pods_of_node(sender.number)}" for family in sender.families]
    rules = (
        f"table inet {_BLOCKING} {{",
        "chain arriving {",
        "type filter hook prerouting priority raw",
        *(f"{matched} counter drop" for matched in senders),
        "}",
        "}",
    )
    return TopologyStep(on_node(receiver.name, ("nft", "-f", "-")), _lines(rules))


def unblock_step(node: NodeSpec) -> TopologyStep:
    return TopologyStep(on_node(node.name, ("nft", "delete", "table", "inet", _BLOCKING)))


def on_node(name: str, argv: Iterable[str]) -> tuple[str, ...]:
    """`argv` on a node, seen from the cluster's namespaces."""
    return ("nsenter", f"--net=/run/netns/{name}", f"--uts=/run/uts/{name}", *argv)


def _fresh(folder: str) -> TopologyStep:
    return TopologyStep(("mount", "-t", "tmpfs", "-o", "mode=755", "cluster", folder))


def _matched(family: Family) -> str:
    return {4: "ip", 6: "ip6"}[family.version]


def _forwarding(on: tuple[str, ...], ip: tuple[int, ...]) -> TopologyStep:
    settings = {4: "net.ipv4.ip_forward=1", 6: "net.ipv6.conf.all.forwarding=1"}
    return TopologyStep((*on, "sysctl", "-qw", *(settings[family.version] for family in families_on_links(ip))))


def _fabric(ip: tuple[int, ...]) -> Iterator[str]:
    yield "link set lo up"
    yield f"link add {FABRIC} type bridge stp_state 0 forward_delay 0 mcast_snooping 0"
    yield f"link set {FABRIC} up"
    for family in families_on_links(ip):
        yield _address(family, family.api, FABRIC)


def _link(node: NodeSpec) -> Iterator[str]:
    yield f"netns add {node.name}"
    yield f"link add {node.port} type veth peer name {NODE_DEVICE} netns {node.name}"
    yield f"link set {node.port} master {FABRIC} up"
    yield from (_route_to_pods(family, node) for family in families_on_links(node.ip))


def _node_network(node: NodeSpec, nodes: tuple[NodeSpec, ...]) -> Iterator[str]:
    yield "link set lo up"
    yield f"link set {NODE_DEVICE} up"
    for family in families_on_links(node.ip):
        yield _address(family, family.of_node(node.number), NODE_DEVICE)
        yield f"route add {family.anywhere} via {family.api}"
        yield from (_route_to_pods(family, other) for other in nodes if other != node)


def _address(family: Family, address: str, device: str) -> str:
    return f"address add {address}/{family.prefix} dev {device}{' nodad' if family.version == 6 else ''}"


def _route_to_pods(family: Family, node: NodeSpec) -> str:
    return f"route add {family.pods_of_node(node.number)} via {family.of_node(node.number)}"


def _shape(device: str, rate: Rate | None) -> str:
    if rate is None:
        return f"qdisc delete dev {device} root"
    return f"qdisc replace dev {device} root {shaper(rate)}"


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(lines)
