"""clearway and the same tool by hand, in turns on the links of one lab: what differs is clearway alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from benchmarks.by_hand import Route
from benchmarks.flow import Beside, Moment, WitnessedLab, accepted, measured_trials
from clearway.probe.metrics import METRICS
from clearway.probe.records import Trial
from clearway.site.lab.model import LabSpec

T = TypeVar("T")
ByHand = Callable[[WitnessedLab, Route], Awaitable[T]]
Load = Callable[[WitnessedLab, Route], None]


@dataclass(frozen=True)
class Turns(Generic[T]):
    """What both gave, in the order of the turns; clearway's comes first in each."""

    ours: tuple[Trial, ...]
    by_hand: tuple[T, ...]

    def told(self, metric: str, statistic: str) -> list[float]:
        """What clearway's metric says of each of its turns."""
        return [value_of(trial, metric, statistic) for trial in self.ours]


async def in_turns(folder: Path, lab: LabSpec, spec: str, by_hand: ByHand[T], load: Load | None = None) -> Turns[T]:
    """Carry out a spec of one pair, one way, with a run by hand along the same way after each of its rounds.

    The spec's gap has to be longer than that run. A round that clearway calls void is no turn: it tries again.
    The `load` is the same for both, from before the first turn until after the last.
    """
    done: list[T] = []

    async def begin_load(site: WitnessedLab, moment: Moment) -> None:
        if load is not None and moment.number == 0:
            load(site, Route.of(moment.round))

    async def take_turn(site: WitnessedLab, moment: Moment) -> None:
        done.append(await by_hand(site, Route.of(moment.round)))

    site = WitnessedLab(lab)
    record = await accepted(folder, spec, site, Beside(site, as_begun=begin_load, as_over=take_turn))
    good = {trial.round: trial for trial in measured_trials(record)}
    turns = [(good[round_.id], theirs) for round_, theirs in zip(record.rounds, done, strict=True) if round_.id in good]
    return Turns(tuple(ours for ours, _ in turns), tuple(theirs for _, theirs in turns))


def value_of(trial: Trial, metric: str, statistic: str) -> float:
    """One statistic of a trial, in SI."""
    values = METRICS[metric].read(trial)
    value = values.statistic(statistic) if values is not None else None
    assert value is not None, trial
    return value
