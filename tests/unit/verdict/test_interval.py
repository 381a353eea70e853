"""Intervals of means, shares and percentiles, and what widens or narrows them."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from clearway.probe.histogram import Histogram
from clearway.spec.model import Repeats
from clearway.verdict.evidence import Ordered
from clearway.verdict.interval import Mean, Percentile, Share
from clearway.verdict.looks import Looks
from clearway.verdict.noise import Means, Noise

TAIL = 0.01
CALM = (0.99, 1.0, 1.01)
MANY = [Means(tuple(value * (1 + 0.01 * n) for value in CALM)) for n in range(20)]


def widths(pair: Means, noise: Noise) -> float:
    interval = Mean(pair, 1.0, noise).interval(TAIL, TAIL)
    return interval.high - interval.low


def test_more_repeats_of_the_same_make_the_interval_of_a_mean_smaller() -> None:
    found = [Means(CALM[:1] + CALM[2:]), Means(CALM * 2), Means(CALM * 4)]
    sizes = [widths(one, Noise.of([one])) for one in found]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] < 0.015


def test_calm_neighbours_teach_a_pair_its_noise() -> None:
    pair = MANY[0]
    assert widths(pair, Noise.of(MANY)) < widths(pair, Noise.of([pair])) / 1.5


def test_pairs_that_agree_need_no_repeat() -> None:
    alike = [Means((1.06 + 0.001 * n,)) for n in range(4)]
    assert Noise.of(alike).margin(alike[0], TAIL) < 0.02


def test_a_lone_value_is_taken_to_vary_by_five_per_cent_however_calm_its_blocks_are() -> None:
    lone = Means((1.1,), block_error=0.0)
    assert Noise.of([lone]).margin(lone, TAIL) == pytest.approx(0.05 * 2.3263, rel=1e-3)


def test_blocks_that_vary_more_than_that_widen_it() -> None:
    lone = Means((1.1,), block_error=0.1)
    assert Noise.of([lone]).margin(lone, TAIL) == pytest.approx(0.1 * 2.3263, rel=1e-3)


def test_a_pair_that_flaps_is_judged_by_its_own_scatter_and_leaves_its_neighbours_calm() -> None:
    flapping = Means((0.6, 1.4, 1.0))
    noise = Noise.of([*MANY, flapping])
    assert noise == Noise.of(MANY) or noise.repeats == pytest.approx(Noise.of(MANY).repeats)
    assert noise.margin(flapping, TAIL) > 0.5
    assert noise.margin(MANY[0], TAIL) < 0.02


@example([0.0, 0.0], 0.25)
@given(st.lists(st.floats(0, 1e12), min_size=1, max_size=6), st.floats(1e-6, 0.3))
def test_a_mean_lies_in_its_interval_which_is_finite(values: list[float], tail: float) -> None:
    pair = Means(tuple(values))
    interval = Mean(pair, 2.0, Noise.of([pair])).interval(tail, tail)
    assert 0 <= interval.low <= interval.value <= interval.high < math.inf


@given(st.integers(1, 100_000), st.floats(0, 1), st.floats(1e-6, 0.3))
def test_a_share_lies_in_its_interval(sent: int, share: float, tail: float) -> None:
    interval = Share(round(sent * share), sent).interval(tail, tail)
    assert 0 <= interval.low <= interval.value <= interval.high <= 1


@given(st.lists(st.integers(0, 50), min_size=2, max_size=40))
def test_losses_in_bursts_are_known_no_better_than_as_many_that_are_not(lost: list[int]) -> None:
    blocks = tuple((1_000.0, float(one)) for one in lost)
    sent, alone = 1_000.0 * len(lost), Share(sum(lost), 1_000.0 * len(lost)).interval(TAIL, TAIL)
    found = Share(sum(lost), sent, blocks=blocks).interval(TAIL, TAIL)
    assert 0 <= found.low <= alone.low + 1e-9
    assert alone.high - 1e-9 <= found.high <= 1


def test_one_burst_leaves_open_how_often_it_comes() -> None:
    """80 of 160,000 lost, under a limit of 0.1 %: 16 times five in a row, or 80 in a row once."""
    spread, once = ([(10_000.0, 80.0 * (n == 3) if burst else 5.0) for n in range(16)] for burst in (False, True))
    assert Share(80, 160_000, blocks=tuple(spread)).interval(TAIL, TAIL).high < 0.001
    assert Share(80, 160_000, blocks=tuple(once)).interval(TAIL, TAIL).high > 0.001


def test_blocks_without_a_loss_do_not_show_how_large_a_burst_is() -> None:
    """Two bursts, in 16 blocks and in 160 smaller ones."""
    few, many = ([(160_000 / blocks, 10.0 * (n in (3, 5))) for n in range(blocks)] for blocks in (16, 160))
    bounds = [Share(20, 160_000, blocks=tuple(part)).interval(TAIL, TAIL).high for part in (few, many)]
    assert bounds[1] == pytest.approx(bounds[0], rel=0.1)


def test_samples_that_come_in_bursts_say_less_than_as_many_that_do_not() -> None:
    rng = random.Random(1)
    spread = [tuple(rng.random() for _ in range(250)) for _ in range(20)]
    bursts = [tuple(value / 2 + (block == 3) for value in values) for block, values in enumerate(spread)]
    found = [_percentile(99, blocks).interval(TAIL, TAIL) for blocks in (spread, bursts)]
    assert found[0].low > 0.98
    assert found[1].high > 1.4
    assert found[1].low < 0.5, "one burst may not come again: the share of late samples may be far below 1 %"


def test_a_percentile_of_independent_samples_has_nearly_the_ranks_of_the_tables() -> None:
    """Of 1,000 samples, the 95 % order-statistic interval of the p99 is from rank 983 to rank 997."""
    ranks = [float(rank) for rank in range(1, 1_001)]
    random.Random(1).shuffle(ranks)
    interval = _percentile(99, [tuple(ranks[n::20]) for n in range(20)]).interval(0.025, 0.025)
    assert interval.value == 990
    assert 978 <= interval.low <= 984
    assert 995 <= interval.high <= 999


def test_samples_without_blocks_are_taken_to_say_less() -> None:
    interval = Percentile(Ordered(tuple(map(float, range(1, 1_001)))), 99).interval(0.025, 0.025)
    assert interval.low < 978
    assert interval.high >= 998


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=300), st.sampled_from([50, 95, 99]))
def test_a_percentile_lies_in_its_interval(values: list[float], p: float) -> None:
    for samples in (Ordered(tuple(sorted(values))), Histogram.of(values)):
        interval = Percentile(samples, p).interval(TAIL, TAIL)
        assert interval.low <= interval.value <= interval.high


def _percentile(p: float, blocks: list[tuple[float, ...]]) -> Percentile:
    together = Ordered(tuple(sorted(value for block in blocks for value in block)))
    parts = tuple(Ordered(tuple(sorted(block))) for block in blocks)
    return Percentile(together, p, (together,), (parts,))


@given(st.integers(1, 6), st.integers(0, 6), st.integers(1, 300), st.floats(0.5, 1), st.booleans())
def test_looks_together_may_err_no_more_than_a_little_above_five_per_cent(
    least: int, more: int, pairs: int, share: float, learned: bool
) -> None:
    """Added up, as if they shared no data. In truth they do, which the simulation shows."""
    looks = Looks(Repeats(min=least, max=least + more), pairs, share)
    tails = [looks.tails(look, noise_is_learned=learned) for look in range(least, least + more + 1)]
    assert math.fsum(tail.holds for tail in tails) == pytest.approx(0.05 * (more + 1) ** (0.05**0.4))
    assert all(0 < tail.breaks <= tail.holds + 1e-12 for tail in tails)


def test_a_single_look_has_all_five_per_cent() -> None:
    tails = Looks(Repeats(min=1, max=1), 4, 1.0).tails(1, noise_is_learned=True)
    assert tails.holds == pytest.approx(0.05)
    assert tails.breaks == pytest.approx(0.0125)
