"""How often verdicts near the limit are wrong, right or open, by thousands of runs that are drawn by chance."""

from __future__ import annotations

import pytest

from benchmarks.decision import (
    ASKED,
    CLEAR,
    LONE_REPEATS,
    NOISE,
    REPEATS,
    LossyRoad,
    World,
    lossy,
    simulate,
)

HARDLY = 1e-9
"""Beside the limit, where a verdict is hardest."""
LIMIT = 0.001
FEWEST = 3_000
"""Datagrams that the rule asks for at this limit."""


def within(share: float, runs: int) -> float:
    """The most that a share of runs differs from the true one by, in 1 of 1,000 tests."""
    return float(3.1 * (share * (1 - share) / runs) ** 0.5)


@pytest.mark.parametrize(("pairs", "share"), ASKED)
def test_a_wrong_verdict_is_rare_right_beside_the_limit(pairs: int, share: str) -> None:
    _no_more_wrong_than_allowed(pairs, share, 0.02, runs=400 // pairs, seed=11)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("cv", NOISE)
@pytest.mark.parametrize(("pairs", "share"), ASKED)
def test_a_wrong_verdict_is_rare_with_any_noise(pairs: int, share: str, cv: float, seed: int) -> None:
    _no_more_wrong_than_allowed(pairs, share, cv, runs=2_000 // (1 + pairs // 4), seed=seed)


def _no_more_wrong_than_allowed(pairs: int, share: str, cv: float, *, runs: int, seed: int) -> None:
    allowed = 0.05 + within(0.05, runs)
    assert simulate(World(pairs, share, -HARDLY, cv), runs, seed).passed <= allowed
    assert simulate(World(pairs, share, HARDLY, cv), runs, seed).failed <= allowed


@pytest.mark.parametrize(("pairs", "share"), ASKED)
def test_a_network_beside_its_limit_is_seen_as_what_it_is(pairs: int, share: str) -> None:
    _seen_as_it_is(pairs, share, *CLEAR[0], runs=400 // pairs, seed=12)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(("distance", "cv"), CLEAR)
@pytest.mark.parametrize(("pairs", "share"), ASKED)
def test_a_network_at_the_promised_distance_is_seen_as_what_it_is(
    pairs: int, share: str, distance: float, cv: float, seed: int
) -> None:
    _seen_as_it_is(pairs, share, distance, cv, runs=2_000 // (1 + pairs // 4), seed=seed)


def _seen_as_it_is(pairs: int, share: str, distance: float, cv: float, *, runs: int, seed: int) -> None:
    above = simulate(World(pairs, share, distance, cv), runs, seed)
    below = simulate(World(pairs, share, -distance, cv), runs, seed)
    least, most = 0.95 - within(0.05, runs), LONE_REPEATS if pairs == 1 else REPEATS
    assert min(above.passed, below.failed) >= least
    assert (above.repeats + below.repeats) / 2 <= most + 3.1 / runs**0.5


@pytest.mark.parametrize(("pairs", "share"), ASKED)
@pytest.mark.parametrize("distance", [0.3, -0.3])
def test_a_clear_network_needs_no_repeat(pairs: int, share: str, distance: float) -> None:
    found = simulate(World(pairs, share, distance, 0.02), 60, seed=13)
    assert found.repeats == 1
    assert (found.passed, found.failed) == ((1, 0) if distance > 0 else (0, 1))


@pytest.mark.parametrize(("pairs", "share"), ASKED)
def test_a_steady_network_at_its_limit_is_too_close_to_decide_before_its_repeats_are_used_up(
    pairs: int, share: str
) -> None:
    found = simulate(World(pairs, share, 0.0, 0.0025), 60, seed=14)
    assert found.repeats <= 3.5
    assert found.passed + found.failed <= 0.2


@pytest.mark.parametrize("times", [1.05, 1.2, 1.5, 2.0])
def test_loss_above_the_limit_hardly_ever_passes_at_the_fewest_datagrams(times: float) -> None:
    runs = 1_000
    assert lossy(LossyRoad(times * LIMIT, FEWEST), LIMIT, runs, seed=15).passed <= 0.05 + within(0.05, runs)


BURSTS = ((1, 5, 170_000), (1, 20, 170_000), (1.5, 20, 170_000), (1.5, 5, 21_000))
"""Loss as a multiple of the limit, mean length of a burst, and datagrams: those of `standard`, and of a slower link."""


@pytest.mark.slow
@pytest.mark.parametrize(("times", "burst", "sent"), BURSTS)
def test_loss_in_bursts_at_and_above_the_limit_hardly_ever_passes(times: float, burst: float, sent: int) -> None:
    """Taken for losses that do not depend on each other, half of those at the limit passed, and 14 % of the third."""
    _hardly_ever_passes(LossyRoad(times * LIMIT, sent, burst), runs=300, seed=17)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(("times", "burst", "sent"), BURSTS)
def test_loss_in_bursts_hardly_ever_passes_in_many_runs(times: float, burst: float, sent: int, seed: int) -> None:
    _hardly_ever_passes(LossyRoad(times * LIMIT, sent, burst), runs=1_000, seed=seed)


def _hardly_ever_passes(road: LossyRoad, *, runs: int, seed: int) -> None:
    """In 7 % at most: few bursts do not show how they vary."""
    assert lossy(road, LIMIT, runs, seed).passed <= 0.07 + within(0.07, runs)


@pytest.mark.slow
@pytest.mark.parametrize("burst", [5, 20])
def test_loss_in_bursts_right_below_the_limit_hardly_ever_fails(burst: float) -> None:
    runs = 300
    assert lossy(LossyRoad(0.999 * LIMIT, 170_000, burst), LIMIT, runs, seed=18).failed <= 0.05 + within(0.05, runs)


def test_loss_in_bursts_well_below_the_limit_passes() -> None:
    assert lossy(LossyRoad(LIMIT / 10, 170_000, 5), LIMIT, 100, seed=19).passed == 1


def test_loss_well_below_the_limit_passes_in_hardly_more_than_one_repeat() -> None:
    found = lossy(LossyRoad(LIMIT / 10, 20_000), LIMIT, 300, seed=16)
    assert found.passed == 1
    assert found.repeats < 1.2
