"""What a report shows beside its figures: the conditions of the run, void attempts, and the attempts behind the worst
broken pairs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from clearway.base.units import Duration
from clearway.diagnose.resources import kills, observers
from clearway.ledger.record import Record
from clearway.probe.measurement import Http, RoundTrip, Tcp, Udp
from clearway.probe.records import Outcome, Pair, Result, Role, Trial
from clearway.report.document import ConditionPart, EvidencePart
from clearway.report.phrases import Phrases
from clearway.report.wording import printable
from clearway.verdict.model import PairState, RunVerdict
from clearway.verdict.trials import outcome, void_reason

_FACTS = ("kernel", "cpus", "congestion", "qdisc", "link-speed")
_MANY = 4
"""Distinct values shown before the rest are only counted."""
_SHORT = 80
"""Characters, one line of a terminal: values that are shorter together are all shown."""


def conditions(record: Record, phrases: Phrases) -> Iterator[ConditionPart]:
    """What a reader needs to measure the same again."""
    for name, values in _found(record):
        if shown := _list(values, phrases):
            yield _condition(name, shown, phrases)
    yield _condition("out-of-memory", _kills(record, phrases), phrases)
    if starts := _starts(record):
        spread = max(max(times) - min(times) for times in starts)
        yield _condition("start-spread", str(Duration(spread)), phrases)
        yield _condition("start-latest", str(Duration(max(max(times) for times in starts))), phrases)


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
    if len(distinct) <= _MANY or sum(map(len, distinct)) < _SHORT:
        return ", ".join(distinct)
    return phrases.say("report.and-more", shown=tuple(distinct[:_MANY]), more=len(distinct) - _MANY)


def _starts(record: Record) -> list[list[float]]:
    """For each round: seconds from the instant to each judged probe's first data, where it was watched."""
    judged = {probe.id for round_ in record.plan for probe in round_.probes if probe.role is Role.JUDGED}
    rounds: dict[str, list[float]] = {}
    for result in record.results:
        if result.probe in judged and result.timing is not None and result.timing.first_data is not None:
            rounds.setdefault(result.round, []).append(result.timing.first_data.si)
    return list(rounds.values())


def _kills(record: Record, phrases: Phrases) -> str:
    """How many kills were seen, and what looked."""
    looked = tuple(phrases.reason(one) for one in observers(record))
    if not looked:
        return phrases.say("oom.not-observed")
    count = sum(1 for _ in kills(record))
    return phrases.say("oom.seen" if count else "oom.none-seen", count=count, observers=looked)


def _condition(name: str, value: str, phrases: Phrases) -> ConditionPart:
    return ConditionPart(name=name, label=phrases.say(f"condition-label.{name}"), value=value)


_VOID = 10
"""Void attempts shown; the run directory has them all."""
_BROKEN = 3
"""Broken pairs shown for each criterion."""
_TAIL_LINES = 8


def evidence_parts(record: Record, verdict: RunVerdict, phrases: Phrases) -> Iterator[EvidencePart]:
    """Commands and outputs of the tools where something went wrong."""
    trials = record.trials
    void = (trial for trial in trials if outcome(trial) not in (Outcome.MEASURED, Outcome.NOT_RUN))
    for trial in islice(void, _VOID):
        yield from _exhibit(trial, phrases.reason(void_reason(trial)))
    for test, pair in _broken(verdict):
        tried = (trial for trial in trials if (trial.probe.test, trial.probe.pair) == (test, pair))
        if found := next((trial for trial in tried if outcome(trial) is Outcome.MEASURED), None):
            yield from _exhibit(found, phrases.say("evidence.broken", subject=phrases.subject(pair)))


def _broken(verdict: RunVerdict) -> list[tuple[str, Pair]]:
    """Test and pair of the worst broken pairs, each once."""
    found = (
        (test.name, pair.subject)
        for test in verdict.tests
        for criterion in test.criteria
        for pair in islice((p for p in criterion.pairs if p.standing is PairState.BREAKS), _BROKEN)
        if not isinstance(pair.subject, str)
    )
    return list(dict.fromkeys(found))


def _exhibit(trial: Trial, sentence: str) -> Iterator[EvidencePart]:
    """The halves that are void; of a measured attempt, the one that gives the value."""
    halves = [half for half in trial.halves if half is not None and half.evidence is not None]
    void = [half for half in halves if half.outcome is not Outcome.MEASURED]
    for half in void or filter(_gives_value, halves):
        yield _part(trial, half, sentence)


def _gives_value(half: Result) -> bool:
    """Whether this end received the data or the answers."""
    seen = half.measurement
    if isinstance(seen, Tcp):
        return seen.series is not None
    return isinstance(seen, Http | RoundTrip) or (isinstance(seen, Udp) and seen.received is not None)


def _part(trial: Trial, half: Result, sentence: str) -> EvidencePart:
    assert half.evidence is not None
    said = f"{half.evidence.stdout.rstrip()}\n{half.evidence.stderr.rstrip()}".strip()
    return EvidencePart(
        probe=trial.probe.id,
        attempt=trial.attempt,
        half=half.half.value,
        outcome=half.outcome,
        sentence=sentence,
        argv=tuple(map(printable, half.evidence.argv)),
        tail=printable("\n".join(said.splitlines()[-_TAIL_LINES:])),
    )
