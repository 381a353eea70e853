"""The faults that can be planted. Quantities are in the units of clearway; shares are of packets."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from clearway.base.units import Duration, Rate, Ratio, Size
from faults.model import HIT, Ends, Fault, Span

_COUNTED = f"counter name {HIT}"
_DROPPED = f"{_COUNTED} drop"
_FLOW = "ip saddr . ip daddr . th sport . th dport"
_OF_FLOWS = "meta l4proto { tcp, udp }"
_SHARES = 1_000_000
"""How finely shares of packets are told apart."""


@dataclass(frozen=True)
class Outage(Fault):
    """Every packet is dropped."""

    def rule(self, name: str, ends: Ends) -> str:
        return _DROPPED


@dataclass(frozen=True)
class Flap(Fault):
    """Several outages of `length`, one every `period` seconds."""

    after: float = 0.0
    length: float = 0.3
    times: int = 5
    period: float = 2.0

    def spans(self) -> tuple[Span, ...]:
        begins = [self.after + number * self.period for number in range(self.times)]
        return tuple(Span(begin, begin + self.length) for begin in begins)

    def rule(self, name: str, ends: Ends) -> str:
        return _DROPPED


@dataclass(frozen=True)
class LinkDown(Fault):
    """The receiver's link has no carrier, for all traffic of that node, both ways.

    The counter has the packets that the sender sent meanwhile. Commands begin and end it, so a busy machine may move
    it by some milliseconds.
    """

    def rule(self, name: str, ends: Ends) -> str:
        return _COUNTED

    def as_begun(self, ends: Ends) -> str:
        return f"ip link set {ends.receiver.device} down"

    def as_over(self, ends: Ends) -> str:
        return f"ip link set {ends.receiver.device} up"


@dataclass(frozen=True)
class Loss(Fault):
    """A share of the packets is dropped, by chance; `what` narrows them, in nft's words."""

    share: Ratio = Ratio(0.01)
    what: str = ""

    def rule(self, name: str, ends: Ends) -> str:
        return f"{self.what} {_by_chance(self.share)} {_DROPPED}"


@dataclass(frozen=True)
class SynLoss(Fault):
    """A share of the first packets of TCP connections is dropped."""

    share: Ratio = Ratio(0.1)

    def rule(self, name: str, ends: Ends) -> str:
        return f"tcp flags & (syn | ack) == syn {_by_chance(self.share)} {_DROPPED}"


@dataclass(frozen=True)
class Reset(Fault):
    """A firewall that has forgotten its connections: it answers every TCP packet of theirs with a reset."""

    def rule(self, name: str, ends: Ends) -> str:
        return f"tcp flags & (syn | rst) == 0 {_COUNTED} reject with tcp reset"


@dataclass(frozen=True)
class FlowLoss(Fault):
    """One member of a bundle is bad: the flows that a hash of their five-tuple sends over it lose a share."""

    share: Ratio = Ratio(0.03)
    members: int = 8
    bad: int = 0

    def rule(self, name: str, ends: Ends) -> str:
        member = f"jhash {_FLOW} mod {self.members} seed 0x1 == {self.bad}"
        return f"{_OF_FLOWS} {member} {_by_chance(self.share)} {_DROPPED}"


@dataclass(frozen=True)
class FlowPolicer(Fault):
    """Each flow is limited by itself: what exceeds the rate is dropped."""

    rate: Rate = Rate(24e6)
    burst: Size = Size(256 * 1024)

    def tables(self) -> str:
        return "set flows { typeof ip saddr . ip daddr . tcp sport . tcp dport; size 65535; flags dynamic; }"

    def rule(self, name: str, ends: Ends) -> str:
        return f"{_OF_FLOWS} update @flows {{ {_FLOW} {_over(self.rate, self.burst)} }} {_DROPPED}"


@dataclass(frozen=True)
class Policer(Fault):
    """All traffic of the road, or one transport's, is limited together: what exceeds the rate is dropped."""

    rate: Rate = Rate(60e6)
    burst: Size = Size(128 * 1024)
    transport: str | None = None

    def rule(self, name: str, ends: Ends) -> str:
        only = f"meta l4proto {self.transport}" if self.transport else ""
        return f"{only} {_over(self.rate, self.burst)} {_DROPPED}"


