"""The sentence that a reader may repeat to others, with what it does not say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from clearway.base.clock import moment
from clearway.probe.metrics import Question
from clearway.report.page.judged import JudgedCriterion
from clearway.report.page.voices import Text, Voices
from clearway.verdict.model import PairState, State


@dataclass(frozen=True, slots=True)
class Shield:
    sentence: tuple[Text, ...]
    not_said: tuple[Text, ...]


def shield(criteria: Sequence[JudgedCriterion], voices: Voices) -> Shield:
    document = voices.first
    said = [_when(voices), *(_found(one, voices) for one in criteria if _is_said(one, criteria))]
    said.append(voices.say(f"page.so-{document.state.value}"))
    left = document.scope.total - document.scope.judged
    not_said = [voices.say("page.not-said")]
    if left:
        not_said.insert(0, voices.say("page.not-measured", left=left, total=document.scope.total))
    return Shield(tuple(said), tuple(not_said))


def _is_said(one: JudgedCriterion, criteria: Sequence[JudgedCriterion]) -> bool:
    """One criterion of each question: more of them are no sentence to repeat."""
    same = [other for other in criteria if other.metric.question is one.metric.question]
    missed = [other for other in same if other.part.state is not State.PASS]
    return one == (missed or same)[0]


def _when(voices: Voices) -> Text:
    document = voices.first
    return voices.say(
        "page.when", time=span(document.started, document.ended), site=document.site, nodes=document.scope.nodes
    )


def _found(one: JudgedCriterion, voices: Voices) -> Text:
    worst = one.worst
    side = "at-least" if one.is_floor else "at-most"
    return voices.say(
        f"page.found-{one.metric.question.value if one.metric.question is Question.WIDE else 'other'}-{side}",
        measure=one.measure,
        limit=one.part.limit,
        holds=one.count(PairState.HOLDS),
        pairs=len(one.part.pairs),
        undecided=one.count(PairState.UNDECIDED) or None,
        worst=None if worst is None or worst.value is None else one.shown(worst.value),
        load=voices.say("page.while-full") if one.test.under_load else None,
    )


def span(started: float, ended: float | None) -> str:
    """In the time of the machine that writes the report, with its zone: `2026-11-28 03:06-03:10 KST`."""
    begin = datetime.fromtimestamp(started).astimezone()
    zone = begin.strftime("%Z")
    if ended is None:
        return f"{begin:%Y-%m-%d %H:%M} {zone}"
    end = datetime.fromtimestamp(ended).astimezone()
    until = f"{end:%H:%M}" if end.date() == begin.date() else f"{end:%Y-%m-%d %H:%M}"
    return f"{begin:%Y-%m-%d %H:%M}-{until} {zone}"


def utc_beside(instant: float) -> str | None:
    """For readers elsewhere; None where the local time is UTC already."""
    here = datetime.fromtimestamp(instant).astimezone()
    return moment(instant) if here.utcoffset() else None
