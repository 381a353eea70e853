"""clearway and the same tool by hand, in turns on the links of one lab: what differs is clearway alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from benchmarks.by_hand import Route
from benchmarks.flow import Beside, Moment, WitnessedLab, accepted
from clearway.ledger.record import Record
from clearway.probe.metrics import METRICS
from clearway.probe.records import Outcome, Role, Trial
from clearway.site.lab.model import LabSpec
from clearway.verdict.dossier import Dossier

T = TypeVar("T")
ByHand = Callable[[WitnessedLab, Route], Awaitable[T]]


@dataclass(frozen=True)
class Turns(Generic[T]):
    """What both gave, in the order of the turns; clearway's comes first in each."""

    ours: tuple[Trial, ...]
    by_hand: tuple[T, ...]

    def told(self, metric: str, statistic: str) -> list[float]:
        """What clearway's metric says of each of its turns."""
        return [value_of(trial, metric, statistic) for trial in self.ours]


async def in_turns(folder: Path, lab: LabSpec, spec: str, by_hand: ByHand[T]) -> Turns[T]:
    """Carry out a spec of one pair, one way, with a run by hand along the same way after each of its rounds.

    The spec's gap has to be longer than that run. A round that clearway calls void is no turn: it tries again.
    """
    done: list[T] = []

    async def take_turn(site: WitnessedLab, moment: Moment) -> None:
        sender, receiver = moment.round.probes[0].pair
        done.append(await by_hand(site, Route(sender.node, receiver.node)))

    site = WitnessedLab(lab)
    record = await accepted(folder, spec, site, Beside(site, as_over=take_turn))
    trials = [trial for trial in record.trials if trial.probe.role is Role.JUDGED]
    turns = [(ours, theirs) for ours, theirs in zip(trials, done, strict=True) if _counts(record, ours)]
    repeats = record.spec.tests[0].repeats.min
    assert len(turns) == repeats, f"{len(trials)} attempts gave {len(turns)} of {repeats}: {_faults(record, trials)}"
    return Turns(tuple(ours for ours, _ in turns), tuple(theirs for _, theirs in turns))


def _counts(record: Record, trial: Trial) -> bool:
    dossier = Dossier(record)
    return dossier.outcome(trial) is Outcome.MEASURED and not dossier.faults(trial)


def _faults(record: Record, trials: Sequence[Trial]) -> list[str]:
    dossier = Dossier(record)
    return [f"{dossier.outcome(trial).value} {dossier.faults(trial)}" for trial in trials]


def value_of(trial: Trial, metric: str, statistic: str) -> float:
    """One statistic of a trial, in SI."""
    values = METRICS[metric].read(trial)
    value = values.statistic(statistic) if values is not None else None
    assert value is not None, trial
    return value
