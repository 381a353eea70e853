"""The lab as the commands that build it. Pure: nothing runs here, so they can be shown before they run.

A bridge in the fabric's namespace, one veth per node. Rates are shaped on both ends of each veth. Loss happens at the
receiving node's prerouting hook: a drop in the sender's kernel would slow the sender down instead of losing packets.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from clearway.base.units import Duration, Rate, Ratio, Size
from clearway.site.lab.model import LabNode, LabSpec

LISTING_ARGV = ("nft", "-j", "list", "set", "inet", "loss", "dropped")
"""The command that prints the counters on a node."""

_HERE = {"family": "inet", "table": "loss"}
_TRANSPORTS: dict[str | int, str] = {6: "tcp", 17: "udp"}
_NUMGEN_RANGE = 1_000_000
"""nftables draws whole numbers: losses are exact to one packet in a million."""
_TRANSPORT_AND_PORT = {"concat": [{"meta": {"key": "l4proto"}}, {"payload": {"protocol": "th", "field": "dport"}}]}


def loss_rules(loss: Ratio) -> dict[str, Any]:
    """Drop this share of arriving packets; drops are counted by transport and destination port."""
    arriving = [
        _match("!=", {"meta": {"key": "iifname"}}, "lo"),
        _match("<=", {"numgen": {"mode": "random", "mod": _NUMGEN_RANGE, "offset": 0}}, _highest_lost(loss)),
        {"goto": {"target": "lost"}},
    ]
    counted = [
        _match("==", {"meta": {"key": "l4proto"}}, {"set": ["tcp", "udp"]}),
        {"set": {"op": "update", "elem": _TRANSPORT_AND_PORT, "set": "@dropped", "stmt": [{"counter": None}]}},
    ]
    hook = {"type": "filter", "hook": "prerouting", "prio": -300, "policy": "accept"}
    return {
        "nftables": [
            {"add": {"table": {"family": "inet", "name": "loss"}}},
            {"add": {"set": {**_HERE, "name": "dropped", "type": ["inet_proto", "inet_service"], "size": 65_535}}},
            {"add": {"chain": {**_HERE, "name": "lost"}}},
            {"add": {"chain": {**_HERE, "name": "arriving", **hook}}},
            {"add": {"rule": {**_HERE, "chain": "lost", "expr": counted}}},
            {"add": {"rule": {**_HERE, "chain": "lost", "expr": [{"counter": None}, {"drop": None}]}}},
            {"add": {"rule": {**_HERE, "chain": "arriving", "expr": arriving}}},
        ]
    }


def _highest_lost(loss: Ratio) -> int:
    """Random numbers start at 0."""
    return max(1, round(loss.si * _NUMGEN_RANGE)) - 1


def _match(relation: str, left: Any, right: Any) -> dict[str, Any]:
    return {"match": {"op": relation, "left": left, "right": right}}


def drops(listing: str) -> dict[tuple[str, int], int]:
    """Drops in the output of LISTING_ARGV: (transport, destination port) -> packets."""
    found = next(entry["set"] for entry in json.loads(listing)["nftables"] if "set" in entry)
    elements = [item["elem"] for item in found.get("elem", [])]
    return {_named(*item["val"]["concat"]): item["counter"]["packets"] for item in elements}


def _named(transport: str | int, port: int) -> tuple[str, int]:
    """nft writes a protocol's number where the machine has no /etc/protocols to name it by."""
    return _TRANSPORTS.get(transport, str(transport)), port


BRIDGE = "fabric"
NODE_DEVICE = "eth0"

_NETWORKS = {4: ("198.18.0.", 24), 6: ("2001:2::", 64)}
"""The ranges reserved for benchmarks: RFC 2544 and RFC 5180."""

_QUEUE = "latency 50ms"
"""Long enough that no TCP flow starves at a full queue, short enough that latency stays measurable."""
_LEAST_BURST = Size(128 * 1024)
"""Two of the largest packets (64 KiB) that a device with segmentation offload passes on."""
_PAUSE = Duration(0.01)
"""How long the machine may stop without the link losing any of its rate: the burst makes up for it."""

_DELAYED_PACKETS = 100_000
"""netem drops what exceeds its limit: enough for 100 ms at 10 Gbit/s."""


