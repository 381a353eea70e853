"""What one attempt proves by itself: how it ended, and the doubts about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from clearway.base.units import Duration, Frequency, Ratio, Size
from clearway.engine.table import ENGINES
from clearway.probe.measurement import Counters, Http, RoundTrip, Tcp, Udp
from clearway.probe.metrics import THROUGHPUT
from clearway.probe.parameters import HttpParameters, Parameters, TcpParameters, UdpParameters
from clearway.probe.readings import measured, offered
from clearway.probe.records import Half, Outcome, Reason, Result, Trial
from clearway.verdict import doubts
from clearway.verdict.doubts import Doubt
from clearway.verdict.thresholds import CLIENT_BUSY, CPU_GONE, DOUBLED, LATE_DATA, RAN, SENT, STALLED, WITHOUT_ANSWER

_CAUSE_FIRST = (
    Outcome.WORKER_LOST,
    Outcome.LATE,
    Outcome.TOOL_FAILED,
    Outcome.TIMED_OUT,
    Outcome.NOT_RUN,
    Outcome.UNPARSABLE,
    Outcome.UNREACHABLE,
)
"""Where the halves differ: a sender that was ended because it was late leaves a receiver without a whole output."""
_SEGMENT = Size(1448)
"""Payload of a segment at an MTU of 1,500: the kernel counts segments, the receiver bytes."""
_NO_RESULT = (Outcome.WORKER_LOST, Outcome.NOT_RUN)


def outcome(trial: Trial) -> Outcome:
    """How the attempt ended, from both halves.

    UNREACHABLE only if the serve half was listening before the send half set out; one that could not
    connect to a server that wasn't there proves nothing about the path.
    """
    serve, send = trial.serve, trial.send
    if serve is not None and send is not None and serve.outcome is send.outcome is Outcome.MEASURED:
        return Outcome.MEASURED
    if send is not None and send.outcome is Outcome.UNREACHABLE:
        if serve is None:
            return Outcome.NOT_RUN
        if _was_listening(serve, send):
            return Outcome.UNREACHABLE
        return Outcome.NOT_RUN if serve.outcome is Outcome.MEASURED else serve.outcome
    ends = [half.outcome if half is not None else Outcome.NOT_RUN for half in _needed(trial)]
    return next((one for one in _CAUSE_FIRST if one in ends), Outcome.MEASURED)


def void_reason(trial: Trial) -> Reason:
    """Why an attempt is not MEASURED."""
    found = outcome(trial)
    if found is Outcome.UNREACHABLE and trial.send is not None:
        return Reason("verdict.unreachable", {"found": trial.send.reason.code if trial.send.reason else ""})
    for half in (*_needed(trial), trial.serve, trial.send):
        if half is not None and half.outcome is found and half.reason is not None:
            return half.reason
    return Reason(f"outcome.{found.value}")


def own_doubts(trial: Trial) -> tuple[Doubt, ...]:
    """All doubts about it, apart from those about what ran beside it."""
    if outcome(trial) is not Outcome.MEASURED:
        return (_how_it_ended(trial),)
    finders = (_starved, *_FINDERS.get(type(trial.probe.parameters), ()))
    return tuple(doubt for find in finders for doubt in find(trial))


def without_cpu(trial: Trial) -> Reason | None:
    """Which worker had no CPU for a share of the attempt that shows in what it measured; None: none is known."""
    shows = trial.probe.window.end.si * CPU_GONE.value
    return next((lack for lack in _lacks_of_cpu(trial) if lack.values["time"].si > shows), None)


def _lacks_of_cpu(trial: Trial) -> Iterator[Reason]:
    """Each with how long a worker had none, however short."""
    span = trial.probe.window.end
    for half in trial.halves:
        if (counters := half.counters) is None:
            continue
        stolen = None if counters.cpu_steal is None else span * counters.cpu_steal
        times = {
            "verdict.cpu-gone": counters.throttled,
            "verdict.cpu-paused": counters.paused,
            "verdict.cpu-stolen": stolen,
        }
        for code, gone in times.items():
            if gone is not None:
                yield Reason(code, {"node": _node(trial, half), "time": gone})


def all_busy(trial: Trial) -> Reason | None:
    """Which worker's machine had all its CPUs busy, where that explains a flow that was slow; None: none is known.

    It does not explain a flow that stood still: tools that share the CPUs with others are slow in every interval.
    """
    for half in trial.halves:
        busy = half.counters.cpu_busy if half.counters is not None else None
        if busy is not None and busy >= CLIENT_BUSY.value and not _stood_still(trial):
            return Reason("verdict.cpu-busy", {"node": _node(trial, half), "busy": Ratio(busy)})
    return None


def sent_again(trial: Trial) -> tuple[int, Ratio] | None:
    """Segments that a bulk TCP flow sent again, and of all that it sent; None if the kernel's count is not known."""
    sender, rate = measured(trial.send, Tcp), THROUGHPUT.value(trial, "mean")
    if sender is None or sender.retransmits is None or not rate:
        return None
    segments = rate / 8 * trial.probe.window.end.si / _SEGMENT.si
    return sender.retransmits, Ratio(sender.retransmits / (sender.retransmits + segments))


