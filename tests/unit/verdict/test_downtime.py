"""Judging while nodes are broken on purpose: N comes from the plan, and what proves nothing counts for nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest

from clearway.base.units import Duration
from clearway.campaign.next import next_round
from clearway.diagnose.chaos import chaos_findings, met_downtime
from clearway.ledger.record import Record
from clearway.plan.model import broken_during
from clearway.probe.records import Inventory, Observation, Outcome, Probe, Result, Round
from clearway.spec.load import read_spec
from clearway.verdict.judge import judge
from clearway.verdict.model import PairState, State
from making import after, inventory, measured, planned, void

SPEC = read_spec("""
version: 1
chaos: {nodes: 25 %, downtime: 60s, recovery: 30s}
tests:
- {name: failing, protocol: tcp, pairing: mesh, direction: forward, when: failing, accept: [throughput >= 1 Mbit/s]}
- {name: recovered, protocol: tcp, pairing: mesh, direction: forward, when: recovered, accept: [throughput >= 1 Mbit/s]}
""")
NODES: Inventory = inventory(4)
(VICTIM,) = broken_during(SPEC, NODES)["failing"]
BROKEN, PUT_BACK, BACK = 110.0, 200.0, 205.0
FAILING_AT, RECOVERED_AT = 120.0, PUT_BACK + 30.0
"""When the rounds of each test begin; they measure for 12 s."""


def downtime(*, back: bool = True, fuse: float = 150.0) -> list[Observation]:
    seen = [
        Observation("chaos-breaking", VICTIM, 100.0, {"kind": "kubelet-and-runtime", "fuse": Duration(fuse)}),
        Observation("chaos-broken", VICTIM, BROKEN, {"kind": "kubelet-and-runtime"}),
        Observation("chaos-putting-back", VICTIM, PUT_BACK, {}),
    ]
    return [*seen, Observation("chaos-back", VICTIM, BACK, {})] if back else seen


def touches(probe: Probe) -> bool:
    return VICTIM in {slot.node for slot in probe.pair}


Answer = Callable[[Round, Probe], tuple[Result, ...]]


def fine(round_: Round, probe: Probe) -> tuple[Result, ...]:
    return measured(round_, probe, 9e8)


def gone_if_touched(round_: Round, probe: Probe) -> tuple[Result, ...]:
    return void(round_, probe, Outcome.UNREACHABLE) if touches(probe) else fine(round_, probe)


def run(seen: Iterable[Observation], answer: Answer = fine, when: float = FAILING_AT) -> Record:
    """All rounds, each at the instant of its test."""
    record = planned(SPEC, NODES)
    instants = {"failing": when, "recovered": RECOVERED_AT}
    starts = [Observation("round-start", one.id, instants[one.test]) for one in record.plan]
    done = after(record, record.plan, answer)
    return replace(done, observations=(*starts, *seen))


def test_pairs_between_whole_nodes_are_judged_and_the_others_are_not_missed() -> None:
    failing, recovered = judge(
        run(downtime(), lambda r, p: gone_if_touched(r, p) if r.test == "failing" else fine(r, p))
    ).tests
    assert (failing.state, recovered.state) == (State.PASS, State.PASS)
    assert [len(test.criteria[0].pairs) for test in (failing, recovered)] == [3, 6]


def test_a_pair_between_whole_nodes_that_breaks_fails_the_test() -> None:
    def answer(round_: Round, probe: Probe) -> tuple[Result, ...]:
        return measured(round_, probe, 9e8 if touches(probe) else 1e3)

    assert judge(run(downtime(), answer)).tests[0].state is State.FAIL


@pytest.mark.parametrize(
    ("seen", "when"),
    [
        ([], FAILING_AT),
        (downtime()[:1], FAILING_AT),
        (downtime(), BROKEN - 5),
        (downtime(), PUT_BACK - 5),
        (downtime(fuse=25.0), FAILING_AT),
    ],
    ids=["never broken", "never seen", "not yet seen", "put back meanwhile", "back by itself meanwhile"],
)
def test_nothing_is_proven_while_the_nodes_were_not_all_seen_broken(seen: list[Observation], when: float) -> None:
    (leaf,) = judge(run(seen, fine, when)).tests[0].criteria
    assert leaf.state is State.INCONCLUSIVE
    assert {reason.code for pair in leaf.pairs for reason in pair.reasons} == {"verdict.nodes-were-whole"}


def test_what_was_measured_on_whole_nodes_is_tried_again() -> None:
    record = run([])
    again = next_round(record)
    assert again is not None
    assert again.test == "failing"


def test_a_pair_with_a_broken_node_is_not_tried_again() -> None:
    record = run(downtime(), lambda r, p: gone_if_touched(r, p) if r.test == "failing" else fine(r, p))
    assert next_round(record) is None


def test_after_the_recovery_time_no_excuse_is_left() -> None:
    (leaf,) = judge(run(downtime(back=False), gone_if_touched)).tests[1].criteria
    assert leaf.state is State.FAIL
    assert leaf.count(PairState.BREAKS) == 3


def test_a_pair_that_is_dead_because_its_node_is_broken_is_undecided_and_not_broken() -> None:
    """As beside a schedule that knows nothing of the tests."""
    spec = SPEC.model_copy(update={"chaos": None, "tests": (SPEC.tests[0].model_copy(update={"when": "whole"}),)})
    record = planned(spec, NODES)
    starts = [Observation("round-start", one.id, FAILING_AT) for one in record.plan]
    done = replace(after(record, record.plan, gone_if_touched), observations=(*starts, *downtime()))
    (leaf,) = judge(done).tests[0].criteria
    assert (leaf.state, leaf.count(PairState.UNDECIDED)) == (State.INCONCLUSIVE, 3)
    assert {reason.code for pair in leaf.pairs for reason in pair.reasons} == {"verdict.node-was-broken"}


def test_all_of_a_failing_test_comes_before_any_of_the_next() -> None:
    """Retries too: nobody breaks the nodes again for them."""
    record = planned(SPEC, NODES)
    mine = [one for one in record.plan if one.test == "failing"]
    failed = after(record, mine, lambda r, p: void(r, p, Outcome.TOOL_FAILED))
    again = next_round(failed)
    assert again is not None
    assert (again.test, again.why.value) == ("failing", "retry")


def test_a_report_shows_each_downtime_and_what_met_it() -> None:
    failed = Observation("chaos-failed", VICTIM, 240.0, {"code": "chaos.not-back", "within": Duration(40)})
    record = run([*downtime(back=False), failed])
    told, wrong = chaos_findings(record)
    assert (told.code, told.subject, told.values["seen"]) == ("chaos.node-broken", VICTIM, Duration(10))
    assert (wrong.code, wrong.severity.value, wrong.values["node"]) == ("chaos.not-back", "error", VICTIM)
    met = met_downtime(record, SPEC.tests[0])
    assert met is not None
    assert (met.values["count"], met.values["nodes"]) == (3, (VICTIM,))
    assert met_downtime(run([]), SPEC.tests[0]) is None
