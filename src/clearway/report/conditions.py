"""The conditions of a whole run: versions, hosts, and how well everybody started at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from clearway.base.units import Duration
from clearway.ledger.record import Record
from clearway.probe.records import Role
from clearway.report.document import ConditionPart
from clearway.report.oom import memory_condition
from clearway.report.phrases import Phrases

_FACTS = ("kernel", "cpus", "congestion", "qdisc", "link-speed")
_MANY = 4
"""Distinct values shown before the rest are only counted."""


def conditions(record: Record, phrases: Phrases) -> Iterator[ConditionPart]:
    """What a reader needs to measure the same again."""
    for name, values in _found(record):
        if shown := _list(values, phrases):
            yield ConditionPart(name=name, label=phrases.say(f"condition-label.{name}"), value=shown)
    memory = memory_condition(record, phrases)
    yield ConditionPart(name="out-of-memory", label=phrases.say("condition-label.out-of-memory"), value=memory)
    if starts := _starts(record):
        spread = max(max(times) - min(times) for times in starts)
        yield _duration("start-spread", spread, phrases)
        yield _duration("start-latest", max(max(times) for times in starts), phrases)


def _found(record: Record) -> Iterator[tuple[str, Iterable[str]]]:
    yield "nodes", [str(len(record.inventory.nodes))]
    yield "zones", sorted({node.zone for node in record.inventory.nodes if node.zone})
    yield "links", [str(node.link) for node in record.inventory.nodes if node.link]
    yield "site-versions", [f"{name} {version}" for name, version in record.inventory.versions.items()]
    yield "tools", [f"{tool} {version}" for worker in record.workers for tool, version in worker.versions.items()]
    yield "mtu", [str(worker.mtu) for worker in record.workers]
    for fact in _FACTS:
        yield fact, [worker.facts[fact] for worker in record.workers if fact in worker.facts]


def _list(values: Iterable[str], phrases: Phrases) -> str:
    distinct = list(dict.fromkeys(values))
    if len(distinct) <= _MANY or _all_short(distinct):
        return ", ".join(distinct)
    return phrases.say("report.and-more", shown=tuple(distinct[:_MANY]), more=len(distinct) - _MANY)


def _all_short(values: list[str]) -> bool:
    return sum(map(len, values)) < 80


def _starts(record: Record) -> list[list[float]]:
    """A round each: seconds from the instant to each judged probe's first data, where it was watched."""
    judged = {probe.id for round_ in record.plan for probe in round_.probes if probe.role is Role.JUDGED}
    rounds: dict[str, list[float]] = {}
    for result in record.results:
        if result.probe in judged and result.timing is not None and result.timing.first_data is not None:
            rounds.setdefault(result.round, []).append(result.timing.first_data.si)
    return list(rounds.values())


def _duration(name: str, seconds: float, phrases: Phrases) -> ConditionPart:
    return ConditionPart(name=name, label=phrases.say(f"condition-label.{name}"), value=str(Duration(seconds)))
