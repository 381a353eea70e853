"""Numbered datagrams from one node of a lab to another, by plain sockets: what came, and when."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from clearway.site.lab.model import LabSpec
from clearway.site.lab.site import LabSite
from faults.model import port

_PROGRAM = str(Path(__file__).with_name("datagrams.py"))
_PATIENCE = "0.5"


class Arrival(NamedTuple):
    flow: int
    """Source port."""
    number: int
    at: float
    """Unix seconds, by the kernel of the receiver."""
    intact: bool


@dataclass(frozen=True)
class Exchange:
    """Datagrams 0, 1, ... `count` - 1 of each flow were sent."""

    count: int
    flows: int
    arrivals: tuple[Arrival, ...]

    @property
    def missing(self) -> int:
        return self.count * self.flows - len({arrival[:2] for arrival in self.arrivals})

    @property
    def by_flow(self) -> list[int]:
        """How many came of each flow, fewest first; a flow of which none came is 0."""
        came = sorted(Counter(arrival.flow for arrival in self.arrivals).values())
        return [0] * (self.flows - len(came)) + came

    @property
    def gaps(self) -> list[range]:
        """Numbers of a single flow that did not come, in one piece each."""
        came = sorted({-1, self.count, *(arrival.number for arrival in self.arrivals)})
        return [range(last + 1, next_) for last, next_ in pairwise(came) if next_ > last + 1]

    @property
    def overtaken(self) -> int:
        """Datagrams that came after one with a higher number."""
        highest, late = -1, 0
        for arrival in self.arrivals:
            late += arrival.number < highest
            highest = max(highest, arrival.number)
        return late


async def exchange(
    site: LabSite,
    lab: LabSpec,
    sender: str,
    receiver: str,
    *,
    count: int,
    pause: float = 0.001,
    size: int = 200,
    flows: int = 1,
    to: int = 7001,
) -> Exchange:
    """At least one has to come."""
    receiving = asyncio.ensure_future(_run(site, receiver, "receive", str(to), _PATIENCE))
    async with asyncio.timeout(10):
        while f":{to} " not in (await site.execute(receiver, ("ss", "-Hlun"))).stdout:
            pass
    address = port(lab, receiver).address
    await _run(site, sender, "send", address, *map(str, (to, count, pause, size, flows)))
    came = json.loads(await receiving)
    return Exchange(count, flows, tuple(Arrival(*one) for one in came))


async def _run(site: LabSite, node: str, *words: str) -> str:
    ran = await site.execute(node, (sys.executable, "-S", _PROGRAM, *words), timeout=60)
    assert ran.exit == 0, ran
    return ran.stdout
