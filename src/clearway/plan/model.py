"""What is going to be measured, in which order, with which nodes broken, and what a reader has to know about it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from clearway.base.errors import UsageError
from clearway.base.units import Rate
from clearway.pairing.base import Partners, Rounds
from clearway.pairing.table import PAIRINGS
from clearway.probe.paths import PATHS, WantedServices
from clearway.probe.records import Finding, Inventory, Node, Pair, Probe, Role, Round, Severity, Slot
from clearway.spec.criteria import LinkShare
from clearway.spec.faults import closest
from clearway.spec.model import Spec, Test


@dataclass(frozen=True, slots=True)
class Links:
    """Rate of each node's link; None where it is unknown."""

    rates: Mapping[str, Rate | None]

    def between(self, pair: Pair) -> Rate | None:
        """The slower of both ends' links; None unless both are known."""
        ends = [self.rates[slot.node] for slot in pair]
        known = [rate for rate in ends if rate is not None]
        return min(known) if len(known) == len(ends) else None

    @property
    def unknown(self) -> tuple[str, ...]:
        return tuple(name for name, rate in self.rates.items() if rate is None)


def zones(inventory: Inventory) -> dict[str, str | None]:
    """Node name -> zone. Without any label all nodes are one zone; None is unknown beside known ones."""
    labelled = any(node.zone for node in inventory.nodes)
    return {node.name: (node.zone or None) if labelled else _THE_ONLY_ZONE for node in inventory.nodes}


_THE_ONLY_ZONE = ""


def wanted_nodes(spec: Spec, inventory: Inventory) -> Inventory:
    """The inventory of the nodes that the spec names, else of all. Raises UsageError for one that is not there."""
    if not spec.nodes:
        return inventory
    known = tuple(node.name for node in inventory.nodes)
    if missing := tuple(name for name in spec.nodes if name not in known):
        raise UsageError("plan.no-such-node", node=missing[0], suggestion=closest(missing[0], known))
    return replace(inventory, nodes=tuple(node for node in inventory.nodes if node.name in spec.nodes))


@dataclass(frozen=True, slots=True)
class Plan:
    rounds: tuple[Round, ...]
    findings: tuple[Finding, ...] = ()
    """What a reader has to know about it: zones, nodes left out, rates above the link."""

    @property
    def probes(self) -> Iterator[Probe]:
        return (probe for round_ in self.rounds for probe in round_.probes)

    @property
    def slots(self) -> tuple[Slot, ...]:
        """Every worker that has to be started, sorted."""
        return tuple(sorted({slot for probe in self.probes for slot in probe.pair}))

    @property
    def services(self) -> WantedServices:
        """The workers that are reached through a Service, with the names of these paths."""
        through = {(probe.server, probe.path) for probe in self.probes if PATHS[probe.path].service}
        return {slot: frozenset(path for server, path in through if server == slot) for slot, _ in through}

    def pairs(self, test: str, role: Role = Role.JUDGED) -> tuple[Pair, ...]:
        """The distinct pairs of a test that are judged (or have that other role), in order of measuring."""
        mine = (probe for probe in self.probes if probe.test == test and probe.role is role)
        return tuple(dict.fromkeys(probe.pair for probe in mine))


