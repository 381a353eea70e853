"""The search for the largest packet, over made-up roads that lose packets by chance and by size."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.probe.measurement import FoundMtu
from clearway.worker.mtu_sweep import SMALLEST, Sweep

PATIENCE = 2.0
ENDS = 4.0
MOSTS = st.integers(SMALLEST + 1, 9000)


@dataclass
class MadeUpRoad:
    """Carries packets up to a size, and loses some of those, and of the answers, by chance."""

    carries: int
    loss: float = 0.0
    seed: int = 0
    delay: float = 0.001
    reports: int | None = None
    """What a router reports of larger ones; None: nothing."""
    dead_from: float | None = None
    sent: list[tuple[float, int]] = field(default_factory=list)

    def search(self, most: int) -> FoundMtu:
        """In time that is made up too, in steps of a millisecond."""
        chance, sweep, under_way = random.Random(self.seed), Sweep(most, 0.0, PATIENCE), list[tuple[float, int]]()
        for step in range(round(ENDS * 1000)):
            now = step / 1000
            for size in [size for at, size in under_way if at <= now]:
                sweep.answered(size, now)
            under_way = [(at, size) for at, size in under_way if at > now]
            for size in sweep.due(now):
                self.sent.append((now, size))
                self._carry(sweep, size, now, under_way, chance.random)
            if sweep.over:
                break
        return sweep.found

    def _carry(
        self, sweep: Sweep, size: int, now: float, under_way: list[tuple[float, int]], chance: Callable[[], float]
    ) -> None:
        if self.dead_from is not None and now >= self.dead_from:
            return
        if size > self.carries:
            if self.reports is not None:
                sweep.refused(self.reports, now)
        elif chance() >= self.loss and chance() >= self.loss:
            under_way.append((now + self.delay, size))


@given(MOSTS)
def test_a_road_that_carries_all_is_known_from_two_packets(most: int) -> None:
    road = MadeUpRoad(most)
    assert road.search(most) == FoundMtu(most, None, settled=True)
    assert [size for _, size in road.sent] == [SMALLEST, most]


@given(MOSTS, st.data())
def test_a_black_hole_is_found_to_the_byte(most: int, data: st.DataObject) -> None:
    carries = data.draw(st.integers(SMALLEST, most - 1))
    assert MadeUpRoad(carries).search(most) == FoundMtu(carries, None, settled=True)


@given(MOSTS, st.data())
def test_what_a_router_reports_is_tried_and_found(most: int, data: st.DataObject) -> None:
    carries = data.draw(st.integers(SMALLEST, most - 1))
    road = MadeUpRoad(carries, reports=carries)
    assert road.search(most) == FoundMtu(carries, carries, settled=True)
    assert len({size for _, size in road.sent}) <= 4


@given(MOSTS, st.data(), st.integers())
def test_a_report_of_more_than_passes_does_not_hide_a_black_hole(most: int, data: st.DataObject, seed: int) -> None:
    carries = data.draw(st.integers(SMALLEST, most - 1))
    reports = data.draw(st.integers(carries, most))
    found = MadeUpRoad(carries, reports=reports, seed=seed).search(most)
    assert (found.largest, found.settled) == (carries, True)


@given(MOSTS, st.floats(0, 0.1), st.integers())
def test_loss_by_chance_makes_no_black_hole(most: int, loss: float, seed: int) -> None:
    found = MadeUpRoad(most, loss=loss, seed=seed).search(most)
    assert found.largest == most or not found.settled


@given(MOSTS, st.data(), st.floats(0, 0.1), st.integers())
def test_a_black_hole_that_also_loses_by_chance_is_never_taken_for_another_size(
    most: int, data: st.DataObject, loss: float, seed: int
) -> None:
    carries = data.draw(st.integers(SMALLEST, most - 1))
    found = MadeUpRoad(carries, loss=loss, seed=seed).search(most)
    assert found.largest == carries or not found.settled


def test_most_black_holes_are_settled_in_time_at_a_loss_of_one_in_ten() -> None:
    found = [MadeUpRoad(1400, loss=0.05, seed=seed).search(1500) for seed in range(200)]
    assert sum(one == FoundMtu(1400, None, settled=True) for one in found) >= 190


def test_the_road_that_only_loses_is_known_at_a_loss_of_one_in_three() -> None:
    found = [MadeUpRoad(1500, loss=0.18, seed=seed).search(1500) for seed in range(200)]
    assert all(one.largest == 1500 or not one.settled for one in found)
    assert sum(one.largest == 1500 for one in found) >= 180


def test_a_dead_peer_is_no_black_hole() -> None:
    road = MadeUpRoad(0)
    assert road.search(1500) == FoundMtu(None, None, settled=False)
    assert road.sent[-1][0] >= PATIENCE - 0.2
    assert {size for _, size in road.sent} == {SMALLEST}


@pytest.mark.parametrize("dead_from", [0.002, 0.5, 0.9])
def test_a_road_that_dies_meanwhile_is_no_black_hole(dead_from: float) -> None:
    found = MadeUpRoad(1400, dead_from=dead_from).search(1500)
    assert not found.settled


def test_an_answer_counts_whenever_it_comes() -> None:
    """A receiver that had no CPU for longer than a size is waited for."""
    found = MadeUpRoad(1500, delay=0.25).search(1500)
    assert found == FoundMtu(1500, None, settled=True)


def test_a_peer_that_begins_to_listen_late_is_waited_for() -> None:
    sweep, now = Sweep(1500, 0.0, PATIENCE), 0.0
    while now < 1.5:
        sweep.due(now)
        now += 0.001
    assert not sweep.over
    sweep.answered(SMALLEST, now)
    assert sweep.due(now) == (1500,)


def test_an_interface_smaller_than_the_smallest_packet_is_tried_as_it_is() -> None:
    assert MadeUpRoad(100).search(100) == FoundMtu(100, None, settled=True)
