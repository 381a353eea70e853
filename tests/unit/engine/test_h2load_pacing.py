"""Latency from the due instant, rebuilt from a log without connection ids, is what the client that wrote it knows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.engine.h2load_pacing import TICK, LoggedRequest, Schedule
from clearway.probe.histogram import rank
from unit.engine.paced_client import Outage, PacedClient

STOP = 6.0
TOLERANCE = TICK.si
"""The pacing error: what a start may differ from its due instant without being late."""


def rebuilt(rows: Sequence[LoggedRequest], period: float, connections: int, stop: float = STOP) -> list[float]:
    """Latencies from the due instants, in order of size."""
    schedule = Schedule(rows[0].start, period, connections)
    answered = [asked.end - asked.due for asked in schedule.requests(rows)]
    return sorted([*answered, *(stop - due for due in schedule.unanswered(stop))])


phases = st.lists(st.floats(0, 0.005), min_size=1, max_size=24)
periods = st.floats(0.02, 0.2)
jitter = st.lists(st.floats(0, 0.003), min_size=1, max_size=7)
moments = st.tuples(st.floats(0.3, 2.5), st.floats(0, 3.0), st.sampled_from((1, 1, 2, 3, 8)))


def outage_of(moment: tuple[float, float, int]) -> Outage:
    begin, length, every = moment
    return Outage(begin, begin + length, every)


@given(phases, periods, jitter, st.lists(moments, max_size=3))
def test_latencies_are_those_that_the_client_knows(
    phases: list[float], period: float, jitter: list[float], moments: list[tuple[float, float, int]]
) -> None:
    client = PacedClient(phases, period, STOP, lateness=jitter)
    rows, truth = client.run([outage_of(moment) for moment in moments])
    found = rebuilt(rows, period, len(phases))
    assert len(found) == pytest.approx(len(truth), abs=len(phases))
    assert sum(found) == pytest.approx(sum(truth), abs=TOLERANCE * (len(truth) + 1))
    for percent in (50, 90, 99, 100):
        assert at(found, percent) == pytest.approx(at(truth, percent), abs=2 * TOLERANCE), percent


@given(phases, periods, st.floats(0.3, 2.0), st.lists(st.floats(0, 3), min_size=2, max_size=4))
def test_a_longer_outage_lowers_no_percentile(
    phases: list[float], period: float, begin: float, lengths: list[float]
) -> None:
    client = PacedClient(phases, period, STOP)
    logs = [client.run([Outage(begin, begin + length)])[0] for length in sorted(lengths)]
    shorter_first = [rebuilt(rows, period, len(phases)) for rows in logs]
    for shorter, longer in pairwise(shorter_first):
        for percent in (50, 90, 99, 100):
            assert at(longer, percent) >= at(shorter, percent) - 2 * TOLERANCE, percent


def at(ordered: Sequence[float], percent: float) -> float:
    return ordered[rank(percent, len(ordered)) - 1]