@dataclass(frozen=True)
class TopologyStep:
    """One command of the build and what it reads on its standard input."""

    argv: tuple[str, ...]
    text: str = ""

    def as_shell(self) -> str:
        """A line of a script to read, or to run in `unshare -mn`."""
        command = shlex.join(self.argv)
        return f"{command} <<'END'\n{self.text}\nEND" if self.text else command


@dataclass(frozen=True)
class Addresses:
    """How the nodes of one address family are numbered."""

    family: int

    def of(self, node: LabNode) -> str:
        base, _ = _NETWORKS[self.family]
        return f"{base}{node.number:x}" if self.family == 6 else f"{base}{node.number}"


def build_steps(lab: LabSpec) -> tuple[TopologyStep, ...]:
    """Everything that makes the lab's network, in order, seen from the fabric's namespace."""
    nodes = lab.resolved()
    return (
        TopologyStep(("mount", "-t", "tmpfs", "-o", "mode=755", "lab", "/run")),
        TopologyStep(("ip", "-batch", "-"), "\n".join(_fabric_links(nodes))),
        *(_node_addresses(node, Addresses(lab.ip)) for node in nodes),
        *_shaping(nodes),
        *(
            TopologyStep(in_node(node.name, ("nft", "-j", "-f", "-")), json.dumps(loss_rules(node.link.loss)))
            for node in nodes
            if node.link.loss.si > 0
        ),
    )


def in_node(node: str, argv: Iterable[str]) -> tuple[str, ...]:
    """`argv` on a node. Not `ip netns exec`, which mounts a new /sys and hides the cgroups."""
    return ("nsenter", f"--net=/run/netns/{node}", *argv)


def port_of(node: LabNode) -> str:
    """The bridge's end of a node's veth."""
    return f"port-{node.number}"


def _fabric_links(nodes: tuple[LabNode, ...]) -> Iterator[str]:
    yield f"link add {BRIDGE} type bridge stp_state 0 forward_delay 0 mcast_snooping 0"
    yield f"link set {BRIDGE} mtu {max(node.link.mtu for node in nodes)} addrgenmode none up"
    for node in nodes:
        port, mtu = port_of(node), node.link.mtu
        yield f"netns add {node.name}"
        yield f"link add {port} mtu {mtu} type veth peer name {NODE_DEVICE} mtu {mtu} netns {node.name}"
        yield f"link set {port} master {BRIDGE} addrgenmode none up"


def _node_addresses(node: LabNode, addresses: Addresses) -> TopologyStep:
    _, prefix = _NETWORKS[addresses.family]
    no_probing = " nodad" if addresses.family == 6 else ""
    lines = (
        "link set lo up",
        f"link set {NODE_DEVICE} addrgenmode none up",
        f"address add {addresses.of(node)}/{prefix} dev {NODE_DEVICE}{no_probing}",
    )
    return TopologyStep(("ip", "-n", node.name, "-batch", "-"), "\n".join(lines))


def _shaping(nodes: tuple[LabNode, ...]) -> Iterator[TopologyStep]:
    towards_nodes = [
        f"qdisc add dev {port_of(node)} root {shaper(node.link.rate)}" for node in nodes if node.link.rate is not None
    ]
    if towards_nodes:
        yield TopologyStep(("tc", "-batch", "-"), "\n".join(towards_nodes))
    for node in nodes:
        if queues := tuple(_leaving(node.link.rate, node.link.delay)):
            yield TopologyStep(("tc", "-n", node.name, "-batch", "-"), "\n".join(queues))


def _leaving(rate: Rate | None, delay: Duration | None) -> Iterator[str]:
    """netem comes before the shaper: packets queue for the link after their delay."""
    root = "root"
    if delay is not None:
        yield f"qdisc add dev {NODE_DEVICE} root handle 1: netem delay {delay.si * 1e6:.0f}us limit {_DELAYED_PACKETS}"
        root = "parent 1:1 handle 10:"
    if rate is not None:
        yield f"qdisc add dev {NODE_DEVICE} {root} {shaper(rate)}"


def shaper(rate: Rate) -> str:
    """The queueing discipline that lets so much through, in tc's words."""
    burst = max(_LEAST_BURST.si, rate.si / 8 * _PAUSE.si)
    return f"tbf rate {rate.si:.0f}bit burst {burst:.0f}b {_QUEUE}"
