"""What a plan cannot see: the faults that a real network may have and that none of its tests would show."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from clearway.base.units import Duration
from clearway.pairing.table import PAIRINGS
from clearway.plan.model import Plan
from clearway.probe.records import Inventory, Reason, Role
from clearway.spec.model import Spec, Test

MEMBERS = 24
"""UDP flows that meet a given one of eight links or paths with 96 %: 1 - (7/8)^24."""
MANY_STREAMS = 4
"""TCP streams beside which a single one shows a limit per flow."""
LONG = Duration(60)
"""A bandwidth test that outlasts the burst credit of a usual policer or small cloud machine."""


def unseen(spec: Spec, plan: Plan, inventory: Inventory) -> tuple[Reason, ...]:
    """One reason for each kind of fault, what concerns most roads first."""
    return (*_roads(plan, inventory), *(reason for find in _KINDS for reason in find(spec.tests)))


def _roads(plan: Plan, inventory: Inventory) -> Iterator[Reason]:
    """Ordered pairs of nodes that no probe joins."""
    nodes = len(inventory.nodes)
    measured = {
        (probe.source.node, probe.target.node)
        for probe in plan.probes
        if probe.role is not Role.BACKGROUND and probe.source.node != probe.target.node
    }
    missing = nodes * (nodes - 1) - len(measured)
    if missing > 0:
        yield Reason("unseen.roads", {"roads": missing, "all": nodes * (nodes - 1)})


def _one_way(tests: Iterable[Test]) -> Iterator[Reason]:
    names = [test.name for test in tests if test.direction == "forward" and PAIRINGS[test.pairing].directed]
    if names:
        yield Reason("unseen.other-direction", {"tests": tuple(names)})


def _single_flow(tests: Iterable[Test]) -> Iterator[Reason]:
    streams = {test.streams for test in tests if test.protocol == "tcp"}
    if streams and not (1 in streams and max(streams) >= MANY_STREAMS):
        yield Reason("unseen.single-flow")


def _members(tests: Iterable[Test]) -> Iterator[Reason]:
    if not any(test.protocol == "udp" and test.flows >= MEMBERS for test in tests):
        yield Reason("unseen.members", {"flows": MEMBERS})


def _credit(tests: Iterable[Test]) -> Iterator[Reason]:
    longest = max((test.duration for test in tests if test.protocol == "tcp"), default=None)
    if longest is not None and longest < LONG:
        yield Reason("unseen.credit", {"longest": longest})


def _full_load(tests: Iterable[Test]) -> Iterator[Reason]:
    if not any(test.background is not None for test in tests):
        yield Reason("unseen.full-load")


def _loss(tests: Iterable[Test]) -> Iterator[Reason]:
    if not any(test.protocol == "udp" for test in tests):
        yield Reason("unseen.loss")


def _content(tests: Iterable[Test]) -> Iterator[Reason]:
    """No tool compares the content of what arrives with what was sent: a checksum that agrees is believed."""
    yield Reason("unseen.content")


_KINDS: tuple[Callable[[Iterable[Test]], Iterator[Reason]], ...] = (
    _one_way,
    _full_load,
    _loss,
    _single_flow,
    _members,
    _credit,
    _content,
)
