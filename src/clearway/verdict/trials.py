"""The attempts of a run: which pairs were to be measured, every attempt at each, and what one attempt proves.

That is its outcome, and the reasons not to judge its value.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median

from clearway.base.units import Frequency, Rate
from clearway.engine.table import ENGINES
from clearway.ledger.record import Record
from clearway.probe.measurement import Http, Udp
from clearway.probe.metrics import THROUGHPUT, measured, offered
from clearway.probe.parameters import HttpParameters, TcpParameters
from clearway.probe.records import Half, Outcome, Pair, Reason, Result, Role, Trial
from clearway.verdict.downtime import Disturbances
from clearway.verdict.thresholds import CLIENT_BUSY, LOAD, RAN, SENT


@dataclass(frozen=True)
class TrialIndex:
    record: Record

    def pairs(self, test: str, role: Role = Role.JUDGED) -> tuple[Pair, ...]:
        """Ordered pairs that the plan wants judged (or that have that other role), in its order."""
        return self._planned.get((test, role), ())

    def faults(self, trial: Trial) -> tuple[Reason, ...]:
        """Why the value of this trial may neither hold nor break."""
        return (*self.disturbances.of(trial), *self._measuring_faults(trial))

    def counts(self, trial: Trial) -> bool:
        """Whether the value of this attempt may be judged."""
        return outcome(trial) is Outcome.MEASURED and not self.faults(trial)

    def is_figure(self, trial: Trial) -> bool:
        """Whether its value may be shown as measured. Of a node broken on purpose it may, where that was the plan."""
        faults = self._measuring_faults(trial) if trial.probe.role is Role.EXPOSED else self.faults(trial)
        return outcome(trial) is Outcome.MEASURED and not faults

    def measured(self, test: str, pair: Pair) -> list[Trial]:
        """Attempts whose value may be judged."""
        return list(filter(self.counts, self.attempts[test, pair]))

    def link(self, pair: Pair) -> Rate | None:
        """Rate of the slower of both links; None if one is unknown."""
        if self.record.spec.link is not None:
            return self.record.spec.link
        rates = [self.record.inventory.node(slot.node).link for slot in pair]
        known = [rate for rate in rates if rate is not None]
        return min(known) if len(known) == len(rates) else None

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
    def attempts(self) -> Mapping[tuple[str, Pair], Sequence[Trial]]:
        """Judged attempts by test and pair, oldest first."""
        found: dict[tuple[str, Pair], list[Trial]] = defaultdict(list)
        for trial in self.record.trials:
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
    def _tcp_throughput(self) -> Mapping[Pair, Rate]:
        """Median TCP throughput of each pair that a TCP test of this run measured."""
        values: dict[Pair, list[float]] = defaultdict(list)
        for trial in self.record.trials:
            if trial.probe.role is Role.JUDGED and (rate := _tcp_rate(trial)) is not None:
                values[trial.probe.pair].append(rate.si)
        return {pair: Rate(median(rates)) for pair, rates in values.items()}

    def _measuring_faults(self, trial: Trial) -> tuple[Reason, ...]:
        return (*instrument_faults(trial), *self._background_faults(trial))

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


def outcome(trial: Trial) -> Outcome:
    """How the attempt ended, from both halves.

    UNREACHABLE only if the serve half was listening before the send half set out; one that could not
    connect to a server that wasn't there proves nothing about the path.
    """
    serve, send = trial.serve, trial.send
    if send is not None and send.outcome is Outcome.UNREACHABLE:
        if serve is None:
            return Outcome.NOT_RUN
        if _was_listening(serve, send):
            return Outcome.UNREACHABLE
        return Outcome.NOT_RUN if serve.outcome is Outcome.MEASURED else serve.outcome
    for half in _needed(trial):
        if half is None:
            return Outcome.NOT_RUN
        if half.outcome is not Outcome.MEASURED:
            return half.outcome
    return Outcome.MEASURED


def void_reason(trial: Trial) -> Reason:
    """Why an attempt that is not MEASURED is void."""
    found = outcome(trial)
    if found is Outcome.UNREACHABLE and trial.send is not None:
        return Reason("verdict.unreachable", {"found": trial.send.reason.code if trial.send.reason else ""})
    for half in (*_needed(trial), trial.serve, trial.send):
        if half is not None and half.outcome is found and half.reason is not None:
            return half.reason
    return Reason(f"outcome.{found.value}")


def instrument_faults(trial: Trial) -> tuple[Reason, ...]:
    """What was wrong with the measuring itself: the value may then neither hold nor break."""
    return tuple(reason for check in (_short_sender, _saturated_client, _missed_load) for reason in check(trial))


def disqualifying(trial: Trial) -> tuple[Reason, ...]:
    """Failed requests: the pair can't hold then, with any value."""
    client = measured(trial.send, Http)
    failed = sum(client.errors.values()) if client else 0
    return (Reason("verdict.errors", {"count": failed}),) if failed else ()


def _needed(trial: Trial) -> tuple[Result | None, ...]:
    by_half = {Half.SERVE: trial.serve, Half.SEND: trial.send}
    return tuple(by_half[half] for half in ENGINES[trial.probe.engine].needs)


def _was_listening(serve: Result, send: Result) -> bool:
    if serve.timing is None or serve.timing.listening is None or send.timing is None:
        return False
    return serve.timing.listening <= send.timing.launched


def _short_sender(trial: Trial) -> tuple[Reason, ...]:
    sender, asked = measured(trial.send, Udp), offered(trial)
    if sender is None or asked is None:
        return ()
    window = trial.probe.window.end
    if sender.sending_time is not None and sender.sending_time < window * RAN.value:
        return (Reason("verdict.sender-short", {"ran": sender.sending_time, "asked": window}),)
    if sender.sent_rate is not None and sender.sent_rate < asked * SENT.value:
        return (Reason("verdict.sender-slow", {"sent": sender.sent_rate, "asked": asked}),)
    return ()


def _saturated_client(trial: Trial) -> tuple[Reason, ...]:
    parameters = trial.probe.parameters
    counters = trial.send.counters if trial.send else None
    if not isinstance(parameters, HttpParameters) or counters is None or counters.tool_cpu is None:
        return ()
    if counters.tool_cpu < CLIENT_BUSY.value * parameters.threads:
        return ()
    return (Reason("verdict.client-saturated", {"cores": round(counters.tool_cpu, 2)}),)


def _missed_load(trial: Trial) -> tuple[Reason, ...]:
    """HTTP at a stated rate that was not reached: the client was too slow, or waited for answers."""
    parameters, client = trial.probe.parameters, measured(trial.send, Http)
    if not isinstance(parameters, HttpParameters) or parameters.rate is None or client is None:
        return ()
    done = client.latency.count + sum(client.errors.values())
    asked = parameters.rate.si * trial.probe.window.duration.si
    if done >= asked * SENT.value * RAN.value:
        return ()
    reached = Frequency(done / trial.probe.window.duration.si)
    return (Reason("verdict.load-not-reached", {"reached": reached, "asked": parameters.rate}),)
