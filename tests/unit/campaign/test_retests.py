"""Suspects are measured again before they are accused: at most two rounds more, none of them in a clean run."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from clearway.base.units import Rate
from clearway.campaign.next import next_round
from clearway.diagnose.causes.table import causes_of
from clearway.diagnose.retests import suspects
from clearway.ledger.record import Record
from clearway.probe.records import Outcome, Probe, Result, Role, Round, RoundReason
from clearway.spec.load import read_spec
from clearway.verdict.judge import judge
from clearway.verdict.model import State
from clearway.verdict.suspect import Confirmation, Place, PlaceKind
from making import after, inventory, measured, planned, void

SPEC = """
version: 1
name: retests
tests:
- {name: bandwidth, protocol: tcp, pairing: mesh, scope: any, duration: 5s, accept: [throughput >= 500 Mbit/s]}
"""
GOOD, BAD = 9.4e8, 3e8
MOST_ROUNDS = 40

Slow = Callable[[Round, Probe], bool]


def carried_out(slow: Slow, nodes: int = 8, zones: tuple[str, ...] = ("zone-a",)) -> Record:
    """A whole run in which some probes carry a third."""

    def answer(round_: Round, probe: Probe) -> tuple[Result, ...]:
        sender, receiver = (int(slot.node.partition("-")[2]) for slot in probe.pair)
        usual = GOOD * (1 + 0.01 * ((3 * sender + 5 * receiver) % 3))
        return measured(round_, probe, BAD if slow(round_, probe) else usual)

    record = planned(read_spec(SPEC), inventory(nodes, zones=zones))
    for _ in range(MOST_ROUNDS):
        if (round_ := next_round(record)) is None:
            return record
        record = after(record, [round_], answer)
    raise AssertionError("the run does not end")


def retests(record: Record) -> list[Round]:
    return [round_ for round_ in record.rounds if round_.why is RoundReason.RETEST]


def receives(number: int) -> Slow:
    return lambda _, probe: probe.target.node == f"node-{number}"


def test_a_run_without_a_suspect_takes_no_round_more() -> None:
    record = carried_out(lambda *_: False)
    assert record.rounds == record.plan
    assert suspects(record) == ()


@pytest.mark.fault("road", "a suspect is bad again when it is measured alone", "The report calls it confirmed.")
def test_a_slow_receiver_is_confirmed_alone_in_one_round() -> None:
    record = carried_out(receives(3))
    (again,) = retests(record)
    (probe,) = again.probes
    assert (probe.role, probe.target.node) == (Role.RETEST, "node-3")
    (one,) = suspects(record)
    assert (one.place, one.standing) == (Place(PlaceKind.RECEIVES, ("node-3",)), Confirmation.CONFIRMED)
    assert judge(record).state is State.FAIL


def test_two_suspects_are_measured_again_at_once_and_share_no_node() -> None:
    record = carried_out(lambda r, p: receives(3)(r, p) or p.source.node == "node-6")
    (again,) = retests(record)
    nodes = [slot.node for probe in again.probes for slot in probe.pair]
    assert len(nodes) == len(set(nodes)) == 4
    assert {one.standing for one in suspects(record)} == {Confirmation.CONFIRMED}


def test_a_node_that_is_slow_both_ways_is_measured_alone_each_way_in_two_rounds() -> None:
    record = carried_out(lambda _, probe: "node-3" in {slot.node for slot in probe.pair})
    assert [len(round_.probes) for round_ in retests(record)] == [1, 1]
    assert {(one.place.kind, one.standing) for one in suspects(record)} == {
        (PlaceKind.RECEIVES, Confirmation.CONFIRMED),
        (PlaceKind.SENDS, Confirmation.CONFIRMED),
    }


def test_what_is_slow_with_others_only_is_measured_alone_and_then_with_them() -> None:
    """An uplink that is too narrow for all carries one pair well."""

    def uplink(round_: Round, probe: Probe) -> bool:
        zones = [ZONE_OF[slot.node] for slot in probe.pair]
        crowd = sum([ZONE_OF[slot.node] for slot in one.pair] == zones for one in round_.probes)
        return zones == ["zone-a", "zone-b"] and crowd > 1

    record = carried_out(uplink, zones=tuple(ZONE_OF.values()))
    alone, together = retests(record)
    assert len(alone.probes) == 1
    assert len(together.probes) == 8
    assert {probe.role for probe in together.probes} == {Role.RETEST, Role.BACKGROUND}
    (one,) = suspects(record)
    assert (one.place, one.standing) == (Place(PlaceKind.ZONES, ("zone-a", "zone-b")), Confirmation.TOGETHER)
    (cause,) = causes_of(record, one)
    assert cause.code == "cause.shared-limit"
    crowd = sum([ZONE_OF[slot.node] for slot in probe.pair] == ["zone-a", "zone-b"] for probe in together.probes)
    assert cause.values["rate"].over(Rate(BAD)) == pytest.approx(crowd, abs=1)


ZONE_OF = {f"node-{number}": "zone-a" if number <= 4 else "zone-b" for number in range(1, 9)}


def test_what_is_gone_alone_and_with_others_is_not_confirmed() -> None:
    record = carried_out(lambda r, p: r.why is RoundReason.PLANNED and receives(3)(r, p))
    assert len(retests(record)) == 2
    (one,) = suspects(record)
    assert one.standing is Confirmation.GONE


def test_a_road_that_was_measured_once_is_a_suspect_only_if_it_is_confirmed() -> None:
    def road(_: Round, probe: Probe) -> bool:
        return tuple(slot.node for slot in probe.pair) == ("node-1", "node-2")

    (one,) = suspects(carried_out(road))
    assert (one.place, one.standing) == (Place(PlaceKind.LINK, ("node-1", "node-2")), Confirmation.CONFIRMED)
    passing = carried_out(lambda r, p: r.why is RoundReason.PLANNED and road(r, p))
    assert len(retests(passing)) == 2
    assert suspects(passing) == ()


def test_a_retest_that_was_void_confirms_nothing_and_is_not_tried_again() -> None:
    record = planned(read_spec(SPEC), inventory(8))
    while (round_ := next_round(record)) is not None:
        assert len(record.rounds) < MOST_ROUNDS

        def answer(round_: Round, probe: Probe) -> tuple[Result, ...]:
            if round_.why is RoundReason.RETEST:
                return void(round_, probe, Outcome.TIMED_OUT)
            return measured(round_, probe, BAD if receives(3)(round_, probe) else GOOD)

        record = after(record, [round_], answer)
    assert len(retests(record)) == 1
    (one,) = suspects(record)
    assert one.standing is Confirmation.SEEN


def test_what_retests_measure_is_not_judged() -> None:
    """The verdict is on what was planned: a fault that is gone when it is looked for was there."""
    record = carried_out(lambda r, p: r.why is RoundReason.PLANNED and receives(3)(r, p))
    planned_only = carried_out(receives(3))
    first, second = (judge(one).tests[0].criteria[0].pairs for one in (record, planned_only))
    assert first == second
