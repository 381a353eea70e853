"""What one attempt proves: its outcome, and the reasons not to judge its value."""

from __future__ import annotations

from clearway.base.units import Frequency
from clearway.engine.table import ENGINES
from clearway.probe.measurement import Http, Udp
from clearway.probe.metrics import measured, offered
from clearway.probe.parameters import HttpParameters
from clearway.probe.records import Half, Outcome, Reason, Result, Trial
from clearway.verdict.thresholds import CLIENT_BUSY, RAN, SENT


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
