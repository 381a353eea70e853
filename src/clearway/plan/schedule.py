"""Tests -> probes and rounds, in the order in which they will run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from clearway.base.units import Rate
from clearway.engine.table import DEFAULT_ENGINES
from clearway.pairing.base import Rounds
from clearway.pairing.table import rounds_of
from clearway.plan.failing import broken_during
from clearway.plan.findings import PairedTest
from clearway.plan.model import Plan
from clearway.plan.pace import check_limits, paced
from clearway.plan.parameters import background_window, links, parameters, window
from clearway.plan.zones import partners, zone_findings
from clearway.probe.parameters import TcpParameters
from clearway.probe.records import Finding, Inventory, Pair, Probe, Role, Round
from clearway.spec.model import Background, Spec, Test


def make_plan(spec: Spec, inventory: Inventory) -> Plan:
    """The whole plan; the same spec and inventory give the same one.

    Raises UsageError for what this inventory can't give (an unknown node, a share of an unknown link), and for what
    `max-rate` does not leave room for.
    """
    known = links(spec, inventory)
    rounds: list[Round] = []
    findings: list[Finding] = list(zone_findings(inventory))
    broken = broken_during(spec, inventory)
    for test in spec.tests:
        candidates = partners(test, inventory, spec.workers_per_node)
        rounds_found = rounds_of(test.pairing, test, candidates, spec.seed)
        paired = PairedTest(test, candidates, rounds_found, known, broken.get(test.name, ()))
        rounds += _held_back(_rounds(paired), paired, spec.max_rate)
        findings += paired.findings
    return Plan(tuple(rounds), tuple(findings))


def _rounds(paired: PairedTest) -> Iterator[Round]:
    """Every repeat goes through all rounds before the next one begins: a pair's repeats are apart in time."""
    test = paired.test
    at_once = _one_by_one(paired.rounds) if test.isolated else paired.rounds
    digits = max(2, len(str(len(at_once) * test.repeats.min)))
    numbered = enumerate(((repeat, pairs) for repeat in range(test.repeats.min) for pairs in at_once), start=1)
    for number, (repeat, pairs) in numbered:
        probes = tuple(probe for pair in pairs for probe in _probes(paired, pair, repeat))
        yield Round(f"{test.name}-{number:0{digits}}", test.name, probes)


def _held_back(rounds: Iterator[Round], paired: PairedTest, most: Rate | None) -> Iterator[Round]:
    if most is None:
        yield from rounds
        return
    for round_ in rounds:
        probes = paced(round_.probes, most)
        check_limits(paired.test, probes, paired.links)
        yield replace(round_, probes=probes)


def _one_by_one(rounds: Rounds) -> Rounds:
    return [[pair] for round_ in rounds for pair in round_]


def _probes(paired: PairedTest, pair: Pair, repeat: int) -> Iterator[Probe]:
    """The probe of a pair and, if the test wants one, the load beside it."""
    test, (sender, receiver) = paired.test, pair
    name = f"{test.name}/{sender}>{receiver}#{repeat}"
    from_server = test.protocol == "http"
    probe = Probe(
        id=name,
        test=test.name,
        client=receiver if from_server else sender,
        server=sender if from_server else receiver,
        engine=test.engine_name,
        parameters=parameters(test, paired.links.between(pair)),
        window=window(test),
        repeat=repeat,
        role=_role(paired, pair),
        background=f"{name}+background" if test.background else None,
        sender=sender if from_server else None,
        family=test.family,
    )
    yield probe
    if test.background is not None:
        yield _load(test, test.background, probe)


def _load(test: Test, background: Background, probe: Probe) -> Probe:
    """Bulk TCP the way that the probe's own data goes."""
    assert probe.background is not None
    return Probe(
        id=probe.background,
        test=test.name,
        client=probe.source,
        server=probe.target,
        engine=DEFAULT_ENGINES["tcp"].name,
        parameters=TcpParameters(background.streams),
        window=background_window(test),
        repeat=probe.repeat,
        role=Role.BACKGROUND,
        family=probe.family,
    )


def _role(paired: PairedTest, pair: Pair) -> Role:
    if any(slot.node in paired.broken for slot in pair):
        return Role.EXPOSED
    asked = paired.test.scope != "any" or paired.test.judge_cross_zone
    return Role.JUDGED if asked or not paired.partners.cross(*pair) else Role.REPORTED
