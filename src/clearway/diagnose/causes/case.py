"""A suspect with what was measured through it and elsewhere: what the rules about causes read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median, quantiles

from clearway.base.units import Rate
from clearway.diagnose.places import road_of, surroundings_of
from clearway.ledger.record import Record
from clearway.probe.measurement import Counters
from clearway.probe.metrics import THROUGHPUT
from clearway.probe.records import Trial
from clearway.verdict.suspect import PlaceKind, Suspect
from clearway.verdict.trials import TrialIndex

_OF_NODES = (PlaceKind.LINK, PlaceKind.SENDS, PlaceKind.RECEIVES)


@dataclass(frozen=True)
class Case:
    record: Record
    suspect: Suspect

    @property
    def nodes(self) -> tuple[str, ...]:
        """Those that are suspected themselves; none of a zone or a machine."""
        return self.suspect.place.names if self.suspect.place.kind in _OF_NODES else ()

    @cached_property
    def through(self) -> Sequence[Trial]:
        """Attempts of the tests that show the suspect, whose data went through it."""
        return [trial for trial in self._trials if self._meets(trial)]

    @cached_property
    def elsewhere(self) -> Sequence[Trial]:
        """Those whose data did not."""
        return [trial for trial in self._trials if not self._meets(trial)]

    def counters_of(self, node: str) -> list[Counters]:
        """What its workers counted in the attempts through the suspect."""
        return [counters for place, counters in _counters(self.through) if place == node]

    @cached_property
    def other_counters(self) -> Sequence[Counters]:
        """What workers of nodes that are not suspected counted in the attempts elsewhere."""
        return [counters for place, counters in _counters(self.elsewhere) if place not in self.nodes]

    @cached_property
    def _trials(self) -> Sequence[Trial]:
        index, tests = self.record.derived(TrialIndex), {sign.test for sign in self.suspect.signs}
        return [trial for trial in self.record.trials if trial.probe.test in tests and index.is_figure(trial)]

    def _meets(self, trial: Trial) -> bool:
        surroundings = self.record.derived(surroundings_of)
        return self.suspect.place in surroundings.places_on(road_of(trial.probe.pair))


def typical(values: Sequence[float]) -> float | None:
    return median(values) if values else None


def rates(trials: Sequence[Trial]) -> list[float]:
    """Throughput of the bulk TCP among them, bit/s."""
    means = (THROUGHPUT.value(trial, "mean") for trial in trials if trial.probe.parameters.kind == "tcp")
    return [mean for mean in means if mean is not None]


_ALIKE = 0.15
"""Distance of the quartiles, as a share of the middle: what a limit shapes differs less than free traffic."""
_FEWEST = 4
"""Values from which quartiles say something."""


def common_rate(trials: Sequence[Trial]) -> Rate | None:
    """What the bulk TCP among them carries, if it is nearly the same."""
    values = rates(trials)
    if len(values) < _FEWEST:
        return None
    low, middle, high = quantiles(values, n=4)
    return Rate(middle) if high - low <= _ALIKE * middle else None


def _counters(trials: Sequence[Trial]) -> Iterator[tuple[str, Counters]]:
    for trial in trials:
        for slot, half in ((trial.probe.client, trial.send), (trial.probe.server, trial.serve)):
            if half is not None and half.counters is not None:
                yield slot.node, half.counters
