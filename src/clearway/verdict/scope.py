"""What part of the network a verdict is about: how many of its roads were judged, within a zone and across zones."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from clearway.ledger.record import Record
from clearway.plan.model import zones
from clearway.probe.records import Outcome, Pair, Role
from clearway.verdict.attempt import outcome
from clearway.verdict.model import Roads, VerdictScope
from clearway.verdict.trials import TrialIndex

_Road = tuple[str, str]
"""Names of the node that sends and the node that receives."""


def scope_of(index: TrialIndex, tests: Collection[str]) -> VerdictScope:
    """Of these tests together. A road counts as judged only if each of them that judges it knows it."""
    network = index.record.derived(_network)
    asked = [(test, pair) for test in tests for pair in index.pairs(test)]
    unknown = {pair for test, pair in asked if not _is_known(index, test, pair)}
    known = {pair for _, pair in asked} - unknown
    judged = network.roads_of(known) - network.roads_of(unknown)
    shown = network.roads_of(_shown(index, tests)) - judged
    zone = network.zones
    same = {road for road in judged | shown if zone[road[0]] is not None and zone[road[0]] == zone[road[1]]}
    across = network.roads - network.roads_in_zones
    return VerdictScope(
        same_zone=Roads(total=network.roads_in_zones, judged=len(judged & same), shown=len(shown & same)),
        cross_zone=Roads(total=across, judged=len(judged - same), shown=len(shown - same)),
        nodes=len(network.machines),
        nodes_covered=len({slot.node for pair in known for slot in pair}),
    )


def _is_known(index: TrialIndex, test: str, pair: Pair) -> bool:
    """A value that may be judged, or evidence that breaks the pair by itself."""
    tried = index.attempts[test, pair]
    proven = any(index.counts(trial) or outcome(trial) is Outcome.UNREACHABLE for trial in tried)
    return proven or bool(index.evidence(tried).breaking)


def _shown(index: TrialIndex, tests: Collection[str]) -> Iterator[Pair]:
    for trial in index.record.trials:
        only_shown = trial.probe.role in (Role.REPORTED, Role.EXPOSED)
        if only_shown and trial.probe.test in tests and index.is_figure(trial):
            yield trial.probe.pair


@dataclass(frozen=True)
class _Network:
    """Of one run: the same for the run and for each of its tests."""

    machines: Mapping[str, str]
    """By node."""
    zones: Mapping[str, str | None]
    """By node."""
    roads: int
    roads_in_zones: int

    def roads_of(self, pairs: Iterable[Pair]) -> set[_Road]:
        """Pairs inside a machine use no road of the network."""
        found = {(sender.node, receiver.node) for sender, receiver in pairs}
        return {road for road in found if self.machines[road[0]] != self.machines[road[1]]}


def _network(record: Record) -> _Network:
    machines = {node.name: node.on_machine for node in record.inventory.nodes}
    known, by_zone = zones(record.inventory), defaultdict[str, list[str]](list)
    for name, zone in known.items():
        if zone is not None:
            by_zone[zone].append(machines[name])
    return _Network(machines, known, _count(machines.values()), sum(map(_count, by_zone.values())))


def _count(machines: Collection[str]) -> int:
    """Roads between nodes on these machines, counted without listing them."""
    return len(machines) ** 2 - sum(count**2 for count in Counter(machines).values())
