"""Tests -> who measures against whom, probes with their parameters, and rounds in the order in which they will run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from clearway.base.errors import UsageError
from clearway.base.quantity_text import exact_text
from clearway.base.units import Duration, Frequency, Rate
from clearway.engine.table import DEFAULT_ENGINES
from clearway.pairing.base import Member, PairScope, Partners, Rounds
from clearway.pairing.table import DEFAULT_PAIRING, PAIRINGS
from clearway.plan.model import Links, PairedTest, Plan, broken_during, zones
from clearway.plan.pace import check_limits, paced
from clearway.probe.parameters import (
    HttpParameters,
    Parameters,
    RoundTripParameters,
    TcpParameters,
    UdpParameters,
    Window,
)
from clearway.probe.paths import PATHS, TrafficPath
from clearway.probe.records import Finding, Inventory, Node, Pair, Probe, Role, Round, Severity, Slot
from clearway.probe.slot import POD
from clearway.spec.criteria import LinkShare
from clearway.spec.ladder import side_by_side
from clearway.spec.model import Background, Spec, Test


def make_plan(spec: Spec, inventory: Inventory) -> Plan:
    """The whole plan; the same spec and inventory give the same one.

    Raises UsageError for what this inventory can't give (an unknown node, a share of an unknown link), and for what
    `max-rate` does not leave room for.
    """
    known = known_links(spec, inventory)
    rounds: list[Round] = []
    findings: list[Finding] = [*(inventory.findings or ()), *zone_findings(inventory), *_of_pods(spec, inventory)]
    broken = broken_during(spec, inventory)
    for tests in side_by_side(spec.tests):
        paired = [_paired(test, spec, inventory, known, broken) for test in tests]
        rounds += _in_turns([tuple(_rounds(one, spec.max_rate)) for one in paired])
        findings += [finding for one in paired for finding in one.findings]
    return Plan(tuple(rounds), tuple(findings))


def _paired(
    test: Test, spec: Spec, inventory: Inventory, links: Links, broken: Mapping[str, tuple[str, ...]]
) -> PairedTest:
    candidates = partners(test, inventory, spec.workers_per_node)
    rounds = PAIRINGS[test.pairing].rounds_of(test, candidates, spec.chance)
    across = _across_zones(test, spec, inventory)
    return PairedTest(test, candidates, rounds, links, broken.get(test.name, ()), across)


def _in_turns(tests: Sequence[tuple[Round, ...]]) -> Iterator[Round]:
    """A round of each test, then the next of each. Each turn begins with another one: none has a place of its own."""
    for turn, rounds in enumerate(zip(*tests, strict=True)):
        first = turn % len(rounds)
        yield from (*rounds[first:], *rounds[:first])


def _of_pods(spec: Spec, inventory: Inventory) -> Iterator[Finding]:
    """What pods may be refused: whether a node's kernel lets them choose is seen only once a worker is there."""
    for test in spec.tests:
        if inventory.in_pods and test.congestion is not None:
            yield Finding("plan.congestion-in-pods", Severity.WARNING, test.name, {"congestion": test.congestion})


def _across_zones(test: Test, spec: Spec, inventory: Inventory) -> Rounds:
    """One round that loads every node that has a partner in another zone, where the test shows those roads."""
    if not test.show_cross_zone:
        return []
    shown = test.model_copy(update={"scope": "cross-zone", "direction": "forward", "pairs": None})
    candidates = partners(shown, inventory, spec.workers_per_node)
    return DEFAULT_PAIRING.rounds_of(shown, candidates, spec.chance)[:1]


def _rounds(paired: PairedTest, most: Rate | None) -> Iterator[Round]:
    """Every repeat goes through all rounds before the next one begins: a pair's repeats are apart in time."""
    test = paired.test
    at_once, across = (_at_once(test, rounds) for rounds in (paired.rounds, paired.across))
    wanted = [(repeat, pairs) for repeat in range(test.repeats.min) for pairs in at_once]
    wanted += [(0, pairs) for pairs in across]
    turns = (_idle, _probes) if test.against_idle else (_probes,)
    rounds = [(measure, repeat, pairs) for repeat, pairs in wanted for measure in turns]
    digits = max(2, len(str(len(rounds))))
    for number, (measure, repeat, pairs) in enumerate(rounds, start=1):
        probes = tuple(probe for pair in pairs for probe in measure(paired, pair, repeat))
        if most is not None:
            probes = paced(probes, most)
            check_limits(test, probes, paired.links)
        if probes:
            yield Round(f"{test.name}-{number:0{digits}}", test.name, probes)


def _at_once(test: Test, rounds: Rounds) -> Rounds:
    return [[pair] for round_ in rounds for pair in round_] if test.isolated else rounds


def _probes(paired: PairedTest, pair: Pair, repeat: int) -> Iterator[Probe]:
    """The probe of a pair and, if the test has one, its background."""
    test = paired.test
    from_server = test.protocol == "http"
    sender, receiver = _in_networks(pair, PATHS[test.path or POD], from_server=from_server)
    name = f"{test.name}/{sender}>{receiver}{'' if test.search is None else '@0'}#{repeat}"
    parameters = probe_parameters(test, paired.links.between(pair))
    highest = parameters.rate if test.search is not None and isinstance(parameters, UdpParameters) else None
    probe = Probe(
        id=name,
        test=test.name,
        client=receiver if from_server else sender,
        server=sender if from_server else receiver,
        engine=test.engine_name,
        parameters=parameters,
        window=Window(test.warm_up, test.duration),
        repeat=repeat,
        step=None if highest is None else exact_text(highest),
        role=_role(paired, pair),
        background=f"{name}+background" if test.background else None,
        sender=sender if from_server else None,
        path=test.path or POD,
        family=test.family,
    )
    yield probe
    if test.background is not None:
        yield _background(test, test.background, probe)