def _needed(trial: Trial) -> tuple[Result | None, ...]:
    by_half = {Half.SERVE: trial.serve, Half.SEND: trial.send}
    return tuple(by_half[half] for half in ENGINES[trial.probe.engine].needs)


def _was_listening(serve: Result, send: Result) -> bool:
    if serve.timing is None or serve.timing.listening is None or send.timing is None:
        return False
    return serve.timing.listening <= send.timing.launched


def _node(trial: Trial, half: Result) -> str:
    return (trial.probe.server if half.half is Half.SERVE else trial.probe.client).node


def _how_it_ended(trial: Trial) -> Doubt:
    found, reason = outcome(trial), void_reason(trial)
    if found is Outcome.UNREACHABLE:
        return _unreachable(trial)
    if found is Outcome.LATE:
        return Doubt(doubts.CONNECTED_LATE if _is_late_by_the_road(trial, reason) else doubts.LATE, reason)
    if reason.code == "tool.reset" and _ran_on(trial.serve):
        return Doubt(doubts.RESET, reason)
    lost = found in _NO_RESULT or reason.code == "run.no-answer"
    return Doubt(doubts.LOST if lost else doubts.TOOL, reason)


def _ran_on(serve: Result | None) -> bool:
    """Whether the receiver's tool was there until the agent ended it: one that dies resets its connections itself."""
    return serve is not None and serve.evidence is not None and serve.evidence.exit is None


def _unreachable(trial: Trial) -> Doubt:
    """Connections that wait without an answer may wait for a host without CPU, if it had none for as long; a refusal or
    a missing route do not.
    """
    why = trial.send.reason if trial.send is not None else None
    if why is None or why.code != "worker.unanswered":
        return Doubt(doubts.UNREACHABLE, void_reason(trial))
    some = why.values["count"] < why.values["connections"]
    found = Doubt(doubts.UNANSWERED, why) if some else Doubt(doubts.UNREACHABLE, void_reason(trial))
    gone = sum(lack.values["time"].si for lack in _lacks_of_cpu(trial))
    return found if gone < _waited(trial) * WITHOUT_ANSWER.value else _unless_starved(trial, found)


def _waited(trial: Trial) -> float:
    """Seconds from the first try of its connections until its end."""
    timing = trial.send.timing if trial.send is not None else None
    ahead = max(0.0, -timing.launched.si) if timing is not None else 0.0
    return ahead + trial.probe.window.end.si


def _is_late_by_the_road(trial: Trial, reason: Reason) -> bool:
    if reason.code != "worker.data-late":
        return reason.code == "worker.connect-late"
    own = _send_counters(trial).paused or Duration(0)
    late: Duration = reason.values["late"]
    return late.si - own.si >= LATE_DATA.value


def _starved(trial: Trial) -> Iterator[Doubt]:
    """A bulk flow proves something as long as bytes came all the time; response times never do without CPU."""
    gone = without_cpu(trial)
    if gone is not None and (_stood_still(trial) or _stalled(trial) or _timed_by_a_client(trial)):
        yield Doubt(doubts.STARVED, gone)


def _stood_still(trial: Trial) -> bool:
    """All its flows together, or one of many UDP flows until the end."""
    flow = measured(trial.serve, Tcp) or measured(trial.serve, Udp)
    flows = flow.by_flow if isinstance(flow, Udp) else None
    fell_silent = any(one.silent is not None and one.silent.si > 0 for one in flows or ())
    return fell_silent or (flow is not None and any(size.si == 0 for size in flow.series or ()))


def _stalled(trial: Trial) -> bool:
    """Also for less than an interval of the series."""
    flow = measured(trial.serve, Tcp) or measured(trial.serve, Udp)
    return flow is not None and flow.stall is not None and flow.stall.si >= STALLED.value


def _timed_by_a_client(trial: Trial) -> bool:
    return (measured(trial.send, Http) or measured(trial.send, RoundTrip)) is not None


