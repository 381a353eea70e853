"""What the measured pairs say of all roads."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from itertools import permutations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.base.units import Ratio
from clearway.pairing.base import Partners
from clearway.pairing.table import PAIRINGS
from clearway.plan.schedule import partners
from clearway.spec.criteria import parse_criterion
from clearway.verdict.model import CriterionVerdict, PairState, PairValue, State
from clearway.verdict.tolerance import confidence, most_bad_nodes, most_broken, pairs_needed, tolerance
from unit.plan.worlds import cluster, spec


def judged(holds: int, breaks: int = 0, undecided: int = 0, share: str = "") -> CriterionVerdict:
    standings = [PairState.HOLDS] * holds + [PairState.BREAKS] * breaks + [PairState.UNDECIDED] * undecided
    pairs = tuple(PairValue(subject=str(n), standing=one, limit=None) for n, one in enumerate(standings))
    criterion = parse_criterion(f"throughput >= 5 Gbit/s{share}")
    return CriterionVerdict(criterion=criterion, state=State.INCONCLUSIVE, pairs=pairs)


@pytest.mark.parametrize(("missed", "pairs"), [(0, 29), (1, 46), (2, 61)])
def test_the_pairs_that_nine_roads_in_ten_need_are_those_of_the_published_tables(missed: int, pairs: int) -> None:
    assert pairs_needed(missed, 0.9) == pairs


def test_twelve_pairs_that_hold_make_it_72_per_cent_sure() -> None:
    found = tolerance(judged(12))
    assert found.share == Ratio(0.9)
    assert found.confidence.si == pytest.approx(1 - 0.9**12)
    assert (found.needed, found.is_sure) == (29, False)


def test_a_pair_that_is_undecided_was_not_seen_to_hold() -> None:
    assert tolerance(judged(28, undecided=1)) == tolerance(judged(28, breaks=1))


def test_a_smaller_share_that_was_asked_is_what_the_statement_is_about() -> None:
    found = tolerance(judged(14, share=" for 80 % of pairs"))
    assert found.share == Ratio(0.8)
    assert found.is_sure


@given(st.integers(0, 200), st.integers(0, 200), st.floats(0.01, 0.99))
def test_the_confidence_is_a_probability_that_falls_with_each_miss(measured: int, missed: int, share: float) -> None:
    now, more = confidence(measured, missed, share), confidence(measured, missed + 1, share)
    assert -1e-9 <= more <= now + 1e-9 <= 1 + 2e-9


@pytest.mark.parametrize(("pairs", "missed", "broken"), [(29, 0, 0.0981), (2000, 0, 0.0015), (2000, 5, 0.00525)])
def test_the_bound_on_broken_roads_is_that_of_clopper_and_pearson(pairs: int, missed: int, broken: float) -> None:
    """The exact one-sided bound at 95 %, from the beta distribution."""
    assert most_broken(pairs, missed) == pytest.approx(broken, abs=5e-5)


@given(st.integers(1, 300), st.integers(0, 20))
def test_the_bound_and_the_confidence_say_the_same(pairs: int, missed: int) -> None:
    if missed < pairs:
        assert confidence(pairs, missed, 1 - most_broken(pairs, missed)) == pytest.approx(0.95, abs=1e-3)


@pytest.mark.parametrize(("times", "nodes"), [(1, 4), (2, 2), (3, 1), (4, 1), (5, 0)])
def test_bad_nodes_that_may_all_stay_unseen(times: int, nodes: int) -> None:
    assert most_bad_nodes(times) == nodes
    assert 0.5 ** (times * nodes) >= 0.05 > 0.5 ** (times * (nodes + 1))


def scattered(rng: Random) -> set[tuple[int, int]]:
    return set(rng.sample(ROADS, BAD))


def of_senders(rng: Random) -> set[tuple[int, int]]:
    """A few nodes send badly to half of the others."""
    bad = [(one, other) for one in rng.sample(range(NODES), NODES) for other in rng.sample(range(NODES), NODES // 2)]
    return {road for road in bad[: BAD + NODES] if road[0] != road[1]}


def of_groups(rng: Random) -> set[tuple[int, int]]:
    """From one part of the network to another."""
    order, side = rng.sample(range(NODES), NODES), math.ceil(math.sqrt(BAD))
    return {(one, other) for one in order[:side] for other in order[side : 2 * side]}


def neighbours(rng: Random) -> set[tuple[int, int]]:
    """Whole rings of the network's own order."""
    return {(one, (one + step) % NODES) for one in range(NODES) for step in range(1, 3)}


NODES, RINGS = 40, 2
ROADS = list(permutations(range(NODES), 2))
BAD = math.ceil(most_broken(NODES * RINGS, 0) * len(ROADS))
"""Roads of a network just too bad for the statement that so many clean pairs allow."""
RUNS = 1_500


@pytest.mark.slow
@pytest.mark.parametrize("bad_roads", [scattered, of_senders, of_groups, neighbours])
@pytest.mark.parametrize("seed", [1, 2])
def test_rings_miss_bad_roads_no_more_often_than_independent_draws(
    bad_roads: Callable[[Random], set[tuple[int, int]]], seed: int
) -> None:
    """A wrong statement: all rings are clean, and more roads are bad than it says. At most 5 % and chance."""
    rng, wrong = Random(seed), 0
    for _ in range(RUNS):
        bad = bad_roads(rng)
        assert len(bad) >= BAD
        wrong += not bad & drawn_roads(rng.randrange(2**32))
    assert wrong / RUNS <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / RUNS)


@pytest.mark.slow
def test_nodes_that_miss_on_half_of_their_roads_stay_unseen_no_more_often_than_stated() -> None:
    rng, count, wrong = Random(3), most_bad_nodes(RINGS) + 1, 0
    for _ in range(RUNS):
        nodes = rng.sample(range(NODES), count)
        bad = {(one, other) for one in nodes for other in rng.sample(range(NODES), NODES // 2)}
        wrong += not bad & drawn_roads(rng.randrange(2**32))
    assert wrong / RUNS <= 0.05


def drawn_roads(seed: int) -> set[tuple[int, int]]:
    share = Ratio(RINGS / (NODES - 1))
    wish = spec({"pairing": "sample", "sample": f"{share.si * 100:.4f} %"})
    rounds = PAIRINGS["sample"].rounds_of(wish.tests[0], candidates(), seed)
    return {(NUMBERS[sender.node], NUMBERS[receiver.node]) for round_ in rounds for sender, receiver in round_}


NUMBERS = {f"node-{number + 1}": number for number in range(NODES)}


@cache
def candidates() -> Partners:
    return partners(spec({"pairing": "sample", "sample": "1 %"}).tests[0], cluster(NODES), 1)


def test_nothing_measured_says_nothing() -> None:
    assert confidence(0, 0, 0.9) == 0
