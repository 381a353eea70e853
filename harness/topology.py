"""The cluster's machines as the commands that make them: fabrics, and a network and a host name a node.

All of it lives in one mount, pid and network namespace, and ends with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from clearway.base.units import Rate
from clearway.site.lab.topology import TopologyStep, shaper
from harness.spec import MAIN, STORAGE, Fabric, Family, NodeSpec, families_on_links

NODES = Path("/run/nodes")
"""Where nodes keep what they need: on a tmpfs that ends with the cluster."""

_BLOCKING = "blocked_by_harness"
_OWN_FOLDERS = ("/run", "/var/log", "/var/lib/cni", "/etc/cni")
"""What the programs write outside of their own folders."""


def fabric_steps(ip: tuple[int, ...]) -> Iterator[TopologyStep]:
    """What the control plane needs: folders of its own and the network that all links meet in.

    The second fabric costs nothing where no node has a link to it.
    """
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


def shaping_steps(nodes: Iterable[NodeSpec], rate: Rate | None, fabric: Fabric = MAIN) -> Iterator[TopologyStep]:
    """Every node's link to a fabric at `rate` in both directions; None takes the shaping away."""
    for node in nodes:
        yield TopologyStep(("tc", "-force", "-batch", "-"), _shape(fabric.port(node.number), rate))
        yield TopologyStep(("tc", "-n", node.name, "-force", "-batch", "-"), _shape(fabric.device, rate))


def link_step(node: NodeSpec, state: str, fabric: Fabric = MAIN) -> TopologyStep:
    """A node's link to a fabric pulled out ("down") or put back ("up")."""
    return TopologyStep(("ip", "link", "set", fabric.port(node.number), state))


def block_step(receiver: NodeSpec, sender: NodeSpec) -> TopologyStep:
    """The sender's pods no longer reach the receiver."""
    senders = [f"{matched(family)} saddr {family.pods_of_node(sender.number)}" for family in sender.families]
    rules = (
        f"table inet {_BLOCKING} {{",
        "chain arriving {",
        "type filter hook prerouting priority raw",
        *(f"{sender} counter drop" for sender in senders),
        "}",
        "}",
    )
    return TopologyStep(on_node(receiver.name, ("nft", "-f", "-")), _lines(rules))


def hush_step(node: NodeSpec) -> TopologyStep:
    """The node no longer says that a packet is too big for the way on: what makes a smaller MTU a black hole."""
    rules = (
        f"table inet {_BLOCKING} {{",
        "chain leaving {",
        "type filter hook output priority raw",
        "icmp type destination-unreachable icmp code frag-needed counter drop",
        "icmpv6 type packet-too-big counter drop",
        "}",
        "}",
    )
    return TopologyStep(on_node(node.name, ("nft", "-f", "-")), _lines(rules))


def unblock_step(node: NodeSpec) -> TopologyStep:
    return TopologyStep(on_node(node.name, ("nft", "delete", "table", "inet", _BLOCKING)))


def on_node(name: str, argv: Iterable[str]) -> tuple[str, ...]:
    """`argv` on a node, seen from the cluster's namespaces."""
    return ("nsenter", f"--net=/run/netns/{name}", f"--uts=/run/uts/{name}", *argv)


def matched(family: Family) -> str:
    """What rules of nftables call its packets."""
    return {4: "ip", 6: "ip6"}[family.version]


def _fresh(folder: str) -> TopologyStep:
    return TopologyStep(("mount", "-t", "tmpfs", "-o", "mode=755", "cluster", folder))


def _forwarding(on: tuple[str, ...], ip: tuple[int, ...]) -> TopologyStep:
    settings = {4: "net.ipv4.ip_forward=1", 6: "net.ipv6.conf.all.forwarding=1"}
    return TopologyStep((*on, "sysctl", "-qw", *(settings[family.version] for family in families_on_links(ip))))


def _fabric(ip: tuple[int, ...]) -> Iterator[str]:
    yield "link set lo up"
    for fabric in (MAIN, STORAGE):
        yield f"link add {fabric.name} type bridge stp_state 0 forward_delay 0 mcast_snooping 0"
        yield f"link set {fabric.name} up"
    for family in families_on_links(ip):
        yield _address(family.version, f"{family.api}/{family.prefix}", MAIN.name)


def _link(node: NodeSpec) -> Iterator[str]:
    yield f"netns add {node.name}"
    for fabric in node.fabrics:
        port = fabric.port(node.number)
        yield f"link add {port} type veth peer name {fabric.device} netns {node.name}"
        yield f"link set {port} master {fabric.name} up"
    yield from (_route_to_pods(family, node) for family in families_on_links(node.ip))


def _node_network(node: NodeSpec, nodes: tuple[NodeSpec, ...]) -> Iterator[str]:
    yield "link set lo up"
    yield from (f"link set {fabric.device} up" for fabric in node.fabrics)
    for family in families_on_links(node.ip):
        for fabric in node.fabrics:
            yield _address(family.version, fabric.address(family.version, node.number), fabric.device)
        yield f"route add {family.anywhere} via {family.api}"
        if node.overlay is None:
            yield from (_route_to_pods(family, other) for other in nodes if other != node)


def _address(version: int, address: str, device: str) -> str:
    return f"address add {address} dev {device}{' nodad' if version == 6 else ''}"


def _route_to_pods(family: Family, node: NodeSpec) -> str:
    return f"route add {family.pods_of_node(node.number)} via {family.of_node(node.number)}"


def _shape(device: str, rate: Rate | None) -> str:
    if rate is None:
        return f"qdisc delete dev {device} root"
    return f"qdisc replace dev {device} root {shaper(rate)}"


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(lines)
