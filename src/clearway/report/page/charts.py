"""The charts: pairs by their values, rates over time, delays by percentile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from clearway.base.units import Duration, Quantity
from clearway.report.document import CurvePart, PairPart, PercentilesPart
from clearway.report.page import plot
from clearway.report.page.judged import JudgedCriterion, label_of
from clearway.report.page.plot import Band, Chart, LimitLine, Mark, Stroke
from clearway.report.page.scale import Scale
from clearway.report.page.voices import Text, Voices
from clearway.verdict.model import PairState

_DOTS = 120
"""Pairs drawn one by one; of more of them, those that hold are a line."""
_ROOM = 1.08
_MIDDLE = (plot.LEFT + plot.RIGHT) / 2


def distributions(criteria: Sequence[JudgedCriterion]) -> Iterator[Chart]:
    """Of each criterion: what share of its pairs has at most a value."""
    for one in criteria:
        pairs = sorted((pair for pair in one.part.pairs if pair.value is not None), key=_value)
        if len(pairs) > 1 and any(map(_value, pairs)):
            yield _distribution(one, pairs)


def _value(pair: PairPart) -> float:
    return pair.value.si if pair.value is not None else 0.0


def _distribution(one: JudgedCriterion, pairs: Sequence[PairPart]) -> Chart:
    limits = [limit.si for limit in one.limits]
    top = _ROOM * max([_value(pairs[-1]), *limits]) or 1.0
    scale, x, y = Scale.of([*one.limits, *map(_of, pairs)]), plot.across(top), plot.up(1.0)
    places = [(x.at(_value(pair)), y.at((rank + 1) / len(pairs))) for rank, pair in enumerate(pairs)]
    drawn = [
        Mark(*place, pair.standing.value, f"{pair.subject}: {one.shown(pair.value)}")
        for place, pair in zip(places, pairs, strict=True)
        if pair.value is not None and (len(pairs) <= _DOTS or pair.standing is not PairState.HOLDS)
    ]
    middle = pairs[(len(pairs) - 1) // 2].value
    assert middle is not None
    return Chart(
        title=one.measure,
        subject=one.test.name,
        caption=one.voices.say(
            "page.spread-of",
            count=len(pairs),
            least=one.shown(_of(pairs[0])),
            middle=one.shown(middle),
            most=one.shown(_of(pairs[-1])),
        ),
        x_unit=scale.unit,
        y_unit="",
        x_ticks=x.ticks([(value, scale.number(value)) for value in _steps(top, scale)]),
        y_ticks=y.ticks([(0.0, "0 %"), (0.5, "50 %"), (1.0, "100 %")]),
        limit=_upright(x.at(limits[0]), one.limits[0], one) if len(limits) == 1 else None,
        areas=_missed(x.at(limits[0]), one) if len(limits) == 1 else (),
        paths=(Stroke(plot.line(_thinned(places)), "holds"),) if len(pairs) > _DOTS else (),
        dots=tuple(_few(drawn)),
    )


def _of(pair: PairPart) -> Quantity:
    assert pair.value is not None
    return pair.value


def _few(dots: Sequence[Mark]) -> Sequence[Mark]:
    step = -(-len(dots) // (2 * _DOTS)) or 1
    return dots[::step]


def _thinned(places: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    step = -(-len(places) // (2 * _DOTS)) or 1
    return [*places[::step], places[-1]]


def _steps(top: float, scale: Scale) -> list[float]:
    """Round in the unit that is shown."""
    return [value * scale.factor for value in plot.round_values(top / scale.factor)]


def _upright(at: float, limit: Quantity, one: JudgedCriterion) -> LimitLine:
    return LimitLine(at, plot.TOP - 6, at, plot.BOTTOM, one.shown(limit), at_end=at > _MIDDLE)


def _missed(at: float, one: JudgedCriterion) -> tuple[Band, ...]:
    begin, end = (plot.LEFT, at) if one.is_floor else (at, plot.RIGHT)
    return (Band(begin, plot.TOP, max(0.0, round(end - begin, 1)), plot.BOTTOM - plot.TOP),)


def courses(voices: Voices, criteria: Sequence[JudgedCriterion]) -> Iterator[Chart]:
    """What the worst pairs and one in the middle carried, interval by interval."""
    for curve in voices.first.curves:
        yield _course(curve, voices, _limit_of(curve, criteria))


def _limit_of(curve: CurvePart, criteria: Sequence[JudgedCriterion]) -> tuple[JudgedCriterion, PairPart] | None:
    ends = curve.sender, curve.receiver
    for one in criteria:
        if one.test.name == curve.test and one.is_floor:
            for pair in one.part.pairs:
                if (pair.sender, pair.receiver) == ends and pair.limit is not None:
                    return one, pair
    return None


def _course(curve: CurvePart, voices: Voices, judged: tuple[JudgedCriterion, PairPart] | None) -> Chart:
    limit = None if judged is None else judged[1].limit
    top = _ROOM * max([rate.si for rate in curve.rates] + ([limit.si] if limit is not None else [])) or 1.0
    scale, length = Scale.of([*curve.rates, *([limit] if limit is not None else [])]), _length(curve)
    x, y = plot.across(length), plot.up(top)
    places = [
        (x.at(number * curve.interval.si), y.at(rate.si))
        for index, rate in enumerate(curve.rates)
        for number in (index, index + 1)
    ]
    kind = "holds" if judged is None else judged[1].standing.value
    line = None if limit is None else LimitLine(plot.LEFT, y.at(limit.si), plot.RIGHT, y.at(limit.si), f"{limit}", True)
    return Chart(
        title=voices.say("page.road", sender=label_of(curve.sender), receiver=label_of(curve.receiver)),
        subject=curve.test,
        caption=_said_of(curve, voices),
        x_unit="s",
        y_unit=scale.unit,
        x_ticks=x.ticks([(value, f"{value:g}") for value in plot.round_values(length)]),
        y_ticks=y.ticks([(value, scale.number(value)) for value in _steps(top, scale)]),
        limit=line,
        areas=_stalls(curve, x),
        paths=(Stroke(plot.line(places), kind),),
    )


def _length(curve: CurvePart) -> float:
    return curve.interval.si * len(curve.rates)


def _stalls(curve: CurvePart, x: plot.ChartAxis) -> tuple[Band, ...]:
    if curve.stall is None or curve.stalled_at is None or curve.stall.si <= 0:
        return ()
    begin, end = x.at(curve.stalled_at.si), x.at(curve.stalled_at.si + curve.stall.si)
    return (Band(begin, plot.TOP, max(2.0, round(end - begin, 1)), plot.BOTTOM - plot.TOP, "still"),)


def _said_of(curve: CurvePart, voices: Voices) -> Text:
    least, most = min(curve.rates), max(curve.rates)
    stalled = curve.stall is not None and curve.stall.si > 0
    values = {"least": str(least), "most": str(most), "interval": str(curve.interval), "longest": str(curve.stall)}
    return voices.say("page.course-stalled" if stalled else "page.course", **values)


def percentiles(voices: Voices, criteria: Sequence[JudgedCriterion]) -> Iterator[Chart]:
    """Of each test that timed answers: its slowest pairs and one in the middle, on one logarithmic axis."""
    for test in dict.fromkeys(part.test for part in voices.first.percentiles):
        yield _delays(test, [part for part in voices.first.percentiles if part.test == test], voices, criteria)


def _delays(test: str, parts: Sequence[PercentilesPart], voices: Voices, criteria: Sequence[JudgedCriterion]) -> Chart:
    names = list(parts[0].values)
    known = [part.values[name].si for part in parts for name in names if part.values[name].si > 0] or [1.0]
    limits = [one for one in criteria if one.test.name == test and one.part.statistic in names and one.limits]
    every = [*known, *(one.limits[0].si for one in limits)]
    scale = Scale.of([Duration(max(every))])
    x, y = plot.across(len(names) - 0.6), plot.up(max(every) * 1.2, min(every) / 1.2)
    return Chart(
        title=voices.say("page.delays"),
        subject=test,
        caption=voices.say("page.delays-of", slowest=_slowest(parts[0]), count=parts[0].count),
        x_unit="",
        y_unit=scale.unit,
        x_ticks=x.ticks([(index + 0.2, _percentile(name)) for index, name in enumerate(names)]),
        y_ticks=y.ticks([(value, scale.number(value)) for value in _decades(min(every), max(every), scale)]),
        limit=_flat(limits[0], names, x, y) if limits else None,
        paths=tuple(Stroke(plot.line(_places(part, names, x, y)), _kind(part, limits)) for part in parts),
        dots=tuple(dot for part in parts for dot in _marks(part, names, x, y, limits)),
    )


def _percentile(name: str) -> str:
    return "max" if name == "p100" else name


def _slowest(part: PercentilesPart) -> str:
    return f"{label_of(part.sender)} → {label_of(part.receiver)}: p50 {part.values['p50']}, p99 {part.values['p99']}"


def _places(
    part: PercentilesPart, names: Sequence[str], x: plot.ChartAxis, y: plot.ChartAxis
) -> list[tuple[float, float]]:
    return [(x.at(index + 0.2), y.at(part.values[name].si)) for index, name in enumerate(names)]


def _kind(part: PercentilesPart, limits: Sequence[JudgedCriterion]) -> str:
    ends = part.sender, part.receiver
    found = [pair.standing for one in limits for pair in one.part.pairs if (pair.sender, pair.receiver) == ends]
    return next((standing.value for standing in found if standing is not PairState.HOLDS), PairState.HOLDS.value)


def _marks(
    part: PercentilesPart, names: Sequence[str], x: plot.ChartAxis, y: plot.ChartAxis, limits: Sequence[JudgedCriterion]
) -> Iterator[Mark]:
    road, kind = f"{label_of(part.sender)} → {label_of(part.receiver)}", _kind(part, limits)
    for (left, top), name in zip(_places(part, names, x, y), names, strict=True):
        yield Mark(left, top, kind, f"{road}: {_percentile(name)} {part.values[name]}")


def _flat(one: JudgedCriterion, names: Sequence[str], x: plot.ChartAxis, y: plot.ChartAxis) -> LimitLine:
    middle, at = x.at(names.index(one.part.statistic) + 0.2), y.at(one.limits[0].si)
    return LimitLine(middle - 26, at, middle + 26, at, str(one.limits[0]), at_end=False)


def _decades(least: float, most: float, scale: Scale) -> list[float]:
    """1, 2 and 5 times powers of ten, in the unit that is shown."""
    powers = range(-9, 7)
    known = [factor * 10.0**power * scale.factor for power in powers for factor in (1, 2, 5)]
    return [value for value in known if least / 1.2 <= value <= most * 1.2]
