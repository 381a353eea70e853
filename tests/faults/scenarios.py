"""Faults that real networks have, each on a pair of its own, and what an acceptance has to make of them.

Zones keep the pairs apart, so one run carries several faults that do not meet, and pairs without any. What the run says
of one fault is judged from its own pair and the sound ones alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from clearway.base.units import Duration, Rate, Ratio, Size
from clearway.site.lab.model import LabSpec, Link
from faults.at_nodes import Damage, SilentNeighbour, SmallReceiveBuffer, WrongNeighbour
from faults.kinds import (
    ArpSilence,
    BlackHole,
    BurstCredit,
    Duplication,
    Flap,
    FlowLoss,
    FlowPolicer,
    LinkDown,
    Loss,
    Outage,
    Policer,
    Reordering,
    SlowDirection,
    SynLoss,
)
from faults.model import Fault
from faults.rounds import InRounds, as_planned, in_test
from faults.scaled import one_way, scaled
from faults.trial import Acceptance, acceptance

LATENCY = "latency under load"
LINK = Rate(100e6)
HALF = 0.5
"""Tests half as long as the profile's: 2,500 answers."""

ACCEPTED = (0,)
REJECTED = (1,)
NOT_ACCEPTED = (1, 3)
"""The fault keeps the tool from measuring: an acceptance may leave the pair undecided."""


@dataclass(frozen=True)
class Scenario:
    """A fault, a pattern of what a report says of its pair, the cause that is named first, and how a run may end."""

    name: str
    fault: Fault | InRounds
    cause: str
    says: str = ""
    exits: tuple[int, ...] = REJECTED

    @property
    def planted(self) -> Fault:
        return self.fault.fault if isinstance(self.fault, InRounds) else self.fault

    @property
    def nodes(self) -> tuple[str, str]:
        return self.planted.sender, self.planted.receiver


_ROAD = ("", "")
"""`placed` says between which nodes."""
_BANDWIDTH = "bandwidth"

MOMENTS = (
    Scenario(
        "link down for 1 s, latency",
        InRounds(LinkDown(*_ROAD, 3.5, 1.0), in_test(LATENCY)),
        "outage",
        "above the limit",
    ),
    Scenario(
        "dead for 3 s once, latency",
        InRounds(Outage(*_ROAD, 3.0, 3.0), as_planned(LATENCY)),
        "outage",
        "above the limit",
    ),
    Scenario(
        "3 outages of 0.8 s", InRounds(Flap(*_ROAD, 2.5, 0.8, 3, 1.5), in_test(LATENCY)), "outage", "above the limit"
    ),
    Scenario(
        "dead for 1 s, bandwidth",
        InRounds(Outage(*_ROAD, 3.5, 1.0), in_test(_BANDWIDTH)),
        "outage",
        "above the limit of 200 ms",
    ),
    Scenario(
        "5 outages of 300 ms",
        InRounds(Flap(*_ROAD, 2.2, 0.3, 5, 0.9), in_test(_BANDWIDTH)),
        "outage",
        "above the limit of 200 ms",
    ),
    Scenario(
        "ARP silent at first contact",
        InRounds(ArpSilence(*_ROAD, -2.0, 3.0), as_planned(_BANDWIDTH)),
        "silent-neighbour",
        "had no answer",
        NOT_ACCEPTED,
    ),
    # Of the 13 connections that the pair's tests make, one in ten would spare all in every fourth run.
    Scenario(
        "one SYN in two lost",
        SynLoss(*_ROAD, share=Ratio(0.5)),
        "lost-connections",
        "had no answer|never answered",
        NOT_ACCEPTED,
    ),
    Scenario("every packet twice", Duplication(*_ROAD), "copied", "the limit of 0.1 %"),
)
KINDS = (
    Scenario(
        "nothing above 1,400 byte",
        BlackHole(*_ROAD),
        "large-packets",
        "8 of 8 flows connected and then carried nothing",
    ),
    Scenario(
        "one way at 1.6 % of the link",
        SlowDirection(*_ROAD, rate=LINK * 0.016),
        "full-queue",
        # Eight flows share 1.6 Mbit/s: now and then one of them gets nothing in the whole window.
        "Mbit/s below the limit of 50|of 8 flows connected and then carried nothing",
    ),
    Scenario(
        "TCP policed at 64 %", Policer(*_ROAD, rate=LINK * 0.64, transport="tcp"), "policer", "of its segments again"
    ),
    Scenario("UDP policed at 10 %", Policer(*_ROAD, rate=LINK * 0.1, transport="udp"), "policer", "the limit of 0.1 %"),
    Scenario("1 % lost one way", Loss(*_ROAD, share=Ratio(0.01)), "road-drops", "the limit of 0.1 %"),
    Scenario(
        "one flow in four loses 3 %",
        FlowLoss(*_ROAD, members=4),
        "bundle-member",
        "of 32 UDP flows lost .* one member of a bundle",
    ),
    Scenario(
        "24 % of the link for a flow",
        FlowPolicer(*_ROAD, rate=LINK * 0.24),
        "flow-limit",
        "a single flow gets",
        ACCEPTED,
    ),
    # Held back for 5 ms, one in 20 brings the jitter to its limit of 1 ms.
    Scenario(
        "one packet in 20 overtaken",
        Reordering(*_ROAD, hold=Duration(0.003)),
        "overtaken",
        "after one that was sent later",
        ACCEPTED,
    ),
)
SUSTAINED = (
    Scenario(
        "burst credit of 60 MB",
        BurstCredit(*_ROAD, rate=LINK * 0.6, credit=Size(60e6)),
        "burst-credit",
        "last third",
        ACCEPTED,
    ),
)


