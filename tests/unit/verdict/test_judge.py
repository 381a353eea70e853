"""Judging whole records."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearway.base.units import Duration, Rate
from clearway.ledger.record import Record
from clearway.probe.histogram import Histogram
from clearway.probe.measurement import Counters, Http, Udp
from clearway.probe.records import Outcome, Probe, Result, Role, Round
from clearway.spec.load import read_spec
from clearway.verdict.judge import judge
from clearway.verdict.model import CriterionVerdict, PairState, State
from making import BANDWIDTH_AND_LATENCY, GBIT, after, background_ok, inventory, measured, planned, tcp_spec, void
from properties import examples

CRITERION = "throughput >= 500 Mbit/s for 80 % of pairs"

PairAnswers = list[float | Outcome | None]
ANSWERS = st.lists(
    st.one_of(
        st.floats(1e6, 1e9),
        st.none(),
        st.sampled_from([Outcome.UNREACHABLE, Outcome.TOOL_FAILED, Outcome.WORKER_LOST, Outcome.LATE]),
    ),
    min_size=5,
    max_size=5,
)


def tcp_record(answers: PairAnswers, criterion: str = CRITERION) -> Record:
    """Ten nodes, five pairs, one answer a pair."""
    record = planned(tcp_spec(criterion), inventory(10))

    def answer(round_: Round, probe: Probe) -> tuple[Result, ...]:
        found = answers[[p.id for p in round_.probes].index(probe.id)]
        if found is None:
            return ()
        return void(round_, probe, found) if isinstance(found, Outcome) else measured(round_, probe, found)

    return after(record, record.plan, answer)


def leaf(record: Record) -> CriterionVerdict:
    return judge(record).tests[0].criteria[0]


@given(st.lists(st.sampled_from([None, Outcome.TOOL_FAILED, Outcome.WORKER_LOST]), min_size=5, max_size=5))
def test_nothing_measured_is_never_pass_and_never_fail(answers: PairAnswers) -> None:
    assert judge(tcp_record(answers)).state is State.INCONCLUSIVE


@given(ANSWERS)
def test_judging_again_is_judging(answers: PairAnswers) -> None:
    record = tcp_record(answers)
    assert judge(record) == judge(record)


@given(ANSWERS, st.randoms(use_true_random=False))
def test_the_order_of_results_does_not_matter(answers: PairAnswers, rng: random.Random) -> None:
    record = tcp_record(answers)
    shuffled = list(record.results)
    rng.shuffle(shuffled)
    assert judge(replace(record, results=tuple(shuffled))) == judge(record)


@settings(max_examples=examples(60))
@given(ANSWERS, st.integers(0, 4), st.floats(1.0, 100.0))
def test_a_better_value_never_makes_a_network_fail(answers: PairAnswers, which: int, factor: float) -> None:
    before = judge(tcp_record(answers)).state
    value = answers[which]
    if isinstance(value, float):
        better = [*answers[:which], value * factor, *answers[which + 1 :]]
        assert before is State.FAIL or judge(tcp_record(better)).state is not State.FAIL


@settings(max_examples=examples(60))
@given(st.lists(st.floats(4.5e8, 9e8), min_size=1, max_size=5), st.integers(1, 5))
def test_more_of_the_same_never_turns_a_verdict_around(values: list[float], more: int) -> None:
    """A pair that measures again what it measured keeps its verdict, or is decided at last."""
    once, again = (repeated(values, repeats) for repeats in (1, 1 + more))
    assert once is again or once is State.INCONCLUSIVE or again is State.INCONCLUSIVE
    assert not (once is State.PASS and min(values) >= 6e8) or again is State.PASS


def repeated(values: list[float], repeats: int) -> State:
    """A pair for each value, which it measures in every repeat."""
    record = planned(tcp_spec("throughput >= 500 Mbit/s", max_repeats=6), inventory(2 * len(values)))
    rounds = [
        replace(
            round_, id=f"{round_.id}.{n}", probes=tuple(replace(p, id=f"{p.id}.{n}", repeat=n) for p in round_.probes)
        )
        for n in range(repeats)
        for round_ in record.plan
    ]
    rates = dict(zip([probe.pair for probe in record.plan[0].probes], values, strict=True))
    return judge(after(record, rounds, lambda r, p: measured(r, p, rates[p.pair]))).state


@given(ANSWERS)
def test_every_planned_pair_is_counted_exactly_once(answers: PairAnswers) -> None:
    record = tcp_record(answers)
    pairs = [pair.subject for pair in leaf(record).pairs]
    assert sorted(map(str, pairs)) == sorted(str(probe.pair) for probe in record.plan[0].probes)


def test_a_slow_pair_is_named_with_its_distance_from_the_limit() -> None:
    verdict = leaf(tcp_record([0.9 * GBIT, 0.1 * GBIT, 0.9 * GBIT, 0.9 * GBIT, 0.9 * GBIT], "throughput >= 500 Mbit/s"))
    worst = verdict.pairs[0]
    assert verdict.state is State.FAIL
    assert worst.standing is PairState.BREAKS
    (reason,) = worst.reasons
    assert (reason.code, reason.values["by"], reason.values["value"]) == (
        "verdict.below-limit",
        Rate(400e6),
        Rate(100e6),
    )


def test_achieved_is_the_limit_that_would_just_have_passed() -> None:
    verdict = leaf(tcp_record([9e8, 8e8, 7e8, 6e8, 1e8]))
    assert verdict.achieved == Rate(6e8)
    assert verdict.state is State.PASS


def test_a_proven_dead_path_breaks() -> None:
    verdict = leaf(tcp_record([Outcome.UNREACHABLE, 9e8, 9e8, 9e8, 9e8], "throughput >= 500 Mbit/s"))
    assert verdict.state is State.FAIL
    assert verdict.pairs[0].reasons[0].code == "verdict.unreachable"


def test_a_client_that_could_not_connect_to_a_server_that_was_not_there_proves_nothing() -> None:
    record = planned(tcp_spec(CRITERION), inventory(2))
    dead = after(record, record.plan, lambda r, p: void(r, p, Outcome.UNREACHABLE, listening=False))
    assert judge(dead).state is State.INCONCLUSIVE


def test_a_share_of_the_link_is_judged_against_each_pairs_own_link() -> None:
    nodes = inventory(8)
    slow = tuple(replace(n, link=Rate(1e8)) if n.name == "node-4" else n for n in nodes.nodes)
    record = planned(tcp_spec("throughput >= 90 % of link"), replace(nodes, nodes=slow))
    rates = {True: 0.95e8, False: 0.95e9}
    done = after(record, record.plan, lambda r, p: measured(r, p, rates["node-4" in {s.node for s in p.pair}]))
    assert judge(done).state is State.PASS


def test_without_a_known_link_a_share_of_it_stays_undecided() -> None:
    record = planned(tcp_spec("throughput >= 90 % of link"), inventory(2, link=None))
    done = after(record, record.plan, lambda r, p: measured(r, p, 9e9))
    assert leaf(done).pairs[0].reasons[0].code == "verdict.link-unknown"
    assert judge(done).state is State.INCONCLUSIVE


def test_in_total_sums_what_ran_at_once() -> None:
    verdict = leaf(tcp_record([1e8, 2e8, 3e8, 4e8, 5e8], "throughput >= 1.2 Gbit/s in total"))
    assert verdict.state is State.PASS
    assert verdict.pairs[0].value == Rate(1.5e9)


def test_in_total_is_undecided_if_a_member_is() -> None:
    verdict = leaf(tcp_record([1e9, None, 1e9, 1e9, 1e9], "throughput >= 1.4 Gbit/s in total"))
    assert verdict.state is State.INCONCLUSIVE


def test_a_test_without_criteria_is_measured_only_if_all_of_it_is() -> None:
    spec = read_spec("{version: 1, tests: [{name: t, protocol: tcp, direction: forward}]}")
    record = planned(spec, inventory(4))
    whole = after(record, record.plan, lambda r, p: measured(r, p, 1e9))
    half = replace(whole, results=whole.results[:2])
    assert judge(whole).state is State.MEASURED
    assert judge(half).state is State.INCONCLUSIVE


UDP = """
version: 1
tests:
- {name: loss, protocol: udp, rate: 100 Mbit/s, direction: forward, accept: ["loss <= 0.1 %"]}
"""


UDP_ONCE = UDP.replace("direction: forward", "direction: forward, repeats: {min: 1, max: 1}")


def udp_record(loss: float, count: int, *, spec: str = UDP, **changes: object) -> Record:
    record = planned(read_spec(spec), inventory(2))

    def answer(round_: Round, probe: Probe) -> tuple[Result, ...]:
        serve, send = measured(round_, probe, loss, count=count)
        if "send" in changes:
            send = replace(send, measurement=changes["send"])  # type: ignore[arg-type]
        if "counters" in changes:
            serve = replace(serve, counters=changes["counters"])  # type: ignore[arg-type]
        return serve, send

    return after(record, record.plan, answer)


def test_no_loss_in_few_datagrams_proves_little() -> None:
    """Zero loss in n only bounds loss by 3 / n: 0.1 % needs 3,000 datagrams, and more where there are more looks."""
    assert leaf(udp_record(0.0, 2_999)).pairs[0].reasons[0].code == "verdict.too-few-samples"
    assert leaf(udp_record(0.0, 3_000)).pairs[0].reasons[0].code == "verdict.straddles"
    assert judge(udp_record(0.0, 3_000, spec=UDP_ONCE)).state is State.PASS


def test_socket_buffer_drops_are_host_loss_not_loss() -> None:
    dropped = Counters(socket_drops=100)
    assert judge(udp_record(0.01, 10_000)).state is State.FAIL
    assert judge(udp_record(0.01, 10_000, counters=dropped)).state is State.PASS


def test_drops_that_cannot_be_attributed_count_as_lost_on_the_way() -> None:
    assert judge(udp_record(0.01, 10_000, counters=Counters(socket_drops=None))).state is State.FAIL


def test_drops_at_sockets_of_others_never_hide_a_loss() -> None:
    """A record of before 0.2 has only the count of all sockets: what was sent and did not arrive is lost then."""
    foreign = Counters(udp_rcvbuf_errors=5_000)
    assert judge(udp_record(0.01, 10_000, counters=foreign)).state is State.FAIL
    assert judge(udp_record(0.01, 10_000, counters=replace(foreign, socket_drops=0))).state is State.FAIL


@pytest.mark.parametrize(
    ("sender", "code"),
    [({"sending_time": 0.9}, "verdict.sender-short"), ({"sent_rate": 0.97}, "verdict.sender-slow")],
)
def test_a_sender_that_fell_short_is_never_pass(sender: dict[str, float], code: str) -> None:
    probe = planned(read_spec(UDP), inventory(2)).plan[0].probes[0]
    whole = Udp(sent=10_000, sending_time=probe.window.end, sent_rate=Rate(1e8))
    short = replace(whole, **{name: getattr(whole, name) * factor for name, factor in sender.items()})
    verdict = leaf(udp_record(0.0, 10_000, send=short))
    assert verdict.state is State.INCONCLUSIVE
    assert verdict.pairs[0].reasons[0].code == code


HTTP = """
version: 1
tests:
- {name: latency, protocol: http, rate: 500/s, direction: forward, background: {streams: 4},
   accept: ["latency p99 <= 10 ms"]}
