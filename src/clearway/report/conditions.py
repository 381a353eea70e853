"""The conditions of a run: what a reader needs to measure the same again. A value that differs names its nodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from clearway.base.units import UP, Duration, Rounding
from clearway.diagnose.clocks import clock_errors
from clearway.diagnose.resources import kills, observers
from clearway.ledger.record import Record
from clearway.probe.records import Role
from clearway.report.document import ConditionPart
from clearway.report.phrases import Phrases

_FACTS = ("kernel", "cpus", "congestion", "qdisc", "link-speed")
_MANY = 4
"""Distinct values, or nodes, shown before the rest are only counted."""
_SHORT = 80
"""Characters, one line of a terminal: values that are shorter together are all shown."""
_ByNode = Mapping[str, str]


def conditions(record: Record, phrases: Phrases) -> Iterator[ConditionPart]:
    for name, shown in (*_of_run(record, phrases), *_of_nodes(record, phrases)):
        if shown:
            yield _condition(name, shown, phrases)
    yield _condition("out-of-memory", _kills(record, phrases), phrases)
    for name, shown in _of_starts(record, phrases):
        yield _condition(name, shown, phrases)


def _of_run(record: Record, phrases: Phrases) -> Iterator[tuple[str, str]]:
    inventory = record.inventory
    yield "seed", str(record.spec.chance)
    yield "nodes", str(len(inventory.nodes))
    yield "zones", _list(sorted({node.zone for node in inventory.nodes if node.zone}), phrases)
    links = {node.name: str(node.link) for node in inventory.nodes if node.link}
    yield "links", _by_node(links, phrases)
    yield "site-versions", _list([f"{name} {version}" for name, version in inventory.versions.items()], phrases)


def _of_nodes(record: Record, phrases: Phrases) -> Iterator[tuple[str, str]]:
    """What the workers found; all workers of a node find the same."""
    tools = dict.fromkeys(tool for worker in record.workers for tool in worker.versions)
    versions = (
        {w.slot.node: f"{tool} {w.versions[tool]}" for w in record.workers if tool in w.versions} for tool in tools
    )
    yield "tools", ", ".join(_by_node(found, phrases) for found in versions)
    yield "mtu", _by_node({worker.slot.node: str(worker.mtu) for worker in record.workers}, phrases)
    yield "path-mtu", _path_mtus(record, phrases)
    for fact in _FACTS:
        yield fact, _by_node({w.slot.node: w.facts[fact] for w in record.workers if fact in w.facts}, phrases)


def _path_mtus(record: Record, phrases: Phrases) -> str:
    """Each size that was found, the smallest first, with the number of its roads."""
    sizes = Counter(int(road.mtu.si) for road in record.road_mtus.values() if road.mtu is not None)
    return _list(
        [phrases.say("condition-value.roads", size=size, roads=sizes[size]) for size in sorted(sizes)], phrases
    )


def _of_starts(record: Record, phrases: Phrases) -> Iterator[tuple[str, str]]:
    """Without the right to see packets a worker knows the latest moment before its start: no figure for a report."""
    starts = _starts(record)
    if not starts:
        return
    if all("packets" in worker.facts for worker in record.workers):
        spread, latest = max(map(_spread, starts)), max(one.after for times in starts for one in times)
        for name, seconds in (("start-spread", spread), ("start-latest", latest)):
            yield name, Duration(seconds).shown(Rounding(UP)).text
    else:
        yield "start-latest", phrases.say("condition-value.unseen-start")


def _by_node(found: _ByNode, phrases: Phrases) -> str:
    """One value for all, or `node-3: 1400, the other 7: 1500`."""
    nodes: dict[str, list[str]] = {}
    for node, value in found.items():
        nodes.setdefault(value, []).append(node)
    if len(nodes) < 2 or len(nodes) > _MANY:
        return _list(nodes, phrases)
    usual = max(nodes, key=lambda value: len(nodes[value]))
    if len(nodes[usual]) == 1:
        return "; ".join(_named(nodes[value], value, phrases) for value in nodes)
    others = [_named(nodes[value], value, phrases) for value in nodes if value != usual]
    rest = phrases.say("condition-value.others", count=len(nodes[usual]), value=usual)
    return "; ".join([*others, rest])


def _named(nodes: list[str], value: str, phrases: Phrases) -> str:
    return phrases.say("condition-value.of-nodes", nodes=_list(nodes, phrases), value=value)


def _list(values: Iterable[str], phrases: Phrases) -> str:
    distinct = list(dict.fromkeys(values))
    if len(distinct) <= _MANY or sum(map(len, distinct)) < _SHORT:
        return ", ".join(distinct)
    return phrases.say("report.and-more", shown=tuple(distinct[:_MANY]), more=len(distinct) - _MANY)


@dataclass(frozen=True)
class _WatchedStart:
    """Seconds from a round's instant to a judged probe's first data, and by how much the worker's clock may be off."""

    after: float
    error: float


def _starts(record: Record) -> list[list[_WatchedStart]]:
    """Of each round, where they were watched."""
    judged = {probe.id for round_ in record.plan for probe in round_.probes if probe.role is Role.JUDGED}
    errors, rounds = clock_errors(record), dict[str, list[_WatchedStart]]()
    for result, _, slot in record.halves:
        if result.probe in judged and result.timing is not None and result.timing.first_data is not None:
            start = _WatchedStart(result.timing.first_data.si, errors.get(slot, Duration(0)).si)
            rounds.setdefault(result.round, []).append(start)
    return list(rounds.values())


def _spread(starts: list[_WatchedStart]) -> float:
    """The widest that is possible, with what is not known of the clocks."""
    return max(one.after + one.error for one in starts) - min(one.after - one.error for one in starts)


def _kills(record: Record, phrases: Phrases) -> str:
    """How many kills were seen, and what looked."""
    looked = tuple(phrases.reason(one) for one in observers(record))
    if not looked:
        return phrases.say("oom.not-observed")
    count = sum(1 for _ in kills(record))
    return phrases.say("oom.seen" if count else "oom.none-seen", count=count, observers=looked)


def _condition(name: str, value: str, phrases: Phrases) -> ConditionPart:
    return ConditionPart(name=name, label=phrases.say(f"condition-label.{name}"), value=value)
