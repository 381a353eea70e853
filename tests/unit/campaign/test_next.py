"""What comes next: planned rounds, retries of the void, repeats of the undecided; and that it ends."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearway.base.units import Duration
from clearway.campaign.next import next_round
from clearway.ledger.record import Record
from clearway.probe.observations import HAND_OUT_LATE
from clearway.probe.records import Outcome, Probe, Result, Role, Round, RoundReason
from clearway.spec.load import read_spec
from clearway.spec.model import Spec
from clearway.verdict.judge import judge
from clearway.verdict.model import State
from making import Answer, after, background_ok, inventory, measured, planned, tcp_spec, void
from properties import examples

MOST_ROUNDS = 60


def carried_out(record: Record, answer: Answer) -> Record:
    """Round after round, as the campaign does it."""
    for _ in range(MOST_ROUNDS):
        round_ = next_round(record)
        if round_ is None:
            return record
        record = after(record, [round_], answer)
    raise AssertionError("the campaign does not end")


def whys(record: Record) -> Counter[RoundReason]:
    return Counter(round_.why for round_ in record.rounds)


def test_a_run_without_trouble_is_its_plan() -> None:
    record = planned(tcp_spec("throughput >= 500 Mbit/s"), inventory(6))
    done = carried_out(record, lambda r, p: measured(r, p, 9e8))
    assert done.rounds == record.plan
    assert judge(done).state is State.PASS


def test_a_void_probe_is_tried_again_beside_what_ran_with_it() -> None:
    """The conditions stay: the others load the network again, but their first values stand alone."""
    record = planned(tcp_spec("throughput >= 500 Mbit/s"), inventory(4))
    victim = record.plan[0].probes[0].id

    def answer(round_: Round, probe: Probe) -> tuple[Result, ...]:
        first = round_.why is RoundReason.PLANNED and probe.id == victim
        return void(round_, probe, Outcome.TOOL_FAILED) if first else measured(round_, probe, 9e8)

    done = carried_out(record, answer)
    retry = done.rounds[-1]
    assert whys(done) == {RoundReason.PLANNED: 1, RoundReason.RETRY: 1}
    assert {probe.id: probe.role for probe in retry.probes} == {
        probe.id: Role.JUDGED if probe.id == victim else Role.BACKGROUND for probe in record.plan[0].probes
    }
    assert judge(done).state is State.PASS


def test_what_stays_void_is_given_up_after_the_asked_attempts_and_stays_undecided() -> None:
    record = planned(tcp_spec("throughput >= 500 Mbit/s"), inventory(2))
    done = carried_out(record, lambda r, p: void(r, p, Outcome.TIMED_OUT))
    assert len(done.rounds) == record.spec.attempts
    assert judge(done).state is State.INCONCLUSIVE


def test_an_attempt_that_died_with_the_controller_does_not_count() -> None:
    record = planned(tcp_spec("throughput >= 500 Mbit/s"), inventory(2))
    interrupted = after(record, record.plan, lambda r, p: ())
    done = carried_out(interrupted, lambda r, p: void(r, p, Outcome.TIMED_OUT))
    assert len(done.rounds) == 1 + record.spec.attempts


@pytest.mark.parametrize("late", [1, 3, 9])
def test_a_round_that_was_handed_out_late_uses_up_no_attempt_but_not_for_ever(late: int) -> None:
    record = planned(tcp_spec("throughput >= 500 Mbit/s"), inventory(2))
    record = replace(record, spec=record.spec.model_copy(update={"attempts": 3}))
    for _ in range(MOST_ROUNDS):
        if (round_ := next_round(record)) is None:
            break
        record = after(record, [round_], lambda r, p: void(r, p, Outcome.LATE))
        if len(record.rounds) <= late:
            seen = HAND_OUT_LATE.seen(round_.id, 0.0, {"after": Duration(60)})
            record = replace(record, observations=(*record.observations, seen))
    assert len(record.rounds) == 3 + min(late, 3)


def test_a_latency_whose_load_died_is_measured_again_with_a_new_load() -> None:
    spec = read_spec(
        "{version: 1, tests: [{name: l, protocol: http, rate: 500/s, direction: forward, background: {streams: 4},"
        " accept: ['latency p99 <= 10 ms']}]}"
    )

    def answer(round_: Round, probe: Probe) -> tuple[Result, ...]:
        if probe.role is not Role.BACKGROUND:
            return measured(round_, probe, 0.005)
        if round_.why is RoundReason.PLANNED:
            return void(round_, probe, Outcome.WORKER_LOST)
        return background_ok(round_, probe)

    done = carried_out(planned(spec, inventory(2)), answer)
    assert whys(done) == {RoundReason.PLANNED: 1, RoundReason.RETRY: 1}
    assert judge(done).state is State.PASS


def test_repeats_that_straddle_the_limit_end_inconclusive_when_the_budget_is_spent() -> None:
    record = planned(repeated(least=2, most=5), inventory(2))
    done = carried_out(record, lambda r, p: measured(r, p, 4e8 if p.repeat % 2 else 6e8))
    assert whys(done) == {RoundReason.PLANNED: 2, RoundReason.REPEAT: 3}
    assert judge(done).state is State.INCONCLUSIVE


def test_repeats_settle_what_they_can() -> None:
    """One bad value among many good ones: from enough repeats on, the interval leaves the limit out."""
    record = planned(repeated(least=2, most=12), inventory(2))
    passed = carried_out(record, lambda r, p: measured(r, p, 4e8 if p.repeat == 0 else 6e8))
    failed = carried_out(record, lambda r, p: measured(r, p, 6e8 if p.repeat == 0 else 4e8))
    assert judge(passed).state is State.PASS
    assert judge(failed).state is State.FAIL
    assert len(passed.rounds) < 12


def test_only_rounds_with_an_undecided_pair_are_repeated() -> None:
    spec = read_spec(
        "{version: 1, tests: [{name: t, protocol: tcp, pairing: mesh, direction: forward, isolated: true,"
        " repeats: {min: 2, max: 3}, accept: ['throughput >= 500 Mbit/s']}]}"
    )
    record = planned(spec, inventory(4))
    shaky = record.plan[0].probes[0].pair

    def answer(round_: Round, probe: Probe) -> tuple[Result, ...]:
        bad = probe.pair == shaky and probe.repeat == 0
        return measured(round_, probe, 4e8 if bad else 6e8)

    done = carried_out(record, answer)
    repeats = [round_ for round_ in done.rounds if round_.why is RoundReason.REPEAT]
    assert [probe.pair for round_ in repeats for probe in round_.probes] == [shaky]


@pytest.mark.parametrize(("share", "again"), [("50 %", False), ("100 %", True)])
def test_a_pair_is_measured_again_only_if_that_can_decide_the_criterion(share: str, again: bool) -> None:
    """Three of four pairs are not measured. Half of the pairs can't be shown to hold by one; but one breaks all."""
    record = planned(tcp_spec(f"throughput >= 500 Mbit/s for {share} of pairs"), inventory(8))
    doubtful = record.plan[0].probes[0].pair

    def answer(round_: Round, probe: Probe) -> tuple[Result, ...]:
        return measured(round_, probe, 5.2e8) if probe.pair == doubtful else void(round_, probe, Outcome.TOOL_FAILED)

    assert (RoundReason.REPEAT in whys(carried_out(record, answer))) is again


