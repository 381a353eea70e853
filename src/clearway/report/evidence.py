"""Commands and outputs of the tools: of void attempts, and of the attempts behind the worst broken pairs."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from clearway.base.texts import stripped
from clearway.ledger.record import Record
from clearway.probe.measurement import Http, RoundTrip, Tcp, Udp
from clearway.probe.records import Outcome, Pair, Result, Trial
from clearway.report.document import EvidencePart
from clearway.report.phrases import Phrases
from clearway.verdict.attempt import outcome, void_reason
from clearway.verdict.model import PairState, RunVerdict

_VOID = 10
"""Void attempts shown; the run directory has them all."""
_BROKEN = 3
"""Broken pairs shown for each criterion."""
_TAIL_LINES = 8
"""Tools say the cause of a failure in their last lines."""


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
    halves = [half for half in trial.halves if half.evidence is not None]
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
        argv=tuple(map(stripped, half.evidence.argv)),
        tail=stripped("\n".join(said.splitlines()[-_TAIL_LINES:])),
    )
