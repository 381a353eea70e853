"""Ladders, worded: what each rung measured, and what it costs beside the one before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from clearway.base.units import Quantity
from clearway.diagnose.ladders import Cost, Ladder, Rung
from clearway.report.phrases import Phrases


@dataclass(frozen=True, slots=True, kw_only=True)
class RungPart:
    path: str
    label: str
    value: Quantity | None
    """The median of its repeats."""
    cost: Cost | None
    """Beside the rung before; None for the first."""
    sentence: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderPart:
    """One test over several paths, measured in turns."""

    name: str
    metric: str
    statistic: str
    label: str
    rungs: tuple[RungPart, ...]


def ladder_parts(ladders: Iterable[Ladder], phrases: Phrases) -> Iterator[LadderPart]:
    for one in ladders:
        metric = one.figure.metric
        before = (None, *one.rungs)
        yield LadderPart(
            name=one.name,
            metric=metric.name,
            statistic=one.figure.statistic,
            label=phrases.measure(metric, one.figure.statistic),
            rungs=tuple(_rung(rung, low, phrases) for rung, low in zip(one.rungs, before, strict=False)),
        )


def _rung(rung: Rung, before: Rung | None, phrases: Phrases) -> RungPart:
    return RungPart(
        path=rung.path,
        label=_path(rung, phrases),
        value=rung.value,
        cost=rung.cost,
        sentence=None if before is None else _sentence(rung, before, phrases),
    )


def _path(rung: Rung, phrases: Phrases) -> str:
    return phrases.say(f"path.{rung.path}")


def _sentence(rung: Rung, before: Rung, phrases: Phrases) -> str:
    names = {"path": _path(rung, phrases), "before": _path(before, phrases)}
    cost = rung.cost
    if cost is None:
        return phrases.say("ladder.not-known", **names)
    code = "costs" if cost.share_low.si > 0 else "gains" if cost.share_high.si < 0 else "no-difference"
    return phrases.say(f"ladder.{code}", **names, **_values(cost, sign=-1 if code == "gains" else 1))


def _values(cost: Cost, sign: int) -> dict[str, object]:
    """What a gain is less by is said without a sign."""
    low, high = ("low", "high") if sign > 0 else ("high", "low")
    found = {
        "share": cost.share,
        "share_low": cost.share_low,
        "share_high": cost.share_high,
        "amount": cost.amount,
        "amount_low": cost.amount_low,
        "amount_high": cost.amount_high,
    }
    ends = {f"{name}_{end}": found[f"{name}_{of}"] for name in _PARTS for end, of in (("low", low), ("high", high))}
    middles = {name: found[name] for name in _PARTS}
    return {name: type(value)(value.si * sign) for name, value in {**middles, **ends}.items()}


_PARTS = ("share", "amount")
