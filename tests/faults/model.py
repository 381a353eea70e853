"""What a planted fault is: rules for the packets of one road, in force within spans of time, with a counter.

All rules lie in the fabric, where the packets of the sending node enter it: behind the sender's own queue, so that the
sender does not notice a drop, and before the receiver's. The kernel checks the time of a rule for each packet, so a
busy machine does not move a fault. A packet is what the kernel passes on as one: up to 64 KiB of one TCP stream.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar, NamedTuple, Self

from clearway.site.lab.model import LabSpec
from clearway.site.lab.topology import Addresses, port_of

HIT = "hit"
"""The counter of a fault: the packets that it acted on."""


class Span(NamedTuple):
    """Seconds after the instant that the fault is planted for; `end` None: until it is taken away."""

    begin: float
    end: float | None

    def matching(self, instant: float) -> str:
        begin = _kernel_time(instant + self.begin)
        return f"meta time >= {begin}" if self.end is None else f"meta time {begin}-{_kernel_time(instant + self.end)}"


def _kernel_time(unix: float) -> int:
    """The number that nft turns into this time.

    nft reads whole seconds and multiplies them by 10^9 in 64 bits. The overflow makes all multiples of 2^9 ns
    reachable, because 10^9 is 2^9 times an odd number, which has an inverse.
    """
    return (round(unix * 1e9) >> 9) * pow(5**9, -1, 1 << 55) % (1 << 55)


class Port(NamedTuple):
    """A node's place in the fabric."""

    node: str
    device: str
    address: str


class Ends(NamedTuple):
    sender: Port
    receiver: Port


def port(lab: LabSpec, node: str) -> Port:
    (found,) = [one for one in lab.resolved() if one.name == node]
    return Port(node, port_of(found), Addresses(lab.ip).of(found))


@dataclass(frozen=True)
class Fault(ABC):
    """A fault of the road from one node to another. Without `after` it acts from planting until it is taken away."""

    sender: str
    receiver: str
    after: float | None = None
    """Seconds after the instant."""
    length: float | None = None
    """Seconds; None: until it is taken away."""

    at_start: ClassVar[bool] = False
    """Whether it takes so long to plant that it has to be there before the first round is announced."""

    @abstractmethod
    def rule(self, name: str, ends: Ends) -> str:
        """Which packets of the road it acts on, the counter, and what happens to them, as nft writes it."""

    def traffic(self, ends: Ends) -> str:
        """What is on the road at all."""
        return f"ip daddr {ends.receiver.address}"

    def spans(self) -> tuple[Span, ...]:
        if self.after is None:
            return ()
        return (Span(self.after, None if self.length is None else self.after + self.length),)

    def tables(self) -> str:
        """Sets that the rule fills."""
        return ""

    def before(self, name: str, ends: Ends) -> str:
        """A shell script for the fabric, run before the rules are added."""
        return ""

    def behind(self, name: str, ends: Ends) -> str:
        """A shell script for the fabric, run after the rules are taken away."""
        return ""

    def as_begun(self, ends: Ends) -> str:
        """A shell script for the fabric, run when a span begins."""
        return ""

    def as_over(self, ends: Ends) -> str:
        """A shell script for the fabric, run when a span ends."""
        return ""

    def other_way(self) -> Self:
        """The same fault from the receiver to the sender."""
        return replace(self, sender=self.receiver, receiver=self.sender)

    def table(self, name: str, ends: Ends, instant: float) -> str:
        """What nft reads."""
        whens = [span.matching(instant) for span in self.spans()] or [""]
        rules = [f"{self.traffic(ends)} {when} {self.rule(name, ends)}" for when in whens]
        return f"""
table netdev {name} {{
  counter {HIT} {{ }}
  {self.tables()}
  chain road {{
    type filter hook ingress device "{ends.sender.device}" priority 0;
    {_lines(rules)}
  }}
}}
"""


def both_ways(fault: Fault) -> tuple[Fault, Fault]:
    return fault, fault.other_way()


def _lines(lines: Iterable[str]) -> str:
    return "\n    ".join(lines)
