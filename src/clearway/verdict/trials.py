"""The attempts of a run: which pairs were to be measured, every attempt at each, and what they prove together."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import median, median_high

from clearway.base.units import Rate
from clearway.ledger.record import Record
from clearway.probe.metrics import THROUGHPUT
from clearway.probe.parameters import TcpParameters
from clearway.probe.records import Outcome, Pair, Probe, Reason, Role, Trial
from clearway.verdict import doubts
from clearway.verdict.attempt import all_busy, outcome, own_doubts, sent_again, without_cpu
from clearway.verdict.doubts import Doer, Doubt, Effect
from clearway.verdict.downtime import Disturbances
from clearway.verdict.plausible import contradictions
from clearway.verdict.thresholds import LOAD, SENT_AGAIN


@dataclass(frozen=True, slots=True)
class RoadEvidence:
    """What the road did to the attempts at one pair, beside their values."""

    breaking: tuple[Reason, ...] = ()
    """It breaks the pair by itself."""
    against: tuple[Reason, ...] = ()
    """The pair may break by its values, but can't hold."""


_NOTHING = RoadEvidence()


@dataclass(frozen=True)
class TrialIndex:
    record: Record

    def pairs(self, test: str, role: Role = Role.JUDGED) -> tuple[Pair, ...]:
        """Ordered pairs that the plan wants judged (or that have that other role), in its order."""
        return self._planned.get((test, role), ())

    def doubts(self, trial: Trial) -> tuple[Doubt, ...]:
        """Every doubt about an attempt and about the load that ran beside it."""
        key = trial.round, trial.probe.id
        if key not in self._doubts:
            of_load = () if trial.probe.background is None else self._background_doubts(trial, trial.probe.background)
            self._doubts[key] = (*self._own(trial), *of_load)
        return self._doubts[key]

    def faults(self, trial: Trial) -> tuple[Reason, ...]:
        """Why the value of this trial may neither hold nor break."""
        return (*self.disturbances.of(trial), *self._void(trial))

    def counts(self, trial: Trial) -> bool:
        """Whether the value of this attempt may be judged."""
        key = trial.round, trial.probe.id
        if key not in self._counted:
            self._counted[key] = outcome(trial) is Outcome.MEASURED and not self.faults(trial)
        return self._counted[key]

    def is_figure(self, trial: Trial) -> bool:
        """Whether its value may be shown as measured. Of a node broken on purpose it may, where that was the plan."""
        if trial.probe.role is Role.EXPOSED:
            return outcome(trial) is Outcome.MEASURED and not self._void(trial)
        return self.counts(trial)

    def measured(self, test: str, pair: Pair) -> list[Trial]:
        """Attempts whose value may be judged."""
        return list(filter(self.counts, self.attempts[test, pair]))

    def road_doubts(self, trial: Trial) -> tuple[Doubt, ...]:
        """What the road did to this attempt. A void one proves nothing, but for what breaks by itself."""
        if not self.doubts(trial) or self.disturbances.of(trial):
            return ()
        void = bool(self._void(trial))
        found = (doubt for doubt in self.doubts(trial) if doubt.kind.doer is Doer.ROAD)
        return tuple(doubt for doubt in found if doubt.kind.effect is Effect.BREAKS or not void)

    def evidence(self, trials: Sequence[Trial]) -> RoadEvidence:
        """What the road did to these attempts at one pair. An attempt without it takes none of it back."""
        if not (found := [doubt for trial in trials for doubt in self.road_doubts(trial)]):
            return _NOTHING
        times = Counter(doubt.kind for doubt in found)
        breaking, against = list[Reason](), list[Reason]()
        for doubt in found:
            effect = doubt.kind.again if times[doubt.kind] > 1 else doubt.kind.effect
            reasons = breaking if effect is Effect.BREAKS else against
            if doubt.reason not in reasons:
                reasons.append(doubt.reason)
        return RoadEvidence(tuple(breaking), tuple(against))

    def link(self, pair: Pair) -> Rate | None:
        """Rate of the slower of both links; None if one is unknown."""
        if self.record.spec.link is not None:
            return self.record.spec.link
        rates = [self.record.inventory.node(slot.node).link for slot in pair]
        known = [rate for rate in rates if rate is not None]
        return min(known) if len(known) == len(rates) else None

    @cached_property
    def _doubts(self) -> dict[tuple[str | None, str], tuple[Doubt, ...]]:
        """What was found so far, by round and probe: verdict, diagnosis and report ask for it many times."""
        return {}

    @cached_property
    def _counted(self) -> dict[tuple[str | None, str], bool]:
        """Which attempts are judged, as far as it was asked, by round and probe."""
        return {}

    @cached_property
    def disturbances(self) -> Disturbances:
        """Which attempts count for nothing, because of nodes that were broken or should have been."""
        return Disturbances(self.record)

    @cached_property
    def _planned(self) -> Mapping[tuple[str, Role], tuple[Pair, ...]]:
        found: dict[tuple[str, Role], dict[Pair, None]] = defaultdict(dict)
        for round_ in self.record.plan:
            for probe in round_.probes:
                found[probe.test, probe.role][probe.pair] = None
        return {key: tuple(pairs) for key, pairs in found.items()}

    @cached_property
    def trials(self) -> tuple[Trial, ...]:
        """All attempts, those under load each with the latest good one of the same turn while the road was idle."""
        trials = self.record.trials
        idle = {_turn(trial.probe): trial for trial in trials if trial.probe.role is Role.IDLE and self.counts(trial)}
        return tuple(self._against(idle, trial) for trial in trials) if idle else trials

    @staticmethod
    def _against(idle: Mapping[tuple[str, Pair, int], Trial], loaded: Trial) -> Trial:
        has_turn = loaded.probe.is_figure and _turn(loaded.probe) in idle
        return replace(loaded, idle=idle[_turn(loaded.probe)]) if has_turn else loaded

    @cached_property
    def attempts(self) -> Mapping[tuple[str, Pair], Sequence[Trial]]:
        """Judged attempts by test and pair, oldest first."""
        found: dict[tuple[str, Pair], list[Trial]] = defaultdict(list)
        for trial in self.trials:
            if trial.probe.role is Role.JUDGED:
                found[trial.probe.test, trial.probe.pair].append(trial)
        return found

    @cached_property
    def origins(self) -> Mapping[str, str]:
        """The planned round that a round runs, or runs again."""
        return {round_.id: round_.origin or round_.id for round_ in (*self.record.plan, *self.record.rounds)}

    @cached_property
    def _backgrounds(self) -> Mapping[tuple[str | None, str], Trial]:
        return {(t.round, t.probe.id): t for t in self.record.trials if t.probe.role is Role.BACKGROUND}

    @cached_property
    def _usual_throughput(self) -> Rate | None:
        """The median of all pairs' own TCP throughput in this run (the higher of two); None without a TCP test.

        Of several tests a pair's best counts: one of a single stream may meet a limit per flow.
        """
        values: dict[Pair, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        for trial in self.record.trials:
            if trial.probe.role is Role.JUDGED and (rate := _tcp_rate(trial)) is not None:
                values[trial.probe.pair][trial.probe.test].append(rate.si)
        best = [max(map(median, by_test.values())) for by_test in values.values()]
        return Rate(median_high(best)) if best else None

    def _void(self, trial: Trial) -> tuple[Reason, ...]:
        """What the instrument did to itself. How the attempt ended is not among it: `outcome` says that."""
        return tuple(doubt.reason for doubt in self.doubts(trial) if doubt.is_void)

    def _own(self, trial: Trial) -> tuple[Doubt, ...]:
        return (*own_doubts(trial), *contradictions(trial, self.link(trial.probe.pair)))

    def _full(self, pair: Pair) -> Rate | None:
        """What a load carries that fills the pair's road; None if it is not known."""
        known = [rate for rate in (self.link(pair), self._usual_throughput) if rate is not None]
        return min(known) if known else None

    def _background_doubts(self, trial: Trial, background: str) -> Iterator[Doubt]:
        load = self._backgrounds.get((trial.round, background))
        if load is None:
            yield Doubt(doubts.BACKGROUND_VOID, _behind("verdict.background-void", Reason("outcome.not-run")))
            return
        found = self._own(load)
        yield from map(_of_background, found)
        if not any(doubt.is_void for doubt in found):
            yield from self._weak(trial, load)

    def _weak(self, trial: Trial, load: Trial) -> Iterator[Doubt]:
        carried, full = _tcp_rate(load), self._full(trial.probe.pair)
        if carried is None or (carried.si > 0 and (full is None or carried >= full * LOAD.value)):
            return
        values = {"carried": carried} if full is None else {"carried": carried, "expected": full}
        again = sent_again(load)
        dropped = again is not None and again[1].si >= SENT_AGAIN.value
        if (cause := without_cpu(load) or (None if dropped else all_busy(load))) is not None:
            yield Doubt(doubts.BACKGROUND_VOID, _behind("verdict.background-void", cause))
        elif again is not None and dropped:
            share = {**values, "share": again[1]}
            yield Doubt(doubts.BACKGROUND_DROPPED, Reason("verdict.background-dropped", share))
        else:
            yield Doubt(doubts.BACKGROUND_WEAK, Reason("verdict.background-weak", values))


def _turn(probe: Probe) -> tuple[str, Pair, int]:
    return probe.test, probe.pair, probe.repeat


def _of_background(doubt: Doubt) -> Doubt:
    """What a doubt about the load is for the attempt that it ran beside: the same road carried both."""
    if doubt.is_void:
        return Doubt(doubts.BACKGROUND_VOID, _behind("verdict.background-void", doubt.reason))
    return Doubt(doubt.kind, _behind("verdict.background-road", doubt.reason))


def _behind(code: str, why: Reason) -> Reason:
    return Reason(code, {"why": why})


def _tcp_rate(trial: Trial) -> Rate | None:
    if not isinstance(trial.probe.parameters, TcpParameters) or outcome(trial) is not Outcome.MEASURED:
        return None
    mean = THROUGHPUT.value(trial, "mean")
    return None if mean is None else Rate(mean)