@dataclass(frozen=True)
class BurstCredit(Fault):
    """The road is fast until its credit is used up; then it carries only the sustained rate, which refills it."""

    rate: Rate = Rate(30e6)
    credit: Size = Size(160e6)

    def rule(self, name: str, ends: Ends) -> str:
        return f"{_over(self.rate, self.credit)} {_DROPPED}"


@dataclass(frozen=True)
class BlackHole(Fault):
    """IP packets above a size vanish, and no message says so."""

    above: Size = Size(1400)

    def rule(self, name: str, ends: Ends) -> str:
        return f"ip length > {self.above.si:.0f} {_DROPPED}"


@dataclass(frozen=True)
class ArpSilence(Fault):
    """The sender gets no answer to its question for the receiver's hardware address, and does not know it any more."""

    def traffic(self, ends: Ends) -> str:
        return f"ether type arp arp daddr ip {ends.receiver.address}"

    def rule(self, name: str, ends: Ends) -> str:
        return _DROPPED

    def before(self, name: str, ends: Ends) -> str:
        return self.as_begun(ends)

    def as_begun(self, ends: Ends) -> str:
        # The sender may not know it yet.
        return f"ip -n {ends.sender.node} neigh del {ends.receiver.address} dev eth0 2>/dev/null || true"


@dataclass(frozen=True)
class Duplication(Fault):
    """Every so many packets, one is delivered twice; 1: all are."""

    every: int = 1

    def rule(self, name: str, ends: Ends) -> str:
        return f'numgen inc mod {self.every} == 0 {_COUNTED} dup to "{ends.receiver.device}"'


@dataclass(frozen=True)
class Corruption(Fault):
    """Every so many packets of a transport, two bytes of the payload change, and no checksum notices it.

    It is what a memory error does behind checksum offload. The bytes lie `at` byte into the payload.
    """

    every: int = 100
    at: int = 600
    transport: str = "tcp"

    def rule(self, name: str, ends: Ends) -> str:
        long = f"ip protocol {self.transport} ip length > {self.at + 100}"
        return f"{long} numgen inc mod {self.every} == 0 @ih,{self.at * 8},16 set 0xdead {_COUNTED}"


@dataclass(frozen=True)
class Reordering(Fault):
    """Every so many packets, one is held back and overtaken by those behind it."""

    every: int = 20
    hold: Duration = Duration(0.005)

    def rule(self, name: str, ends: Ends) -> str:
        return f'numgen inc mod {self.every} == 0 {_COUNTED} fwd to "{name}-in"'

    def before(self, name: str, ends: Ends) -> str:
        holding = Path(__file__).with_name("hold.py")
        return (
            f"{_detour(name)}\n"
            f"{sys.executable} -S {holding} {name}-out {ends.receiver.device} {self.hold.si} >/run/{name}.pid"
        )

    def behind(self, name: str, ends: Ends) -> str:
        return f"kill $(cat /run/{name}.pid)\nip link del {name}-in"


@dataclass(frozen=True)
class SlowDirection(Fault):
    """One direction has a lower rate than the other: its packets queue for it."""

    rate: Rate = Rate(20e6)

    def rule(self, name: str, ends: Ends) -> str:
        return f'{_COUNTED} fwd to "{name}-in"'

    def before(self, name: str, ends: Ends) -> str:
        return f"""
{_detour(name)}
tc qdisc add dev {name}-in root tbf rate {self.rate.si:.0f}bit burst 128k latency 50ms
nft -f - <<'END'
table netdev {name}-exit {{
  chain road {{
    type filter hook ingress device "{name}-out" priority 0;
    fwd to "{ends.receiver.device}"
  }}
}}
END"""

    def behind(self, name: str, ends: Ends) -> str:
        return f"nft delete table netdev {name}-exit\nip link del {name}-in"


def _by_chance(share: Ratio) -> str:
    return f"numgen random mod {_SHARES} <= {share.si * _SHARES - 1:.0f}"


def _over(rate: Rate, burst: Size) -> str:
    return f"limit rate over {rate.si / 8:.0f} bytes/second burst {burst.si:.0f} bytes"


def _detour(name: str) -> str:
    """A way beside the bridge."""
    return f"ip link add {name}-in type veth peer name {name}-out\nip link set {name}-in up\nip link set {name}-out up"