AT_NODES = (
    Scenario("a receive buffer of 2 kB", SmallReceiveBuffer(*_ROAD), "receive-window"),
    Scenario("another hardware address", WrongNeighbour(*_ROAD), "wrong-neighbour"),
    Scenario("no answer to ARP", SilentNeighbour(*_ROAD), "silent-neighbour"),
    Scenario("one packet in 20 damaged", Damage(*_ROAD, every=20), "damaged-packets"),
    Scenario("nothing passes", Outage(*_ROAD), "dead-road"),
)
"""Only their causes are looked at."""


@dataclass(frozen=True)
class Group:
    """Scenarios that one run carries: at most one for each pair but the last."""

    scenarios: tuple[Scenario, ...]
    spec: Callable[[float], str]
    """With tests so many times as long as the profile's."""


PAIRS = 10
LAB = LabSpec(nodes=2 * PAIRS, zones=PAIRS, link=Link(rate=LINK))


def _pair(place: int) -> tuple[str, str]:
    return f"node-{2 * place + 1}", f"node-{2 * place + 2}"


SOUND = _pair(PAIRS - 1)
"""The pair that never has a fault."""


def placed(scenarios: Sequence[Scenario]) -> tuple[Scenario, ...]:
    """Each on the pair of nodes of its place."""
    return tuple(_on(one, *_pair(place)) for place, one in enumerate(scenarios))


def _on(scenario: Scenario, sender: str, receiver: str) -> Scenario:
    fault = replace(scenario.planted, sender=sender, receiver=receiver)
    inside = scenario.fault
    return replace(scenario, fault=replace(inside, fault=fault) if isinstance(inside, InRounds) else fault)


async def run(folder: Path, group: Group, times: float = HALF) -> Acceptance:
    """An acceptance of all scenarios of a group at once."""
    return await acceptance(folder, group.spec(times), LAB, [one.fault for one in group.scenarios])


def alone(found: Acceptance, scenario: Scenario) -> Acceptance:
    """The run as it had been with this fault only."""
    return found.of(*scenario.nodes, *SOUND)


def said_of(found: Acceptance, scenario: Scenario) -> list[str]:
    """What the report says of the scenario's pair, either way."""
    here, there = scenario.nodes
    return [line for line in found.text.splitlines() if f"{here} -> {there}" in line or f"{there} -> {here}" in line]


_TWO_STREAMS = """
version: 1
attempts: 2
tests:
- {name: bandwidth, protocol: tcp, streams: 2, duration: 3s, warm-up: 1s}
"""
_STANDARD = partial(scaled, "standard", LINK)
SOUND_ROADS = Group((), _STANDARD)
GROUPS: Mapping[str, Group] = {
    "moments": Group(placed(MOMENTS), _STANDARD),
    "kinds": Group(placed(KINDS), _STANDARD),
    "sustained": Group(placed(SUSTAINED), partial(one_way, "thorough", "sustained bandwidth", LINK)),
}
OF_CAUSES: Mapping[str, Group] = {**GROUPS, "at nodes": Group(placed(AT_NODES), lambda times: _TWO_STREAMS)}
