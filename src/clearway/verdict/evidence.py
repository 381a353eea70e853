"""What one trial proves: its outcome, and what forbids to judge the value that it gives."""

from __future__ import annotations

import math

from clearway.base.units import Frequency, Quantity, Rate, Ratio
from clearway.engine.table import ENGINES
from clearway.probe.measurement import Http, Udp
from clearway.probe.metrics import Distribution, measured, offered, percent
from clearway.probe.parameters import HttpParameters
from clearway.probe.records import Half, Outcome, Reason, Result, Trial
from clearway.spec.criteria import Criterion, LinkShare

_SATURATED = 0.95
"""Share of a core from which a latency test's client measures itself."""
_SENT_ENOUGH = 0.98
"""Share of the offered rate that a sender has to reach."""
_RAN_ENOUGH = 0.95
"""Share of the asked time that a sender has to run."""


def outcome(trial: Trial) -> Outcome:
    """How the attempt ended, from both halves.

    UNREACHABLE only if the serve half was listening before the send half set out; one that could not
    connect to a server that wasn't there proves nothing about the path.
    """
    serve, send = trial.serve, trial.send
    if send is not None and send.outcome is Outcome.UNREACHABLE:
        if serve is None:
            return Outcome.NOT_RUN
        return Outcome.UNREACHABLE if _was_listening(serve, send) else _void(serve)
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
    """What the network did besides the value, and forbids a pass: failed requests."""
    client = measured(trial.send, Http)
    failed = sum(client.errors.values()) if client else 0
    return (Reason("verdict.errors", {"count": failed}),) if failed else ()


def too_few(criterion: Criterion, values: Distribution) -> Reason | None:
    """The reason if there are fewer samples than the statistic needs.

    A percentile p needs 10 / (1 - p) samples. A loss of 0 in n datagrams only says that it is below 3 / n.
    """
    needed = _needed_samples(criterion)
    if values.count >= needed:
        return None
    return Reason("verdict.too-few-samples", {"count": values.count, "needed": needed})


def _needed(trial: Trial) -> tuple[Result | None, ...]:
    by_half = {Half.SERVE: trial.serve, Half.SEND: trial.send}
    return tuple(by_half[half] for half in ENGINES[trial.probe.engine].needs)


def _was_listening(serve: Result, send: Result) -> bool:
    if serve.timing is None or serve.timing.listening is None or send.timing is None:
        return False
    return serve.timing.listening <= send.timing.launched


def _void(serve: Result) -> Outcome:
    return Outcome.NOT_RUN if serve.outcome is Outcome.MEASURED else serve.outcome


def _needed_samples(criterion: Criterion) -> int:
    limit = criterion.limit
    if isinstance(limit, Ratio):
        return math.ceil(3 / limit.si) if limit.si > 0 else 1
    if criterion.statistic == "median" or criterion.statistic.startswith("p"):
        return round(10 / (1 - percent(criterion.statistic) / 100))
    return 1


def _short_sender(trial: Trial) -> tuple[Reason, ...]:
    sender, asked = measured(trial.send, Udp), offered(trial)
    if sender is None or asked is None:
        return ()
    window = trial.probe.window.end
    if sender.sending_time is not None and sender.sending_time < window * _RAN_ENOUGH:
        return (Reason("verdict.sender-short", {"ran": sender.sending_time, "asked": window}),)
    if sender.sent_rate is not None and sender.sent_rate < asked * _SENT_ENOUGH:
        return (Reason("verdict.sender-slow", {"sent": sender.sent_rate, "asked": asked}),)
    return ()


def _saturated_client(trial: Trial) -> tuple[Reason, ...]:
    parameters = trial.probe.parameters
    counters = trial.send.counters if trial.send else None
    if not isinstance(parameters, HttpParameters) or counters is None or counters.tool_cpu is None:
        return ()
    if counters.tool_cpu < _SATURATED * parameters.threads:
        return ()
    return (Reason("verdict.client-saturated", {"cores": round(counters.tool_cpu, 2)}),)


def _missed_load(trial: Trial) -> tuple[Reason, ...]:
    """HTTP at a stated rate that reached less than it: the client was held back."""
    parameters, client = trial.probe.parameters, measured(trial.send, Http)
    if not isinstance(parameters, HttpParameters) or parameters.rate is None or client is None:
        return ()
    done = client.latency.count + sum(client.errors.values())
    asked = parameters.rate.si * trial.probe.window.duration.si
    if done >= asked * _SENT_ENOUGH * _RAN_ENOUGH:
        return ()
    reached = Frequency(done / trial.probe.window.duration.si)
    return (Reason("verdict.load-not-reached", {"reached": reached, "asked": parameters.rate}),)


def limit_for(criterion: Criterion, link: Rate | None) -> Quantity | None:
    """The limit in the metric's unit; None for a share of a link whose rate is unknown."""
    if not isinstance(criterion.limit, LinkShare):
        return criterion.limit
    return None if link is None else link * criterion.limit.share.si


__all__ = ["disqualifying", "instrument_faults", "limit_for", "outcome", "too_few", "void_reason"]
