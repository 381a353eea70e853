"""The record, indexed for judging: which pairs were to be measured, and every attempt at each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median

from clearway.base.units import Rate
from clearway.ledger.record import Record
from clearway.probe.metrics import THROUGHPUT
from clearway.probe.parameters import TcpParameters
from clearway.probe.records import Outcome, Pair, Reason, Role, Trial
from clearway.verdict.downtime import Disturbances
from clearway.verdict.evidence import instrument_faults, outcome
from clearway.verdict.thresholds import LOAD


@dataclass(frozen=True)
class TrialIndex:
    record: Record

    def pairs(self, test: str, role: Role = Role.JUDGED) -> tuple[Pair, ...]:
        """Ordered pairs that the plan wants judged (or that have that other role), in its order."""
        return self._planned.get((test, role), ())

    def attempts(self, test: str, pair: Pair) -> Sequence[Trial]:
        """Judged attempts at this pair, oldest first."""
        return self._attempts[test, pair]

    def faults(self, trial: Trial) -> tuple[Reason, ...]:
        """Why the value of this trial may neither hold nor break."""
        return (*self.disturbed(trial), *instrument_faults(trial), *self._background_faults(trial))

    def disturbed(self, trial: Trial) -> tuple[Reason, ...]:
        """Why this attempt counts for nothing, because of nodes that were broken or should have been."""
        return self._disturbances.of(trial)

    def counts(self, trial: Trial) -> bool:
        """Whether the value of this attempt may be judged."""
        return outcome(trial) is Outcome.MEASURED and not self.faults(trial)

    def measured(self, test: str, pair: Pair) -> list[Trial]:
        """Attempts whose value may be judged."""
        return list(filter(self.counts, self.attempts(test, pair)))

    def link(self, pair: Pair) -> Rate | None:
        """Rate of the slower of both links; None if one is unknown."""
        if self.record.spec.link is not None:
            return self.record.spec.link
        rates = [self.record.inventory.node(slot.node).link for slot in pair]
        known = [rate for rate in rates if rate is not None]
        return min(known) if len(known) == len(rates) else None

    def origin(self, round_id: str) -> str:
        """The planned round that a round runs, or runs again."""
        return self._origins[round_id]

    @cached_property
    def _disturbances(self) -> Disturbances:
        return Disturbances(self.record)

    @cached_property
    def _planned(self) -> Mapping[tuple[str, Role], tuple[Pair, ...]]:
        found: dict[tuple[str, Role], dict[Pair, None]] = defaultdict(dict)
        for round_ in self.record.plan:
            for probe in round_.probes:
                found[probe.test, probe.role][probe.pair] = None
        return {key: tuple(pairs) for key, pairs in found.items()}

    @cached_property
    def _attempts(self) -> Mapping[tuple[str, Pair], list[Trial]]:
        found: dict[tuple[str, Pair], list[Trial]] = defaultdict(list)
        for trial in self.record.trials:
            if trial.probe.role is Role.JUDGED:
                found[trial.probe.test, trial.probe.pair].append(trial)
        return found

    @cached_property
    def _origins(self) -> Mapping[str, str]:
        return {round_.id: round_.origin or round_.id for round_ in (*self.record.plan, *self.record.rounds)}

    @cached_property
    def _backgrounds(self) -> Mapping[tuple[str | None, str], Trial]:
        return {(t.round, t.probe.id): t for t in self.record.trials if t.probe.role is Role.BACKGROUND}

    @cached_property
    def _tcp_throughput(self) -> Mapping[Pair, Rate]:
        """Median TCP throughput of each pair that a TCP test of this run measured."""
        values: dict[Pair, list[float]] = defaultdict(list)
        for trial in self.record.trials:
            if trial.probe.role is Role.JUDGED and (rate := _tcp_rate(trial)) is not None:
                values[trial.probe.pair].append(rate.si)
        return {pair: Rate(median(rates)) for pair, rates in values.items()}

    def _background_faults(self, trial: Trial) -> tuple[Reason, ...]:
        if trial.probe.background is None:
            return ()
        load = self._backgrounds.get((trial.round, trial.probe.background))
        rate = _tcp_rate(load) if load is not None else None
        if load is None or rate is None:
            found = outcome(load).value if load is not None else Outcome.NOT_RUN.value
            return (Reason("verdict.background-void", {"outcome": found}),)
        expected = self._tcp_throughput.get(trial.probe.pair) or self.link(trial.probe.pair)
        if expected is not None and rate < expected * LOAD.value:
            return (Reason("verdict.background-weak", {"carried": rate, "expected": expected}),)
        return ()


def _tcp_rate(trial: Trial) -> Rate | None:
    if not isinstance(trial.probe.parameters, TcpParameters) or outcome(trial) is not Outcome.MEASURED:
        return None
    mean = THROUGHPUT.value(trial, "mean")
    return None if mean is None else Rate(mean)
