"""The model of bottlenecks by itself: what it names, and where it stays silent."""

from __future__ import annotations

import random
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearway.diagnose.bottlenecks import Bar, Candidate, Levels, bottlenecks
from clearway.diagnose.places import Surroundings, distinct_places, roads_through
from clearway.verdict.suspect import Place, PlaceKind
from unit.diagnose.meshes import Mesh

BAR = Bar(innocents=1e-4, depth=0.1, noise=0.02)
ROADS = list(permutations(("a", "b", "c", "d", "e", "f"), 2))
THROUGH = roads_through(ROADS, Surroundings(dict.fromkeys("abcdef", "zone"), {}))
PLACES = list(THROUGH)
SLOW_SENDER = Place(PlaceKind.SENDS, ("b",))


def named(levels: list[float], measurements: int = 1) -> dict[Place, float]:
    """Places at fault in a mesh of six nodes, with their depths."""
    candidates = [Candidate(THROUGH[place], sum(one.kind is place.kind for one in PLACES)) for place in PLACES]
    found = bottlenecks(Levels(levels, [measurements] * len(levels)), candidates, BAR)
    return {PLACES[one.candidate]: one.depth for one in found}


def lowered(**places: float) -> list[float]:
    """Levels of 1, lowered on what these nodes send (`b`), receive (`to_b`) and on single roads (`b_c`)."""
    depths = [
        max(
            places.get(sender, 0.0),
            places.get(f"to_{receiver}", 0.0),
            places.get(f"{sender}_{receiver}", 0.0),
        )
        for sender, receiver in ROADS
    ]
    # Steps of 1 % in a fixed order, so that the levels are not all alike.
    return [1 - depth + 0.01 * (index % 3 - 1) for index, depth in enumerate(depths)]


def test_a_mesh_without_a_fault_has_no_place_at_fault() -> None:
    assert named(lowered()) == {}


def test_a_sender_is_named_with_its_depth() -> None:
    found = named(lowered(b=0.3))
    assert found == {SLOW_SENDER: pytest.approx(0.3, abs=0.02)}


def test_bottlenecks_do_not_add() -> None:
    """Where a slow sender meets a slow receiver the slower one counts, and both are named with their own depths."""
    found = named(lowered(b=0.3, to_d=0.5))
    assert found == {
        SLOW_SENDER: pytest.approx(0.3, abs=0.02),
        Place(PlaceKind.RECEIVES, ("d",)): pytest.approx(0.5, abs=0.02),
    }


def test_one_dead_road_does_not_accuse_its_nodes() -> None:
    assert set(named(lowered(b_c=1.0))) == {Place(PlaceKind.LINK, ("b", "c"))}


def test_a_road_inside_a_slow_sender_is_named_if_it_is_slower_still() -> None:
    assert set(named(lowered(b=0.3, b_c=0.8))) == {SLOW_SENDER, Place(PlaceKind.LINK, ("b", "c"))}


def test_a_difference_that_is_not_worth_a_word_is_not_named() -> None:
    assert named(lowered(b=0.08)) == {}


def test_where_most_pairs_are_touched_no_place_is_named() -> None:
    assert named(lowered(a=0.5, b=0.5, c=0.5, d=0.5)) == {}


def test_fewer_than_six_pairs_show_no_noise() -> None:
    assert bottlenecks(Levels([1.0, 1.0, 1.0, 1.0, 0.1], [1] * 5), [Candidate((4,), 5)], BAR) == ()


def test_places_with_the_same_roads_are_one() -> None:
    """In a one-to-one test a node sends on one road, and nothing else comes over it."""
    pairs = [("a", "b"), ("b", "a"), ("c", "d"), ("d", "c")]
    apart = distinct_places(roads_through(pairs, Surroundings(dict.fromkeys("abcd", "zone"), {})))
    assert apart[Place(PlaceKind.LINK, ("a", "b"))] == (
        Place(PlaceKind.SENDS, ("a",)),
        Place(PlaceKind.RECEIVES, ("b",)),
    )
    assert len(apart) == 4


def test_two_slow_zone_pairs_of_two_zones_are_named_although_most_pairs_are_slow() -> None:
    mesh = Mesh(16, 2, random.Random(1))
    mesh.faults = (Place(PlaceKind.ZONES, ("zone-0", "zone-1")), Place(PlaceKind.ZONES, ("zone-1", "zone-0")))
    mesh.measure()
    assert mesh.accused() == set(mesh.faults)


@pytest.mark.parametrize("seed", range(8))
def test_two_of_three_zone_pairs_into_a_zone_are_not_the_whole_way_into_it(seed: int) -> None:
    mesh = Mesh(16, 4, random.Random(seed))
    mesh.faults = tuple(Place(PlaceKind.ZONES, (zone, "zone-1")) for zone in ("zone-2", "zone-3"))
    mesh.measure()
    assert mesh.accused() == set(mesh.faults)


@settings(max_examples=20)
@given(st.lists(st.floats(-1e3, 1e3), min_size=len(ROADS), max_size=len(ROADS)), st.integers(1, 5))
def test_any_levels_have_an_answer(levels: list[float], measurements: int) -> None:
    found = named(levels, measurements)
    touched = {pair for place in found for pair in THROUGH[place]}
    assert len(touched) < len(ROADS)
    assert all(depth >= BAR.depth for depth in found.values())
