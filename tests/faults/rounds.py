"""Faults that come and go with the rounds of a run."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.flow import Beside, Moment, WitnessedLab
from clearway.probe.paths import NO_SERVICES, WantedServices
from clearway.probe.records import Round, RoundReason, Slot
from clearway.site.lab.model import LabSpec
from faults.model import Fault
from faults.plant import COUNTERS, hits, planting

Rounds = Callable[[Round], bool]


def in_test(*names: str) -> Rounds:
    """Every round of these tests, also those that measure again."""
    return lambda round_: any(probe.test in names for probe in round_.probes)


def as_planned(*names: str) -> Rounds:
    """The planned rounds of these tests: the fault is gone when they are measured again."""
    return lambda round_: round_.why is RoundReason.PLANNED and in_test(*names)(round_)


@dataclass(frozen=True)
class InRounds:
    """A fault whose times count from the instant of each of these rounds."""

    fault: Fault
    rounds: Rounds


class FaultyLab(WitnessedLab):
    """A lab with faults. Those of rounds are planted as each round is announced, the others with the first."""

    def __init__(self, lab: LabSpec, faults: Sequence[Fault | InRounds]) -> None:
        super().__init__(lab, questions=[(None, COUNTERS)])
        self._faults = faults
        self._planted: dict[str, Fault] = {}
        self.beside = Beside(self, as_begun=self._begun)
        """The listener to give to the run."""

    async def start(self, slots: Sequence[Slot], services: WantedServices = NO_SERVICES) -> None:
        await super().start(slots, services)
        for place, fault in enumerate(self._faults):
            if isinstance(fault, Fault) and fault.at_start:
                name = f"f{place}start"
                self._planted[name] = fault
                await planting(self, self.lab, fault, name).plant(time.time())

    @property
    def hits(self) -> Mapping[Fault, int]:
        """After the run: the packets that each fault acted on, in all rounds together."""
        sums = dict.fromkeys(self._planted.values(), 0)
        for name, count in hits(self.answers[None, COUNTERS]).items():
            sums[self._planted[name]] += count
        return sums

    async def _begun(self, site: WitnessedLab, moment: Moment) -> None:
        for place, fault in enumerate(self._faults):
            if _is_due(fault, moment):
                self._plant(fault.fault if isinstance(fault, InRounds) else fault, place, moment)

    def _plant(self, fault: Fault, place: int, moment: Moment) -> None:
        name = f"f{place}r{moment.number}"
        self._planted[name] = fault
        self.accompany(planting(self, self.lab, fault, name).carry_out(moment.instant))


def _is_due(fault: Fault | InRounds, moment: Moment) -> bool:
    if isinstance(fault, InRounds):
        return fault.rounds(moment.round)
    return moment.number == 0 and not fault.at_start
