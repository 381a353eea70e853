"""The evidence that a report shows: void attempts, and the attempts behind the worst broken pairs."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from clearway.ledger.record import Record
from clearway.probe.measurement import Http, RoundTrip, Tcp, Udp
from clearway.probe.records import Outcome, Pair, Result, Trial
from clearway.report.document import EvidencePart
from clearway.report.phrases import Phrases
from clearway.report.wording import printable
from clearway.verdict.evidence import outcome, void_reason
from clearway.verdict.model import PairState, Verdict

_VOID = 10
"""Void attempts shown; the run directory has them all."""
_BROKEN = 3
"""Broken pairs shown, a criterion."""
_TAIL_LINES = 8


def evidence_parts(record: Record, verdict: Verdict, phrases: Phrases) -> Iterator[EvidencePart]:
    """What the tools were asked and said where something went wrong."""
    trials = record.trials
    void = (trial for trial in trials if outcome(trial) not in (Outcome.MEASURED, Outcome.NOT_RUN))
    for trial in islice(void, _VOID):
        yield from _exhibit(trial, phrases.reason(void_reason(trial)))
    for test, pair in _broken(verdict):
        found = next((t for t in trials if t.probe.test == test and t.probe.pair == pair and _measured(t)), None)
        if found is not None:
            yield from _exhibit(found, phrases.say("evidence.broken", subject=phrases.subject(pair)))


def _measured(trial: Trial) -> bool:
    return outcome(trial) is Outcome.MEASURED


def _broken(verdict: Verdict) -> list[tuple[str, Pair]]:
    """Test and pair of the worst broken pairs, each once."""
    found = (
        (test.name, pair.subject)
        for test in verdict.children
        for leaf in test.children
        for pair in islice((p for p in leaf.pairs if p.standing is PairState.BREAKS), _BROKEN)
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
    """Whether it is the end that saw the data arrive, or the answer come back."""
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
