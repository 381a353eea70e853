"""Whose doing a bad attempt is, and what follows: a record for each row of the table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearway.base.units import Duration, Rate, Size
from clearway.campaign.next import next_round
from clearway.ledger.record import Record
from clearway.probe.histogram import Histogram
from clearway.probe.measurement import Counters, Evidence, Flow
from clearway.probe.records import Half, Outcome, Probe, Reason, Result, Role, Round, RoundReason
from clearway.spec.load import read_spec
from clearway.verdict import doubts
from clearway.verdict.doubts import DOUBTS, Doer, DoubtKind, Effect
from clearway.verdict.judge import judge
from clearway.verdict.model import PairState, State
from clearway.verdict.trials import TrialIndex
from making import BANDWIDTH_AND_LATENCY, GBIT, Answer, after, inventory, measured, planned, tcp_spec
from properties import examples
from scripts.pages.doubts import with_doubts

VERDICT_PAGE = Path(__file__).parents[3] / "docs" / "verdict.md"
HTTP = """
version: 1
tests:
- {name: latency, protocol: http, rate: 500/s, direction: forward, background: {streams: 4},
   accept: ["latency p99 <= 10 ms"]}
"""
UDP = """
version: 1
tests:
- {name: loss, protocol: udp, rate: 100 Mbit/s, direction: forward, accept: ["loss <= 0.1 %"]}
"""
SPECS = {"tcp": tcp_spec("throughput >= 500 Mbit/s"), "http": read_spec(HTTP), "udp": read_spec(UDP)}
GOOD = {"tcp": 0.9 * GBIT, "http": 0.005, "udp": 0.0}
BAD = {"tcp": 0.1 * GBIT, "http": 0.5, "udp": 0.1}
RANK = {PairState.BREAKS: 0, PairState.UNDECIDED: 1, PairState.HOLDS: 2}
THROTTLED, PAUSED = Counters(throttled=Duration(3)), Counters(paused=Duration(3))
LONG_PAUSED = Counters(paused=Duration(7))

Change = Callable[[tuple[Result, ...]], tuple[Result, ...]]


def answers(protocol: str, value: float | None = None) -> Answer:
    """All goes well, and each judged probe measures this value."""
    own = GOOD[protocol] if value is None else value
    return lambda r, p: measured(r, p, 0.95 * GBIT if p.role is Role.BACKGROUND else own, count=5_000)


def with_half(half: Half, **fields: Any) -> Change:
    """The results with one half changed."""
    return lambda results: tuple(replace(one, **fields) if one.half is half else one for one in results)


def with_measurement(half: Half, **fields: Any) -> Change:
    """The results with what one half measured changed."""

    def change(results: tuple[Result, ...]) -> tuple[Result, ...]:
        return tuple(
            replace(one, measurement=replace(one.measurement, **fields)) if one.half is half else one  # type: ignore[type-var]
            for one in results
        )

    return change


def both(*changes: Change) -> Change:
    def change(results: tuple[Result, ...]) -> tuple[Result, ...]:
        for one in changes:
            results = one(results)
        return results

    return change


def ended(outcome: Outcome, code: str, **values: Any) -> Change:
    """The send half came to nothing, for this reason."""
    return with_half(Half.SEND, outcome=outcome, reason=Reason(code, values), measurement=None)


def unanswered(count: int, connections: int) -> Change:
    return ended(Outcome.UNREACHABLE, "worker.unanswered", count=count, connections=connections)


FEW_REQUESTS = with_measurement(Half.SEND, latency=Histogram.of([0.005] * 2_000))
SLOW_SENDER = with_measurement(Half.SEND, sent_rate=Rate(9e7))
STREAMS = (Size(0), Size(5e6), Size(0), Size(6e6))
SILENT = with_measurement(Half.SERVE, by_stream=STREAMS)
STALLED = with_measurement(Half.SERVE, stall=Duration(0.3))
STOOD_STILL = with_measurement(Half.SERVE, series=(Size(0), *(Size(6e7),) * 19))
FELL_SILENT = with_measurement(Half.SERVE, by_flow=(Flow(7, 900, silent=Duration(0.5)),))
MORE_BYTES = with_measurement(Half.SERVE, interval=Duration(0.5), series=(Size(4e7),) * 20)
MISCOUNTED = replace(Histogram.of([0.005] * 5_000), count=10**6)
NO_ANSWER = unanswered(3, 8)
DATA_LATE = ended(Outcome.LATE, "worker.data-late", late=Duration(1.1))
RESET = both(
    ended(Outcome.TOOL_FAILED, "tool.reset", tool="iperf", count=8),
    with_half(Half.SERVE, evidence=Evidence(("iperf",))),
)
SENT_AGAIN = with_measurement(Half.SEND, retransmits=5_000)
ALL_BUSY = with_half(Half.SERVE, counters=Counters(cpu_busy=0.99))
WEAK = with_measurement(Half.SERVE, series=(Size(1e6),) * 20)
DEAD = both(
    ended(Outcome.UNREACHABLE, "tool.refused"), with_half(Half.SERVE, outcome=Outcome.UNPARSABLE, measurement=None)
)


WITHOUT_VALUE = (doubts.CONNECTED_LATE, doubts.RESET)
"""What the road did left nothing to judge, and does not break by itself."""

Row = tuple[DoubtKind, str, Role, Change]
ROWS: Sequence[Row] = (
    (doubts.LOST, "tcp", Role.JUDGED, ended(Outcome.WORKER_LOST, "run.partner-lost")),
    (doubts.LOST, "tcp", Role.JUDGED, ended(Outcome.TIMED_OUT, "run.no-answer")),
    (doubts.TOOL, "tcp", Role.JUDGED, ended(Outcome.TOOL_FAILED, "tool.failed")),
    (doubts.TOOL, "tcp", Role.JUDGED, ended(Outcome.UNPARSABLE, "tool.malformed")),
    (doubts.LATE, "tcp", Role.JUDGED, ended(Outcome.LATE, "worker.start-passed")),
    (doubts.SATURATED, "http", Role.JUDGED, with_half(Half.SEND, counters=Counters(tool_cpu=0.99))),
    (doubts.SATURATED, "udp", Role.JUDGED, both(SLOW_SENDER, with_half(Half.SEND, counters=Counters(tool_cpu=1.0)))),
    (doubts.STARVED, "http", Role.JUDGED, with_half(Half.SEND, counters=THROTTLED)),
    (doubts.STARVED, "tcp", Role.JUDGED, both(STOOD_STILL, with_half(Half.SERVE, counters=THROTTLED))),
    (doubts.STARVED, "tcp", Role.JUDGED, both(STALLED, with_half(Half.SERVE, counters=THROTTLED))),
    (doubts.STARVED, "tcp", Role.JUDGED, both(SILENT, with_half(Half.SERVE, counters=THROTTLED))),
    (doubts.STARVED, "udp", Role.JUDGED, both(SLOW_SENDER, with_half(Half.SEND, counters=Counters(cpu_busy=0.99)))),
    (doubts.TIMED_FROM_SENDING, "http", Role.JUDGED, with_measurement(Half.SEND, due=None)),
    (doubts.BACKGROUND_VOID, "http", Role.BACKGROUND, ended(Outcome.TOOL_FAILED, "tool.failed")),
    (doubts.BACKGROUND_VOID, "http", Role.BACKGROUND, lambda _: ()),
    (doubts.BACKGROUND_VOID, "http", Role.BACKGROUND, both(WEAK, with_half(Half.SERVE, counters=THROTTLED))),
    (doubts.CONTRADICTED, "tcp", Role.JUDGED, with_measurement(Half.SERVE, series=(Size(GBIT),) * 20)),
    (doubts.CONTRADICTED, "tcp", Role.JUDGED, with_measurement(Half.SEND, sent=Size(1_000_000))),
    (doubts.CONTRADICTED, "udp", Role.JUDGED, with_measurement(Half.SERVE, received=10**9)),
    (doubts.CONTRADICTED, "udp", Role.JUDGED, MORE_BYTES),
    (doubts.CONTRADICTED, "http", Role.JUDGED, with_measurement(Half.SEND, latency=MISCOUNTED)),
    (doubts.UNREACHABLE, "tcp", Role.JUDGED, DEAD),
    (doubts.UNREACHABLE, "http", Role.BACKGROUND, DEAD),
    (doubts.LATE, "tcp", Role.JUDGED, ended(Outcome.LATE, "worker.late", late=Duration(2))),
    (doubts.LATE, "udp", Role.JUDGED, ended(Outcome.LATE, "worker.data-late", late=Duration(0.2))),
    (doubts.LATE, "udp", Role.JUDGED, both(DATA_LATE, with_half(Half.SEND, counters=PAUSED))),
    (doubts.STARVED, "http", Role.JUDGED, with_half(Half.SERVE, counters=PAUSED)),
    (doubts.STARVED, "udp", Role.JUDGED, both(FELL_SILENT, with_half(Half.SEND, counters=PAUSED))),
    (doubts.STARVED, "http", Role.JUDGED, with_half(Half.SEND, counters=Counters(cpu_steal=0.2))),
    (doubts.STARVED, "tcp", Role.JUDGED, both(NO_ANSWER, with_half(Half.SERVE, counters=LONG_PAUSED))),
    (doubts.UNANSWERED, "tcp", Role.JUDGED, both(NO_ANSWER, with_half(Half.SERVE, counters=PAUSED))),
    (doubts.UNREACHABLE, "tcp", Role.JUDGED, unanswered(8, 8)),
    (doubts.UNANSWERED, "tcp", Role.JUDGED, NO_ANSWER),
    (doubts.UNANSWERED, "http", Role.JUDGED, NO_ANSWER),
    (doubts.CONNECTED_LATE, "udp", Role.JUDGED, DATA_LATE),
    (doubts.CONNECTED_LATE, "tcp", Role.JUDGED, ended(Outcome.LATE, "worker.connect-late", count=1, connections=8)),
    (doubts.RESET, "tcp", Role.JUDGED, RESET),
    (doubts.TOOL, "tcp", Role.JUDGED, both(RESET, with_half(Half.SERVE, evidence=Evidence(("iperf",), exit=-9)))),
    (doubts.SILENT_FLOWS, "tcp", Role.JUDGED, SILENT),
    (doubts.SILENT_FLOWS, "http", Role.BACKGROUND, SILENT),
    (doubts.ERRORS, "http", Role.JUDGED, with_measurement(Half.SEND, errors={"refused": 1})),
    (doubts.DOUBLED, "udp", Role.JUDGED, with_measurement(Half.SERVE, received=5_050, duplicates=50)),
    (doubts.LOAD_MISSED, "http", Role.JUDGED, FEW_REQUESTS),
    (doubts.SENDER_SHORT, "udp", Role.JUDGED, SLOW_SENDER),
    (doubts.BACKGROUND_WEAK, "http", Role.BACKGROUND, WEAK),
    (doubts.BACKGROUND_DROPPED, "http", Role.BACKGROUND, both(WEAK, SENT_AGAIN)),
    (doubts.BACKGROUND_DROPPED, "http", Role.BACKGROUND, both(WEAK, SENT_AGAIN, ALL_BUSY)),
    (doubts.BACKGROUND_VOID, "http", Role.BACKGROUND, both(WEAK, SENT_AGAIN, with_half(Half.SEND, counters=PAUSED))),
)
"""For each kind of doubt: a protocol, the probe of the attempt that it is seen at, and what is seen there."""
every_row = pytest.mark.parametrize(("kind", "protocol", "role", "change"), ROWS)


def attempt(record: Record, round_: Round, answer: Answer, role: Role = Role.JUDGED, change: Change = tuple) -> Record:
    """The record after one more round, its probes of that role changed."""

    def changed(around: Round, probe: Probe) -> tuple[Result, ...]:
        found = answer(around, probe)
        return change(found) if probe.role is role else found

    return after(record, [round_], changed)


def again(record: Record) -> Round:
    """The first planned round once more."""
    first = record.plan[0]
    return replace(first, id=f"{first.id}.retry-{len(record.rounds)}", why=RoundReason.RETRY, origin=first.id)


def seen(protocol: str, role: Role, change: Change, value: float | None = None) -> Record:
    record = planned(SPECS[protocol], inventory(2))
    return attempt(record, record.plan[0], answers(protocol, value), role, change)


def standing(record: Record) -> PairState:
    return judge(record).criteria[0].pairs[0].standing


def test_every_doubt_of_the_table_is_seen_in_a_record_here() -> None:
    assert {kind.found for kind, *_ in ROWS} == {kind.found for kind in DOUBTS}


def test_the_page_on_verdicts_shows_the_table_of_the_code() -> None:
    page = VERDICT_PAGE.read_text(encoding="utf-8")
    assert with_doubts(page) == page
    assert with_doubts(page.replace("| failed HTTP requests | road |", "| failed | instrument |")) == page


@every_row
def test_each_doubt_has_its_doer(kind: DoubtKind, protocol: str, role: Role, change: Change) -> None:
    record = seen(protocol, role, change)
    index = TrialIndex(record)
    (trial,) = (trial for trial in record.trials if trial.probe.role is Role.JUDGED)
    assert kind in {doubt.kind for doubt in index.doubts(trial)}
    assert kind.doer is (Doer.INSTRUMENT if kind.effect is Effect.VOID else Doer.ROAD)


@every_row
def test_an_attempt_is_made_again_where_it_is_void_or_neither_has_a_value_nor_breaks(
    kind: DoubtKind, protocol: str, role: Role, change: Change
) -> None:
    record = seen(protocol, role, change)
    following = next_round(record)
    assert (following is not None) is (kind.effect is Effect.VOID or kind in WITHOUT_VALUE)
    assert following is None or following.why is RoundReason.RETRY
    assert standing(record) is (PairState.BREAKS if kind.effect is Effect.BREAKS else PairState.UNDECIDED)


@every_row
def test_a_later_clean_attempt_helps_the_instrument_and_never_the_road(
    kind: DoubtKind, protocol: str, role: Role, change: Change
) -> None:
    first = seen(protocol, role, change)
    both_attempts = attempt(first, again(first), answers(protocol))
    expected = {
        Effect.VOID: PairState.HOLDS,
        Effect.NEVER_HOLDS: PairState.UNDECIDED,
        Effect.BREAKS: PairState.BREAKS,
    }
    assert standing(both_attempts) is expected[kind.effect]


NO_GOOD_VALUE = (doubts.LOAD_MISSED, *WITHOUT_VALUE)
"""Their record has a value of its own, or none."""


@pytest.mark.parametrize(
    ("protocol", "role", "change"),
    [row[1:] for row in ROWS if row[0].effect is Effect.NEVER_HOLDS and row[0] not in NO_GOOD_VALUE],
)
def test_a_bad_value_breaks_beside_road_evidence(protocol: str, role: Role, change: Change) -> None:
    assert standing(seen(protocol, role, change, BAD[protocol])) is PairState.BREAKS


def test_a_bad_value_breaks_where_the_load_was_missed() -> None:
    slow = with_measurement(Half.SEND, latency=Histogram.of([0.5] * 2_000))
    assert standing(seen("http", Role.JUDGED, slow)) is PairState.BREAKS


def test_a_connection_that_came_late_twice_breaks_and_once_leaves_open() -> None:
    first = seen("udp", Role.JUDGED, DATA_LATE)
    assert standing(first) is PairState.UNDECIDED
    second = attempt(first, again(first), answers("udp"), change=DATA_LATE)
    assert standing(second) is PairState.BREAKS
    assert next_round(second) is None


ATTEMPTS: dict[str, Sequence[tuple[Role, Change]]] = {
    protocol: [(Role.JUDGED, tuple), *((role, change) for _, name, role, change in ROWS if name == protocol)]
    for protocol in SPECS
}
ROAD: dict[str, Sequence[tuple[Role, Change]]] = {
    protocol: [(role, change) for kind, name, role, change in ROWS if name == protocol and kind.doer is Doer.ROAD]
    for protocol in SPECS
}


@settings(max_examples=examples(30), deadline=None)
@given(st.data(), st.sampled_from(sorted(SPECS)))
def test_road_evidence_never_makes_a_run_accepted_and_no_retry_takes_it_back(
    data: st.DataObject, protocol: str
) -> None:
    record = planned(SPECS[protocol], inventory(2))
    for role, change in data.draw(st.lists(st.sampled_from(ATTEMPTS[protocol]), max_size=4)):
        record = attempt(record, again(record), answers(protocol), role, change)
    role, change = data.draw(st.sampled_from(ROAD[protocol]))
    worse = attempt(record, again(record), answers(protocol), role, change)
    assert judge(worse).state is not State.PASS
    later = attempt(worse, again(worse), answers(protocol))
    assert judge(later).state is not State.PASS
    assert RANK[standing(later)] <= RANK[standing(worse)]


@pytest.mark.parametrize(
    ("crawl", "expected"),
    [
        (0.02 * GBIT, (PairState.UNDECIDED, "verdict.background-weak")),
        (0.0, (PairState.BREAKS, "verdict.background-road")),
    ],
)
def test_a_slow_pairs_own_crawl_is_no_full_road(crawl: float, expected: tuple[PairState, str]) -> None:
    """It is held against what the other pairs carried, and a load that carried nothing is never full."""
    record = planned(read_spec(BANDWIDTH_AND_LATENCY), inventory(10))
    slow = record.plan[0].probes[0].pair

    def answer(round_: Round, probe: Probe) -> tuple[Result, ...]:
        if probe.test == "latency" and probe.role is Role.JUDGED:
            return measured(round_, probe, 0.001)
        return measured(round_, probe, crawl if probe.pair == slow else 0.9 * GBIT)

    (judged,) = judge(after(record, record.plan, answer)).criteria
    found = [pair for pair in judged.pairs if pair.standing is not PairState.HOLDS]
    assert [(pair.subject, (pair.standing, pair.reasons[0].code)) for pair in found] == [(slow, expected)]