@dataclass(frozen=True, slots=True)
class PairedTest:
    """A test with its pairs."""

    test: Test
    partners: Partners
    rounds: Rounds
    links: Links
    broken: tuple[str, ...] = ()
    """Nodes that are broken on purpose meanwhile."""
    across: Rounds = field(default_factory=list)
    """Pairs across zones that are only shown, measured once."""

    @property
    def findings(self) -> Iterator[Finding]:
        if not self.rounds:
            yield Finding("plan.no-pairs", Severity.ERROR, self.test.name, {"scope": self.test.scope})
            return
        pairs = {pair for round_ in self.rounds for pair in round_}
        if self.test.accept and not any(map(self.judges, pairs)):
            yield Finding("plan.none-judged", Severity.WARNING, self.test.name, {"pairs": len(pairs)})
        yield from self._uncovered()
        for alone, partner in PAIRINGS[self.test.pairing].leftovers(self.test, self.rounds):
            values = {"test": self.test.name, "partner": partner.node}
            yield Finding("plan.leftover-pair", Severity.INFO, alone.node, values)
        yield from self._above_link()
        yield from self._unknown_limits()
        if self.broken:
            broken = {"nodes": self.broken, "count": len(self.broken)}
            yield Finding("plan.nodes-broken", Severity.WARNING, self.test.name, broken)

    def judges(self, pair: Pair) -> bool:
        """Pairs across zones are judged only where the spec asks."""
        asked = self.test.scope in ("cross-zone", "same-node") or self.test.judge_cross_zone
        return asked or not self.partners.cross(*pair)

    def _uncovered(self) -> Iterator[Finding]:
        covered = {slot.node for round_ in self.rounds for pair in round_ for slot in pair}
        missing = [node for node in self.partners.machines if node not in covered]
        partnerless = [node for node in missing if not self._has_partner(node)]
        for node in partnerless:
            yield Finding("plan.no-partner", Severity.WARNING, node, {"test": self.test.name})
        rest = tuple(node for node in missing if node not in partnerless)
        if rest and self.test.pairs is None:
            values = {"nodes": rest, "count": len(rest)}
            yield Finding("plan.not-covered", Severity.WARNING, self.test.name, values)

    def _has_partner(self, node: str) -> bool:
        for group in self.partners.groups:
            mine = [member[0] for member in group if member[0].node == node]
            if any(self.partners.allowed(slot, member[0]) for slot in mine for member in group):
                return True
        return False

    def _above_link(self) -> Iterator[Finding]:
        rate = self.test.rate
        known = [link for round_ in self.rounds for pair in round_ if (link := self.links.between(pair))]
        if isinstance(rate, Rate) and known and rate > min(known):
            values = {"rate": rate, "link": min(known)}
            yield Finding("plan.rate-above-link", Severity.WARNING, self.test.name, values)

    def _unknown_limits(self) -> Iterator[Finding]:
        for criterion in self.test.accept:
            if isinstance(criterion.limit, LinkShare) and (nodes := self.links.unknown):
                values = {"criterion": criterion.text, "nodes": nodes, "count": len(nodes)}
                yield Finding("plan.limit-link-unknown", Severity.WARNING, self.test.name, values)


CONTROL_PLANE = "control-plane"
"""Key in the facts of a node of the control plane."""


def breakable(nodes: Sequence[Node], exclude: Sequence[str] = ()) -> tuple[str, ...]:
    """Names of the nodes that may be broken at all, sorted."""
    return tuple(sorted(node.name for node in nodes if CONTROL_PLANE not in node.facts and node.name not in exclude))


def drawn(nodes: Sequence[str], seed: int, size: Callable[[int], int]) -> Iterator[tuple[str, ...]]:
    """Nodes wave by wave, none of them twice, until none is left; `size` has a wave's by how many are left."""
    left = random.Random(seed).sample(sorted(nodes), len(nodes))
    while left and (count := min(size(len(left)), len(left))) > 0:
        wave, left = left[:count], left[count:]
        yield tuple(sorted(wave))


def broken_during(spec: Spec, inventory: Inventory) -> Mapping[str, tuple[str, ...]]:
    """The nodes that are broken during each test `when: failing`: the same for those that stand together.

    Raises UsageError if the share is less than a node, or there are too few nodes.
    """
    if spec.chaos is None:
        return {}
    wanted = [
        tuple(test.name for test in tests)
        for when, tests in groupby(spec.tests, lambda test: test.when)
        if when == "failing"
    ]
    if not wanted:
        return {}
    if (size := int(spec.chaos.nodes.si * len(inventory.nodes) + 1e-9)) == 0:
        raise UsageError("plan.share-below-a-node", share=spec.chaos.nodes, nodes=len(inventory.nodes))
    found = list(drawn(breakable(inventory.nodes, spec.chaos.exclude), spec.chance, lambda _: size))
    full = [wave for wave in found if len(wave) == size]
    if len(full) < len(wanted):
        raise UsageError("plan.too-few-to-break", needed=size * len(wanted), found=sum(map(len, found)))
    return {test: nodes for nodes, tests in zip(full, wanted, strict=False) for test in tests}
