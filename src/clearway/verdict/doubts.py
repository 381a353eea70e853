"""Every doubt about an attempt: whose doing it is, by which evidence, and what follows.

Only what the instrument did to itself makes an attempt void. What the road did to an attempt is evidence about the
road. docs/verdict.md shows this table.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from clearway.probe.records import Reason


class Doer(StrEnum):
    """Whose doing it is that an attempt is not a clean measurement."""

    INSTRUMENT = "instrument"
    ROAD = "road"


class Effect(StrEnum):
    VOID = "void"
    """Its value is not judged, and it is tried again, a bounded number of times."""
    NEVER_HOLDS = "never-holds"
    """Its value may break the pair. The pair can't hold in this test any more: no later value changes that."""
    BREAKS = "breaks"
    """It breaks the pair by itself: no later value changes that."""


@dataclass(frozen=True, slots=True)
class DoubtKind:
    """One row of the table."""

    found: str
    """What is seen."""
    doer: Doer
    evidence: str
    """What has to be known before it counts as that doer's."""
    effect: Effect
    again: Effect
    """What follows once two attempts at the pair show it."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A doubt about one attempt."""

    kind: DoubtKind
    reason: Reason

    @property
    def is_void(self) -> bool:
        return self.kind.effect is Effect.VOID


def _instrument(found: str, evidence: str) -> DoubtKind:
    return DoubtKind(found, Doer.INSTRUMENT, evidence, Effect.VOID, Effect.VOID)


def _road(found: str, evidence: str, effect: Effect, again: Effect | None = None) -> DoubtKind:
    return DoubtKind(found, Doer.ROAD, evidence, effect, again or effect)


LOST = _instrument(
    "no result: the worker was lost or cancelled, or its answer never came", "the run's own record of its workers"
)
TOOL = _instrument(
    "the tool crashed, was killed, did not end in time, or its output holds no whole measurement",
    "that neither end has evidence about the road",
)
LATE = _instrument("the attempt began late", "the tool was launched late, or nothing shows that the road was slow")
SATURATED = _instrument(
    "an HTTP client, or a UDP sender below its rate, that kept its cores 95 % busy",
    "CPU time of the tool: it measured itself, not the road",
)
STARVED = _instrument(
    "an empty interval of a flow, response times, or a UDP sender below its rate, while a worker had no CPU",
    "for 5 % of the attempt a CPU limit or a hypervisor held the worker back, or its own wake-ups came late; for the "
    "sender also: 95 % of the CPUs were busy, and the flow was slow without standing still",
)
TIMED_FROM_SENDING = _instrument(
    "HTTP at a stated rate, measured by clearway 0.1.0",
    "no due instants in the record: a request was timed from its sending, so one that an outage held back looks fast",
)
BACKGROUND_VOID = _instrument(
    "a background load that was void itself, or weak while a worker of it had no CPU left",
    "a row above is true of the background load; or 95 % of the CPUs were busy, and it was slow without standing still",
)
CONTRADICTED = _instrument(
    "numbers that contradict each other or the link",
    "goodput 5 % above the link's known rate; more received than sent by 5 %, copies left out; latencies of which "
    "there are not as many as counted",
)
UNREACHABLE = _road(
    "no connection at all: refused, no route, or never answered",
    "the receiver was listening before the sender set out, and the sender's kernel said that it could not connect",
    Effect.BREAKS,
)
UNANSWERED = _road(
    "connections that were never answered, beside others that were",
    "the receiver was listening before the sender set out, and the sender's kernel still waited for an answer when all "
    "was over; the workers had their CPU",
    Effect.BREAKS,
)
CONNECTED_LATE = _road(
    "connections, or the first data, that came late",
    "the tool was launched in time, and the sender's kernel still waited for connections at the instant; or data left "
    "0.5 s late, by more than the worker's own wake-ups did",
    Effect.NEVER_HOLDS,
    again=Effect.BREAKS,
)
RESET = _road(
    "connections that were reset while they carried data",
    "the sender's tool said so, and the receiver's ran on until it was ended",
    Effect.NEVER_HOLDS,
    again=Effect.BREAKS,
)
SILENT_FLOWS = _road(
    "flows that connected and then carried nothing in the whole window",
    "bytes of each flow at the receiver; the workers had their CPU",
    Effect.BREAKS,
)
ERRORS = _road("failed HTTP requests", "the client's own count", Effect.NEVER_HOLDS)
DOUBLED = _road(
    "more than 0.1 % of the datagrams received were copies", "the receiver's own sequence numbers", Effect.NEVER_HOLDS
)
LOAD_MISSED = _road(
    "an HTTP load below the stated rate",
    "the client's count; it was not saturated, and the workers had their CPU",
    Effect.NEVER_HOLDS,
)
SENDER_SHORT = _road(
    "a UDP sender that stopped early (under 95 % of the time) or was slow (under 98 % of the rate)",
    "the sender's own count; the tool left CPU idle, and the workers had their CPU",
    Effect.NEVER_HOLDS,
)
BACKGROUND_WEAK = _road(
    "a background load that carried nothing, or less than 80 % of a full road",
    "bytes at its receiver; the workers had their CPU. A full road is the median of all pairs' own TCP throughput in "
    "this run, or the pair's link where that is less",
    Effect.NEVER_HOLDS,
)
BACKGROUND_DROPPED = _road(
    "a background load of less than 80 % of a full road, of which the road dropped much",
    "5 % of its segments were sent again, by the count of the sender's kernel; the workers had their CPU",
    Effect.BREAKS,
)

DOUBTS = (
    LOST,
    TOOL,
    LATE,
    SATURATED,
    STARVED,
    TIMED_FROM_SENDING,
    BACKGROUND_VOID,
    CONTRADICTED,
    UNREACHABLE,
    UNANSWERED,
    CONNECTED_LATE,
    RESET,
    SILENT_FLOWS,
    ERRORS,
    DOUBLED,
    LOAD_MISSED,
    SENDER_SHORT,
    BACKGROUND_WEAK,
    BACKGROUND_DROPPED,
)
