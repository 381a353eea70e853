"""What the tools' own waiting for a CPU explains, and what it does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from clearway.base.units import Duration
from clearway.engine.answers import Answers
from clearway.engine.h2load_pacing import ScheduledRequest
from clearway.probe.measurement import Counters, Http
from clearway.probe.parameters import Window
from clearway.probe.records import Probe, Result, Round
from clearway.spec.load import read_spec
from clearway.verdict.judge import judge
from clearway.verdict.model import PairState
from making import after, inventory, measured, planned

SPEC = """
version: 1
tests:
- {name: latency, protocol: http, rate: 200/s, direction: forward,
   accept: ["latency p99 <= 10 ms", "stall <= 300 ms"]}
"""
RATE = 200
MOST = 0.9
"""Seconds that the tools waited within some second."""


def answers(window: Window, silent: tuple[float, float]) -> Http:
    """Of a road on which nothing moves between two instants, and an answer takes 1 ms otherwise."""
    found = Answers(window, window.end.si, scheduled=True)
    for number in range(round(window.end.si * RATE)):
        due = number / RATE
        end = silent[1] if silent[0] <= due < silent[1] else due
        found.take(ScheduledRequest(due, end + 0.001, 200, waited=False))
    return found.record(None)


def standings(silent: tuple[float, float], by_second: Mapping[int, float] | None) -> list[PairState]:
    """Of latency and of the stall; the test runs from 2 s to 12 s after the instant."""
    record = planned(read_spec(SPEC), inventory(2))
    waits = None if by_second is None else {second: Duration(waited) for second, waited in by_second.items()}
    counters = Counters(tool_waited=Duration(MOST), tool_waits=waits)

    def answer(round_: Round, probe: Probe) -> tuple[Result, ...]:
        serve, send = measured(round_, probe, 0.001)
        return serve, replace(send, measurement=answers(probe.window, silent), counters=counters)

    criteria = judge(after(record, record.plan, answer)).tests[0].criteria
    return [one.pairs[0].standing for one in criteria]


BREAKS, UNDECIDED, HOLDS = PairState.BREAKS, PairState.UNDECIDED, PairState.HOLDS
OTHERWISE_BUSY = dict.fromkeys((2, 3, 9, 10, 11), MOST)


def test_a_road_that_was_dead_while_the_tools_had_their_cpu_breaks_however_long_they_waited_at_other_times() -> None:
    assert standings((5.2, 8.2), OTHERWISE_BUSY) == [BREAKS, BREAKS]


def test_a_silence_while_the_tools_waited_for_a_cpu_may_be_their_own() -> None:
    assert standings((5.2, 5.9), {5: MOST}) == [UNDECIDED, UNDECIDED]


def test_a_silence_is_shorter_by_no_more_than_they_waited_meanwhile() -> None:
    assert standings((5.2, 8.2), {5: 0.5, 6: 0.5, 7: 0.5}) == [BREAKS, BREAKS]
    assert standings((5.2, 8.2), {5: MOST, 6: 1.0, 7: 1.0}) == [UNDECIDED, UNDECIDED]


def test_a_silence_that_is_longer_than_the_most_of_a_second_is_left_open_where_the_seconds_are_not_known() -> None:
    """A record of an earlier version."""
    assert standings((5.2, 8.2), None)[1] is UNDECIDED


@pytest.mark.parametrize("by_second", [{}, OTHERWISE_BUSY, None])
def test_a_road_without_a_silence_holds(by_second: Mapping[int, float] | None) -> None:
    assert standings((5.0, 5.0), by_second) == [HOLDS, HOLDS]
