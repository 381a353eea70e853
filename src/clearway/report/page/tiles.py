"""Three questions of a person who knows no metric, each with one figure: the worst pair's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clearway.base.units import Quantity
from clearway.probe.metrics import Better, Question
from clearway.report.document import PairPart
from clearway.report.page.judged import WORST_FIRST, JudgedCriterion
from clearway.report.page.voices import Text, Voices
from clearway.verdict.model import State

_LANES = 5
"""That the limit is drawn as: few enough to count at a glance."""
_ROOM = 1.15
"""The bar's end, beyond the greater of value and limit."""


@dataclass(frozen=True, slots=True)
class Gauge:
    """A value and its limit, in per cent of the bar's length."""

    value: float
    limit: float
    lanes: tuple[float, ...]
    """Where a lane ends."""
    limit_text: Text
    end: str


@dataclass(frozen=True, slots=True)
class Tile:
    question: Text
    state: State | None
    """None: nothing of it was measured."""
    answer: Text
    number: str | Text
    unit: str
    what: tuple[Text, ...] = ()
    bar: Gauge | None = None
    analogy: Text | None = None
    counts: tuple[Text, ...] = ()


def tiles(criteria: Sequence[JudgedCriterion], voices: Voices) -> tuple[Tile, ...]:
    return tuple(_tile(question, criteria, voices) for question in Question)


def _tile(question: Question, criteria: Sequence[JudgedCriterion], voices: Voices) -> Tile:
    asked = sorted(
        (one for one in criteria if one.metric.question is question),
        key=lambda one: WORST_FIRST.index(one.part.state),
    )
    if not asked:
        return _unjudged(question, voices)
    shown, worst = asked[0], asked[0].worst
    value = shown.shown_of(worst)
    number, unit = (value, "") if isinstance(value, Text) else _parts(value)
    return Tile(
        question=voices.say(f"page.question-{_question(question, [one.test.under_load for one in asked])}"),
        state=shown.part.state,
        answer=voices.say(f"page.answer-{shown.part.state.value}"),
        number=number,
        unit=unit,
        what=tuple(_what(shown, worst, voices)),
        bar=_bar(shown, worst, voices),
        analogy=_analogy(shown, worst, voices),
        counts=tuple(voices.say("page.counted", measure=one.name, counts=one.counts) for one in asked),
    )


def _parts(value: str) -> tuple[str, str]:
    number, _, unit = value.partition(" ")
    return number, unit


def _question(question: Question, under_load: Sequence[bool]) -> str:
    """Whether answers are quick on a full road is another question than whether they are on an empty one."""
    return "quick-full" if question is Question.QUICK and any(under_load) else question.value


def _unjudged(question: Question, voices: Voices) -> Tile:
    code = f"page.question-{question.value}"
    return Tile(voices.say(code), None, voices.say("page.answer-none"), "-", "", (voices.say("page.no-criterion"),))


def _what(shown: JudgedCriterion, worst: PairPart | None, voices: Voices) -> list[Text]:
    if worst is None:
        return [shown.name]
    return [voices.say("page.worst-of", measure=shown.name, subject=shown.worst_subject)]


def _bar(shown: JudgedCriterion, worst: PairPart | None, voices: Voices) -> Gauge | None:
    if worst is None or worst.value is None or worst.limit is None:
        return None
    top = _ROOM * max(worst.value.si, worst.limit.si)
    if top <= 0:
        return None
    limit, step = 100 * worst.limit.si / top, 100 * worst.limit.si / top / _LANES
    lanes = [step * number for number in range(1, int(100 / step) + 1)] if _is_road(shown) and step else []
    side = "at-least" if shown.is_floor else "at-most"
    said = voices.say(f"page.limit-{side}", limit=shown.shown(worst.limit))
    return Gauge(100 * worst.value.si / top, limit, tuple(lanes), said, shown.shown(type(worst.limit)(top)))


def _is_road(shown: JudgedCriterion) -> bool:
    return shown.metric.question is Question.WIDE


def _analogy(shown: JudgedCriterion, worst: PairPart | None, voices: Voices) -> Text | None:
    """What the figure would be on a road of lanes and trucks. Only of what was measured and decided."""
    if shown.part.state is State.INCONCLUSIVE or worst is None or worst.value is None or worst.limit is None:
        return None
    if _is_road(shown):
        return _lanes(worst.value, worst.limit, voices) if shown.metric.better is Better.HIGHER else None
    times = worst.value.si / worst.limit.si if worst.limit.si else None
    if times is not None and times > 1:
        return voices.say("page.times-allowed", times=f"{times:.1f}" if times < 10 else f"{times:.0f}")
    if worst.value.si == 0:
        return voices.say(f"page.none-{shown.metric.question.value}")
    return None if times is None or times > 0.995 else voices.say("page.of-allowed", percent=f"{100 * times:.0f}")


def _lanes(value: Quantity, limit: Quantity, voices: Voices) -> Text | None:
    if limit.si <= 0:
        return None
    if value.si >= limit.si:
        return voices.say("page.lanes-open", lanes=_LANES)
    nearest = min(round(_LANES * value.si / limit.si), _LANES - 1)
    return voices.say("page.lanes-closed", lanes=_LANES, open=max(nearest, 1 if value.si > 0 else 0))