def _saturated_client(trial: Trial) -> Iterator[Doubt]:
    parameters, used = trial.probe.parameters, _send_counters(trial).tool_cpu
    if isinstance(parameters, HttpParameters) and used is not None and used >= CLIENT_BUSY.value * parameters.threads:
        yield Doubt(doubts.SATURATED, Reason("verdict.client-saturated", {"cores": round(used, 2)}))


def _send_counters(trial: Trial) -> Counters:
    return (trial.send.counters if trial.send is not None else None) or Counters()


def _silent_flows(trial: Trial) -> Iterator[Doubt]:
    flow = measured(trial.serve, Tcp)
    flows = flow.by_stream if flow is not None else None
    silent = sum(size.si == 0 for size in flows or ())
    if silent and flows is not None:
        reason = Reason("verdict.flows-silent", {"count": silent, "flows": len(flows)})
        yield _unless_starved(trial, Doubt(doubts.SILENT_FLOWS, reason))


def _unless_starved(trial: Trial, doubt: Doubt) -> Doubt:
    """The doubt, or the lack of CPU that explains it."""
    gone = without_cpu(trial)
    return doubt if gone is None else Doubt(doubts.STARVED, gone)


def _errors(trial: Trial) -> Iterator[Doubt]:
    client = measured(trial.send, Http)
    if client is not None and (failed := sum(client.errors.values())):
        yield Doubt(doubts.ERRORS, Reason("verdict.errors", {"count": failed}))


def _doubled(trial: Trial) -> Iterator[Doubt]:
    receiver = measured(trial.serve, Udp)
    if receiver is not None and receiver.duplicates and receiver.received:
        share = Ratio(receiver.duplicates / receiver.received)
        if share.si > DOUBLED.value:
            values = {"count": receiver.duplicates, "received": receiver.received, "share": share}
            yield Doubt(doubts.DOUBLED, Reason("verdict.doubled", values))


def _timed_from_sending(trial: Trial) -> Iterator[Doubt]:
    """A record of an earlier version: requests that an outage held back were timed from when they were sent."""
    parameters, client = trial.probe.parameters, measured(trial.send, Http)
    if isinstance(parameters, HttpParameters) and parameters.rate and client is not None and client.due is None:
        yield Doubt(doubts.TIMED_FROM_SENDING, Reason("verdict.timed-from-sending"))


def _missed_load(trial: Trial) -> Iterator[Doubt]:
    """HTTP at a stated rate that was not reached. Where the client was too slow, that is said by its own doubt."""
    parameters, client = trial.probe.parameters, measured(trial.send, Http)
    if not isinstance(parameters, HttpParameters) or parameters.rate is None or client is None:
        return
    done = client.latency.count + sum(client.errors.values())
    asked = parameters.rate.si * trial.probe.window.duration.si
    if done < asked * SENT.value * RAN.value:
        reached = Frequency(done / trial.probe.window.duration.si)
        yield Doubt(
            doubts.LOAD_MISSED, Reason("verdict.load-not-reached", {"reached": reached, "asked": parameters.rate})
        )


def _short_sender(trial: Trial) -> Iterator[Doubt]:
    if (reason := _shortfall(trial)) is None:
        return
    used = _send_counters(trial).tool_cpu
    if used is not None and used >= CLIENT_BUSY.value:
        yield Doubt(doubts.SATURATED, Reason("verdict.client-saturated", {"cores": round(used, 2)}))
    elif (busy := all_busy(trial)) is not None:
        yield Doubt(doubts.STARVED, busy)
    else:
        yield _unless_starved(trial, Doubt(doubts.SENDER_SHORT, reason))


def _shortfall(trial: Trial) -> Reason | None:
    sender, asked = measured(trial.send, Udp), offered(trial)
    if sender is None or asked is None:
        return None
    window = trial.probe.window.end
    if sender.sending_time is not None and sender.sending_time < window * RAN.value:
        return Reason("verdict.sender-short", {"ran": sender.sending_time, "asked": window})
    if sender.sent_rate is not None and sender.sent_rate < asked * SENT.value:
        return Reason("verdict.sender-slow", {"sent": sender.sent_rate, "asked": asked})
    return None


_FINDERS: Mapping[type[Parameters], tuple[Callable[[Trial], Iterator[Doubt]], ...]] = {
    TcpParameters: (_silent_flows,),
    UdpParameters: (_doubled, _short_sender),
    HttpParameters: (_saturated_client, _timed_from_sending, _errors, _missed_load),
}
"""By what was asked of the probe; any of them may lack CPU."""
