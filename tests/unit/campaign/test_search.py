"""The search for the highest UDP rate with little loss, over a simulated road whose truth is known."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearway.campaign.next import next_round
from clearway.diagnose.figures import pair_figures
from clearway.ledger.record import Record
from clearway.probe.parameters import UdpParameters
from clearway.probe.records import Outcome, Probe, Result, Round, RoundReason
from clearway.spec.load import read_spec
from clearway.spec.problems import SpecError
from clearway.verdict.judge import judge
from clearway.verdict.model import PairState, PairValue, State
from making import after, inventory, measured, planned, void
from properties import examples

SPEC = """
version: 1
tests:
- {{name: search, protocol: udp, rate: {rate} Mbit/s, direction: forward, repeats: {{max: 3}},
   search: {{loss: 0.1 %, step: {step} %}}, accept: ["highest-rate >= {limit} Mbit/s"]}}
"""
LIMIT = 0.001
MBIT = 1e6


def run_of(rate: float = 1000, step: float = 2, limit: float = 500, nodes: int = 2) -> Record:
    return planned(read_spec(SPEC.format(rate=rate, step=step, limit=limit)), inventory(nodes, link=None))


@dataclass
class SimulatedRoad:
    """It drops what is above its capacity, and a share of the rest, datagram by datagram."""

    capacity: float
    base: float = 0.0
    void: float = 0.0
    """Chance that an attempt is void."""
    chance: Random = field(default_factory=lambda: Random(1))

    def share(self, rate: float) -> float:
        return 1 - (1 - self.base) * min(1.0, self.capacity / rate)

    def answer(self, round_: Round, probe: Probe) -> tuple[Result, ...]:
        assert isinstance(probe.parameters, UdpParameters)
        if self.chance.random() < self.void:
            return void(round_, probe, Outcome.TOOL_FAILED)
        rate = probe.parameters.rate.si
        count = round(rate * probe.window.end.si / 8 / 1448)
        return measured(round_, probe, self._lost(count, self.share(rate)) / count, count=count)

    def _lost(self, count: int, share: float) -> int:
        """Binomial, by its normal limit: there are thousands."""
        spread = (count * share * (1 - share)) ** 0.5
        return min(count, max(0, round(self.chance.gauss(count * share, spread))))


def carried_out(record: Record, road: SimulatedRoad) -> Record:
    while (round_ := next_round(record)) is not None:
        assert len(record.rounds) < 100, "the search does not end"
        record = after(record, [round_], road.answer)
    return record


def judged(record: Record) -> PairValue:
    (pair,) = judge(record).tests[0].criteria[0].pairs
    return pair


def found(record: Record) -> float:
    value = judged(record).value
    assert value is not None
    return value.si


CAPACITIES = st.floats(30 * MBIT, 1200 * MBIT)


@settings(max_examples=examples(60), deadline=None)
@given(
    capacity=CAPACITIES, step=st.sampled_from([0.5, 2.0, 7.0]), base=st.sampled_from([0.0, 2e-4]), seed=st.integers()
)
def test_the_rate_that_is_found_is_within_one_step_of_the_truth(
    capacity: float, step: float, base: float, seed: int
) -> None:
    road = SimulatedRoad(capacity, base, chance=Random(seed))
    rate = found(carried_out(run_of(step=step), road))
    width = step / 100 * 1000 * MBIT
    steps = [1000 * MBIT - number * width for number in range(int(100 / step) + 1)]
    truth = max((one for one in steps if one > 0 and road.share(one) <= LIMIT), default=0.0)
    assert abs(rate - truth) <= width * 1.001


@settings(max_examples=examples(40), deadline=None)
@given(capacity=CAPACITIES, share=st.sampled_from([0.0, 0.3, 0.9]), seed=st.integers())
def test_it_ends_within_its_budget_also_where_attempts_are_void(capacity: float, share: float, seed: int) -> None:
    record = run_of()
    done = carried_out(record, SimulatedRoad(capacity, 9e-4, share, Random(seed)))
    kinds = [round_.why for round_ in done.rounds]
    steps, repeats = 7, 3
    assert kinds.count(RoundReason.PLANNED) + kinds.count(RoundReason.SEARCH) <= steps * repeats
    assert RoundReason.REPEAT not in kinds
    assert len({probe.id + round_.why for round_ in done.rounds for probe in round_.probes}) <= len(done.rounds)


@settings(max_examples=examples(20), deadline=None)
@given(capacity=CAPACITIES, killed=st.integers(0, 6))
def test_a_search_that_was_killed_goes_on_where_it_was(capacity: float, killed: int) -> None:
    """The round that ran has no results then; it is measured again, and the same rate is found."""
    road, record = SimulatedRoad(capacity), run_of()
    whole = carried_out(record, road)
    for _ in range(killed):
        if (round_ := next_round(record)) is None:
            break
        record = after(record, [round_], road.answer)
    if (round_ := next_round(record)) is not None:
        record = after(record, [round_], lambda r, p: ())
    assert found(carried_out(record, road)) == found(whole)


def test_a_road_that_carries_the_highest_rate_needs_no_search() -> None:
    done = carried_out(run_of(), SimulatedRoad(2000 * MBIT))
    assert [round_.why for round_ in done.rounds] == [RoundReason.PLANNED]
    assert found(done) == 1000 * MBIT


def test_every_attempt_has_an_id_and_a_step_of_its_own() -> None:
    done = carried_out(run_of(), SimulatedRoad(333 * MBIT))
    probes = [probe for round_ in done.rounds for probe in round_.probes]
    assert len({probe.id for probe in probes}) == len(probes)
    rates = [probe.parameters.rate.si for probe in probes if isinstance(probe.parameters, UdpParameters)]
    assert rates[:3] == pytest.approx([1000 * MBIT, 500 * MBIT, 260 * MBIT])
    assert all(probe.step for probe in probes)


@pytest.mark.parametrize(
    ("limit", "state", "standing"),
    [
        (320, State.PASS, PairState.HOLDS),
        (340, State.FAIL, PairState.BREAKS),
        (335, State.INCONCLUSIVE, PairState.UNDECIDED),
    ],
)
def test_a_limit_is_judged_by_the_rates_that_were_shown(limit: float, state: State, standing: PairState) -> None:
    """Steps of 20 Mbit/s: 320 holds and 340 does not; in between nothing was tried."""
    done = carried_out(run_of(limit=limit), SimulatedRoad(333 * MBIT))
    assert judged(done).standing is standing
    assert judge(done).state is state


def test_pairs_search_side_by_side_each_at_its_own_rate() -> None:
    roads = {"node-1": SimulatedRoad(800 * MBIT), "node-2": SimulatedRoad(300 * MBIT)}
    record = run_of(nodes=4)
    first = {probe.source.node for probe in record.plan[0].probes}
    by_node = dict(zip(sorted(first), roads.values(), strict=True))
    while (round_ := next_round(record)) is not None:
        record = after(record, [round_], lambda r, p: by_node[p.source.node].answer(r, p))
    shown = {one.pair[0].node: one.values for one in pair_figures(record, record.spec.tests[0])}
    rates = [shown[node]["highest-rate total"].si for node in sorted(first)]
    assert rates == pytest.approx([800 * MBIT, 300 * MBIT])
    assert {name for values in shown.values() for name in values} == {"highest-rate total"}
    assert len(record.rounds) <= 7


def test_a_search_that_measured_nothing_is_not_decided() -> None:
    done = carried_out(run_of(), SimulatedRoad(800 * MBIT, void=1.0))
    assert judged(done).standing is PairState.UNDECIDED
    assert judged(done).value is None


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ("protocol: tcp, search: {}", "spec.not-applicable"),
        ('protocol: udp, rate: 1 Mbit/s, search: {}, accept: ["loss <= 1 %"]', "criterion.not-of-search"),
        ('protocol: udp, rate: 1 Mbit/s, accept: ["highest-rate >= 1 Mbit/s"]', "criterion.needs-field"),
    ],
)
def test_what_a_search_can_not_say_is_refused(fields: str, code: str) -> None:
    with pytest.raises(SpecError) as raised:
        read_spec(f"{{version: 1, tests: [{{name: a, {fields}}}]}}")
    assert [problem.code for problem in raised.value.problems] == [code]