def _idle(paired: PairedTest, pair: Pair, repeat: int) -> Iterator[Probe]:
    """The probe of a pair without its background; none of a node that is broken meanwhile."""
    loaded = next(_probes(paired, pair, repeat))
    if loaded.role is Role.EXPOSED:
        return
    name = loaded.id.replace(f"{paired.test.name}/", f"{paired.test.name}/idle ", 1)
    yield replace(loaded, id=name, role=Role.IDLE, background=None)


def _in_networks(pair: Pair, path: TrafficPath, *, from_server: bool) -> Pair:
    """Sender and receiver, each in the network that the path has its end in."""
    ends = (path.server, path.client) if from_server else (path.client, path.server)
    sender, receiver = (replace(slot, network=network) for slot, network in zip(pair, ends, strict=True))
    return sender, receiver


def _background(test: Test, background: Background, probe: Probe) -> Probe:
    """Bulk TCP in the direction of the probe's own data."""
    assert probe.background is not None
    return Probe(
        id=probe.background,
        test=test.name,
        client=probe.source,
        server=probe.target,
        engine=DEFAULT_ENGINES["tcp"].name,
        parameters=TcpParameters(background.streams),
        window=Window(test.warm_up, test.duration + _BACKGROUND_TAIL),
        repeat=probe.repeat,
        role=Role.BACKGROUND,
        path=POD if probe.sender and PATHS[probe.path].service else probe.path,
        family=probe.family,
    )


def _role(paired: PairedTest, pair: Pair) -> Role:
    if any(slot.node in paired.broken for slot in pair):
        return Role.EXPOSED
    return Role.JUDGED if paired.judges(pair) else Role.REPORTED


_BACKGROUND_TAIL = Duration(1)
"""How much longer the background sends: the judged probe must not end on a path that is already empty, and the starts
of a round differ by far less than this."""


def known_links(spec: Spec, inventory: Inventory) -> Links:
    """The spec's rate, else what the site knows of each node."""
    return Links({node.name: spec.link or node.link for node in inventory.nodes})


def probe_parameters(test: Test, link: Rate | None) -> Parameters:
    """Raises UsageError where a UDP rate is missing or is a share of an unknown link."""
    if test.protocol == "tcp":
        return TcpParameters(test.streams, test.congestion, test.buffer)
    if test.protocol == "http":
        return HttpParameters(test.connections, test.body, test.rate if isinstance(test.rate, Frequency) else None)
    if test.protocol == "round-trip":
        return RoundTripParameters(test.message, test.transport)
    rate = _udp_rate(test, link)
    flows = test.flows if test.flows > 1 else None
    if test.buffer is None:
        return UdpParameters(rate, test.datagram, flows=flows)
    return UdpParameters(rate, test.datagram, test.buffer, flows)


def _udp_rate(test: Test, link: Rate | None) -> Rate:
    if isinstance(test.rate, Rate):
        return test.rate
    if not isinstance(test.rate, LinkShare):
        raise UsageError("plan.rate-missing", test=test.name)
    if link is None:
        raise UsageError("plan.link-unknown", test=test.name, share=test.rate.share)
    return link * test.rate.share.si


def partners(test: Test, inventory: Inventory, workers_per_node: int) -> Partners:
    """A node of unknown zone is no candidate where the zone matters."""
    return Partners(
        scope=test.scope,
        groups=_groups(test.scope, inventory, workers_per_node),
        machines={node.name: node.on_machine for node in inventory.nodes},
        zones=zones(inventory),
    )


def zone_findings(inventory: Inventory) -> tuple[Finding, ...]:
    """What the zone labels leave open."""
    unlabelled = tuple(node.name for node in inventory.nodes if not node.zone)
    if len(unlabelled) == len(inventory.nodes):
        return (Finding("plan.one-zone", Severity.INFO, values={"nodes": len(unlabelled)}),)
    return tuple(Finding("plan.zone-unknown", Severity.WARNING, name) for name in unlabelled)


def _groups(scope: PairScope, inventory: Inventory, workers: int) -> tuple[tuple[Member, ...], ...]:
    if scope == "same-node":
        return tuple(tuple((slot,) for slot in _slots(node, workers)) for node in inventory.nodes)
    if scope == "any":
        return (tuple(_slots(node, workers) for node in inventory.nodes),)
    known, by_zone = zones(inventory), dict[str, list[Member]]()
    for node in inventory.nodes:
        if (zone := known[node.name]) is not None:
            by_zone.setdefault(zone, []).append(_slots(node, workers))
    if scope == "same-zone":
        return tuple(tuple(members) for members in by_zone.values())
    return (tuple(member for members in by_zone.values() for member in members),)


def _slots(node: Node, workers: int) -> Member:
    return tuple(Slot(node.name, index) for index in range(workers))