"""


def http_record(background: float | Outcome | None = 0.95 * GBIT, **changes: object) -> Record:
    record = planned(read_spec(HTTP), inventory(2))

    def answer(round_: Round, probe: Probe) -> tuple[Result, ...]:
        if probe.role is Role.BACKGROUND:
            if background is None:
                return ()
            if isinstance(background, Outcome):
                return void(round_, probe, background)
            return background_ok(round_, probe, background)
        serve, send = measured(round_, probe, 0.005)
        return serve, replace(send, **changes)  # type: ignore[arg-type]

    return after(record, record.plan, answer)


def test_latency_under_a_full_load_passes() -> None:
    assert judge(http_record()).state is State.PASS


@pytest.mark.parametrize(
    ("seconds", "standing"), [(0.005, PairState.HOLDS), (0.15, PairState.UNDECIDED), (2.0, PairState.BREAKS)]
)
def test_a_delay_that_the_tool_s_own_waiting_explains_does_not_break(seconds: float, standing: PairState) -> None:
    """The limit is 10 ms. Without waiting, 150 ms break it."""
    record = planned(read_spec(HTTP), inventory(2))

    def answered(waited: Duration | None) -> CriterionVerdict:
        def answer(round_: Round, probe: Probe) -> tuple[Result, ...]:
            if probe.role is Role.BACKGROUND:
                return background_ok(round_, probe)
            serve, send = measured(round_, probe, seconds)
            return serve, replace(send, counters=Counters(tool_waited=waited))

        return leaf(after(record, record.plan, answer))

    assert answered(Duration(0.2)).pairs[0].standing is standing
    assert answered(None).pairs[0].standing is (PairState.HOLDS if standing is PairState.HOLDS else PairState.BREAKS)


@pytest.mark.parametrize(
    ("background", "code"),
    [
        (None, "verdict.background-void"),
        (Outcome.TOOL_FAILED, "verdict.background-void"),
        (0.7 * GBIT, "verdict.background-weak"),
    ],
)
def test_latency_beside_a_load_that_was_not_there_is_never_pass(background: float | Outcome | None, code: str) -> None:
    verdict = leaf(http_record(background))
    assert verdict.state is State.INCONCLUSIVE
    assert verdict.pairs[0].reasons[0].code == code


def test_a_pair_without_a_value_in_one_of_its_tests_is_not_covered() -> None:
    record = planned(read_spec(BANDWIDTH_AND_LATENCY), inventory(2))

    def answer(round_: Round, probe: Probe) -> tuple[Result, ...]:
        return measured(round_, probe, 0.95 * GBIT) if round_.test == "bandwidth" else ()

    verdict = judge(after(record, record.plan, answer))
    assert [test.coverage.measured for test in verdict.tests] == [1, 0]
    assert (verdict.coverage.measured, verdict.coverage.pairs) == (0, 1)


def test_failed_requests_forbid_a_pass() -> None:
    probe = planned(read_spec(HTTP), inventory(2)).plan[0].probes[0]
    (_, whole) = measured(planned(read_spec(HTTP), inventory(2)).plan[0], probe, 0.005)
    assert isinstance(whole.measurement, Http)
    verdict = leaf(http_record(measurement=replace(whole.measurement, errors={"refused": 1})))
    assert verdict.state is State.INCONCLUSIVE
    assert verdict.pairs[0].reasons[0].code == "verdict.errors"


def test_a_record_that_timed_requests_from_their_sending_leaves_the_pair_undecided() -> None:
    """Run directories of earlier versions: their requests that an outage held back look fast."""
    probe = planned(read_spec(HTTP), inventory(2)).plan[0].probes[0]
    (_, whole) = measured(planned(read_spec(HTTP), inventory(2)).plan[0], probe, 0.005)
    assert isinstance(whole.measurement, Http)
    assert leaf(http_record(measurement=whole.measurement)).state is State.PASS
    verdict = leaf(http_record(measurement=replace(whole.measurement, due=None)))
    assert verdict.state is State.INCONCLUSIVE
    assert [reason.code for reason in verdict.pairs[0].reasons] == ["verdict.timed-from-sending"]


def test_a_saturated_client_measures_itself() -> None:
    verdict = leaf(http_record(counters=Counters(tool_cpu=0.99)))
    assert verdict.state is State.INCONCLUSIVE
    assert verdict.pairs[0].reasons[0].code == "verdict.client-saturated"


def test_a_percentile_needs_ten_samples_beyond_it() -> None:
    few = Http(Histogram.of([0.001] * 999), {}, Duration(10), due=999)
    spec = read_spec(HTTP.replace("rate: 500/s, ", ""))
    record = planned(spec, inventory(2))

    def answer(round_: Round, probe: Probe) -> tuple[Result, ...]:
        if probe.role is Role.BACKGROUND:
            return background_ok(round_, probe)
        serve, send = measured(round_, probe, 0.005)
        return serve, replace(send, measurement=few)

    verdict = leaf(after(record, record.plan, answer))
    assert verdict.pairs[0].reasons[0].values == {"count": 999, "needed": 1_000}
