"""Faults of a node's own system. They lie in its network namespace; the counter has the packets of the road."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from faults.kinds import ArpSilence
from faults.model import HIT, Ends, Fault

_CHECKSUM = 16 * 8
"""Bit of the TCP header at which it begins. What nft changes elsewhere in a packet, it sums up anew."""
_SWITCHES = Path(__file__).with_name("offloads_off.py")


@dataclass(frozen=True)
class SmallReceiveBuffer(Fault):
    """The receiver's sockets take in a few segments at a time."""

    at_start: ClassVar[bool] = True

    def rule(self, name: str, ends: Ends) -> str:
        return f"counter name {HIT}"

    def before(self, name: str, ends: Ends) -> str:
        return in_node(ends.receiver.node, "sysctl -qw net.ipv4.tcp_rmem='2304 2304 2304'")


@dataclass(frozen=True)
class WrongNeighbour(Fault):
    """The sender has another hardware address for the receiver, as if a second device with its address had answered."""

    at_start: ClassVar[bool] = True
    found: str = "02:00:00:00:be:ef"

    def rule(self, name: str, ends: Ends) -> str:
        return f"counter name {HIT}"

    def before(self, name: str, ends: Ends) -> str:
        entry = f"{ends.receiver.address} lladdr {self.found} dev eth0 nud permanent"
        return f"ip -n {ends.sender.node} neigh replace {entry}"


@dataclass(frozen=True)
class SilentNeighbour(ArpSilence):
    """The receiver never answers the question for its hardware address."""

    at_start: ClassVar[bool] = True


@dataclass(frozen=True)
class Damage(Fault):
    """Of every so many large TCP segments one has a wrong checksum, and no device takes it for right."""

    at_start: ClassVar[bool] = True
    every: int = 20

    def rule(self, name: str, ends: Ends) -> str:
        large = f"ip protocol tcp ip length > 700 numgen inc mod {self.every} == 0"
        return f"{large} @th,{_CHECKSUM},16 set 0xdead counter name {HIT}"

    def before(self, name: str, ends: Ends) -> str:
        switched_off = f"{sys.executable} -S {_SWITCHES}"
        return "\n".join(
            (
                in_node(ends.sender.node, f"{switched_off} eth0"),
                f"{switched_off} {ends.sender.device}",
                in_node(ends.receiver.node, f"{switched_off} eth0"),
            )
        )


def in_node(node: str, command: str) -> str:
    """A shell command, run in a node's network."""
    return f"nsenter --net=/run/netns/{node} {command}"
