"""What a load adds to round trips: idle and loaded in turns, and how sure the difference is."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearway.campaign.next import next_round
from clearway.diagnose.figures import pair_figures
from clearway.ledger.record import Record
from clearway.probe.histogram import Histogram
from clearway.probe.measurement import RoundTrip
from clearway.probe.records import Outcome, Probe, Result, Role, Round
from clearway.spec.load import read_spec
from clearway.verdict.judge import judge
from clearway.verdict.model import CriterionVerdict, PairState, State
from making import Answer, after, background_ok, inventory, measured, planned, void
from properties import examples

SPEC = """
version: 1
tests:
- {{name: bloat, protocol: round-trip, direction: forward, background: {{}}, against-idle: true, repeats: {{max: 4}},
   accept: {accept}}}
"""
IDLE, LOADED = 0.0001, 0.0041


def run_of(accept: str) -> Record:
    return planned(read_spec(SPEC.format(accept=accept)), inventory(2))


def road(round_: Round, probe: Probe) -> tuple[Result, ...]:
    """Round trips of 0.1 ms, of 4.1 ms under load."""
    if probe.role is Role.BACKGROUND:
        return background_ok(round_, probe)
    return measured(round_, probe, IDLE if probe.role is Role.IDLE else LOADED)


def carried_out(record: Record, answer: Answer) -> Record:
    while (round_ := next_round(record)) is not None:
        record = after(record, [round_], answer)
        assert len(record.rounds) < 30
    return record


def judged(record: Record) -> tuple[CriterionVerdict, ...]:
    return judge(record).tests[0].criteria


def test_idle_and_loaded_rounds_take_turns_and_only_the_loaded_ones_have_a_background() -> None:
    spec = SPEC.format(accept="[]").replace("{max: 4}", "{min: 3}")
    record = planned(read_spec(spec), inventory(4))
    roles = [{probe.role for probe in round_.probes} for round_ in record.plan]
    assert roles == [{Role.IDLE}, {Role.JUDGED, Role.BACKGROUND}] * 3
    assert [round_.probes[0].repeat for round_ in record.plan] == [0, 0, 1, 1, 2, 2]
    assert {probe.pair for probe in record.plan[0].probes} == {probe.pair for probe in record.plan[1].probes}
    ids = [probe.id for round_ in record.plan for probe in round_.probes]
    assert len(set(ids)) == len(ids)


def test_the_added_delay_is_the_difference_and_round_trips_per_minute_are_those_under_load() -> None:
    done = carried_out(run_of('["added-delay p95 <= 5 ms", "rpm >= 1000"]'), road)
    delay, rpm = (criterion.pairs[0] for criterion in judged(done))
    assert (delay.standing, rpm.standing) == (PairState.HOLDS, PairState.HOLDS)
    assert delay.value is not None
    assert rpm.value is not None
    assert delay.value.si == pytest.approx(LOADED - IDLE, rel=0.02)
    assert rpm.value.si == pytest.approx(60 / LOADED, rel=0.02)
    assert done.rounds == done.plan


def test_what_is_shown_keeps_idle_and_loaded_apart() -> None:
    record = run_of("[]")
    (shown,) = pair_figures(carried_out(record, road), record.spec.tests[0])
    values = {name: value.si for name, value in shown.values.items()}
    assert values["round-trip median"] == pytest.approx(LOADED, rel=0.02)
    assert values["idle-round-trip median"] == pytest.approx(IDLE, rel=0.02)
    assert values["added-delay p95"] == pytest.approx(LOADED - IDLE, rel=0.02)
    assert shown.measurements == 1


def test_a_delay_above_the_limit_breaks_and_a_busy_idle_road_does_not_excuse_it() -> None:
    (delay,) = judged(carried_out(run_of('["added-delay p95 <= 1 ms"]'), road))
    assert delay.state is State.FAIL


def test_without_a_good_idle_attempt_there_is_no_difference_and_nothing_is_decided() -> None:
    def answer(round_: Round, probe: Probe) -> tuple[Result, ...]:
        return void(round_, probe, Outcome.TOOL_FAILED) if probe.role is Role.IDLE else road(round_, probe)

    record = run_of('["added-delay p95 <= 5 ms", "rpm >= 1000"]')
    done = carried_out(record, answer)
    delay, rpm = judged(done)
    assert (delay.state, rpm.state) == (State.INCONCLUSIVE, State.PASS)
    assert sum(probe.role is Role.IDLE for round_ in done.rounds for probe in round_.probes) == record.spec.attempts


def test_a_void_idle_attempt_is_tried_again_and_the_good_one_counts() -> None:
    def answer(round_: Round, probe: Probe) -> tuple[Result, ...]:
        spoiled = probe.role is Role.IDLE and round_.origin is None
        return void(round_, probe, Outcome.TOOL_FAILED) if spoiled else road(round_, probe)

    (delay,) = judged(carried_out(run_of('["added-delay p95 <= 5 ms"]'), answer))
    assert delay.state is State.PASS


def test_repeats_take_turns_too() -> None:
    """Round trips scatter so that the limit stays inside the interval until all repeats are used."""
    chance = Random(1)

    def answer(round_: Round, probe: Probe) -> tuple[Result, ...]:
        if probe.role is Role.BACKGROUND:
            return background_ok(round_, probe)
        return scattered(chance, round_, probe, 0.002 if probe.role is Role.JUDGED else 0.0, most=0.01)

    done = carried_out(run_of('["added-delay p95 <= 2 ms"]'), answer)
    turns = [(probe.role, probe.repeat) for round_ in done.rounds for probe in round_.probes[:1]]
    assert turns == [(role, repeat) for repeat in range(4) for role in (Role.IDLE, Role.JUDGED)]


def scattered(chance: Random, round_: Round, probe: Probe, added: float, most: float = 0.001) -> tuple[Result, ...]:
    """As many samples as there are in some seconds, each late by chance."""
    took = [IDLE + added + chance.random() * most for _ in range(2_000)]
    serve, send = measured(round_, probe, IDLE)
    return serve, replace(send, measurement=RoundTrip(Histogram.of(took), len(took), len(took)))


@settings(max_examples=examples(20))
@given(seed=st.integers(0, 2**32), added=st.sampled_from([0.0, 0.001, 0.01]))
def test_the_interval_has_the_true_difference_inside(seed: int, added: float) -> None:
    """Wherever chance puts single samples: the ends are for far rarer errors than there are examples."""
    chance = Random(seed)

    def answer(round_: Round, probe: Probe) -> tuple[Result, ...]:
        if probe.role is Role.BACKGROUND:
            return background_ok(round_, probe)
        return scattered(chance, round_, probe, added if probe.role is Role.JUDGED else 0.0)

    record = run_of('["added-delay median <= 1 s"]')
    (delay,) = judged(after(record, record.plan, answer))
    (pair,) = delay.pairs
    assert pair.low is not None
    assert pair.high is not None
    resolution = 0.01 * (added + 0.001)
    assert pair.low.si - resolution <= added <= pair.high.si + resolution
    assert pair.high.si - pair.low.si < 0.0005 + resolution
