"""Attempts that are void, or that show what the road did: each with its reason and what it showed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from clearway.diagnose.attempts import DoubtfulAttempt
from clearway.diagnose.figures import shown_figures
from clearway.report.document import AttemptPart, Message
from clearway.report.phrases import Phrases, rounded
from clearway.spec.model import Spec, Test
from clearway.verdict.doubts import Doer

_NAMED = 3
"""Pairs that a first line names."""


def attempt_parts(spec: Spec, attempts: Iterable[DoubtfulAttempt], phrases: Phrases) -> Iterator[AttemptPart]:
    tests = {test.name: test for test in spec.tests}
    return (_part(tests[one.trial.probe.test], one, phrases) for one in attempts)


def attempt_remarks(attempts: Iterable[DoubtfulAttempt], phrases: Phrases) -> Iterator[Message]:
    """What an acceptance must not hide about them, for its first lines."""
    found = tuple(attempts)
    void = [one for one in found if one.doer is Doer.INSTRUMENT]
    kinds = {
        "remark.void-attempts": [one for one in void if one.measured_again],
        "remark.lost-attempts": [one for one in void if not one.measured_again],
        "remark.road-attempts": [one for one in found if one.doer is Doer.ROAD],
    }
    for code, some in kinds.items():
        if some:
            values = {"count": len(some), "named": _named(some, phrases)}
            yield Message(code=code, values=values, sentence=phrases.say(code, **values))


def _part(test: Test, one: DoubtfulAttempt, phrases: Phrases) -> AttemptPart:
    sender, receiver = one.trial.probe.pair
    return AttemptPart(
        test=test.name,
        sender=str(sender),
        receiver=str(receiver),
        probe=one.trial.probe.id,
        attempt=one.trial.attempt,
        doer=one.doer,
        in_verdict=one.in_verdict,
        measured_again=one.measured_again,
        reasons=tuple(_reason(one, phrases)),
        values=one.values,
        sentence=phrases.say(
            f"attempt.{_kind(one)}",
            test=test.name,
            subject=phrases.subject(one.trial.probe.pair),
            attempt=one.trial.attempt,
            why="; ".join(phrases.reason(reason) for reason in one.reasons),
            shown=_shown(test, one, phrases),
        ),
    )


def _kind(one: DoubtfulAttempt) -> str:
    if one.doer is Doer.ROAD:
        return "road"
    return "void-again" if one.measured_again else "void"


def _reason(one: DoubtfulAttempt, phrases: Phrases) -> Iterator[Message]:
    for reason in one.reasons:
        yield Message(code=reason.code, values=reason.values, sentence=phrases.reason(reason))


def _shown(test: Test, one: DoubtfulAttempt, phrases: Phrases) -> str | None:
    """Its first figure, which is the one that the first criterion asks for; None: it measured nothing."""
    known = (figure for figure in shown_figures(test) if figure.name in one.values)
    first = next(known, None)
    if first is None:
        return None
    return f"{phrases.measure(first.metric, first.statistic)} {rounded(first.metric.name, one.values[first.name])}"


def _named(some: list[DoubtfulAttempt], phrases: Phrases) -> str:
    pairs = list(dict.fromkeys((one.trial.probe.pair, one.trial.probe.test) for one in some))
    named = tuple(phrases.say("attempt.of", subject=phrases.subject(pair), test=test) for pair, test in pairs[:_NAMED])
    more = len(pairs) - _NAMED
    return phrases.say("report.and-more", shown=named, more=more) if more > 0 else ", ".join(named)