def test_a_pair_too_close_to_its_limit_is_not_measured_for_ever() -> None:
    record = planned(repeated(least=1, most=6), inventory(2))
    done = carried_out(record, lambda r, p: measured(r, p, 500e6 + 1e5 * p.repeat))
    assert len(done.rounds) < 6
    assert judge(done).tests[0].criteria[0].pairs[0].reasons[0].code == "verdict.too-close"


OUTCOMES = st.sampled_from([None, *Outcome])


@settings(max_examples=examples(40), deadline=None)
@given(st.lists(OUTCOMES, min_size=1, max_size=40), st.integers(2, 5))
def test_it_ends_in_every_case(outcomes: list[Outcome | None], nodes: int) -> None:
    record = planned(repeated(least=1, most=4), inventory(nodes))
    turn = iter(outcomes * 1_000)

    def answer(round_: Round, probe: Probe) -> tuple[Result, ...]:
        outcome = next(turn)
        if outcome is None:
            return measured(round_, probe, 4e8)
        return measured(round_, probe, 6e8) if outcome is Outcome.MEASURED else void(round_, probe, outcome)

    done = carried_out(record, answer)
    assert {probe.id for round_ in record.plan for probe in round_.probes} <= {
        probe.id for round_ in done.rounds for probe in round_.probes
    }


def repeated(least: int, most: int) -> Spec:
    return read_spec(
        f"{{version: 1, tests: [{{name: t, protocol: tcp, direction: forward, repeats: {{min: {least}, max: {most}}},"
        " accept: ['throughput >= 500 Mbit/s']}]}"
    )
