"""What a rung costs: its interval covers the truth as often as it says, whatever the noise and the drift."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.diagnose.figures import Figure
from clearway.diagnose.ladders import Cost, cost, ladders
from clearway.diagnose.signed_rank import middle
from clearway.probe.metrics import METRICS
from clearway.probe.records import Probe, Result, Round
from clearway.spec.load import read_spec
from making import after, inventory, measured, planned

ROUND_TRIP = Figure(METRICS["round-trip"], "median")
THROUGHPUT = Figure(METRICS["throughput"], "mean")
SERIES = 1_000
Noise = Callable[[random.Random], float]
NOISES: dict[str, Noise] = {
    "even": lambda rng: rng.gauss(1, 0.05),
    "rare outliers": lambda rng: rng.gauss(1, 0.05) * (3 if rng.random() < 0.05 else 1),
    "one-sided": lambda rng: 1 + rng.expovariate(10),
    "two levels": lambda rng: rng.choice((1.0, 1.2)) + rng.gauss(0, 0.01),
}


def series(rng: random.Random, noise: Noise, repeats: int, pairs: int, factor: float) -> Cost:
    """Two rungs of which the second takes `factor` times as long, on a machine that gets slower meanwhile."""
    before, behind = {}, {}
    for repeat in range(repeats):
        drift = 1e-4 * (1 + 0.05 * repeat)
        for pair in range(pairs):
            before[f"a{pair}", f"b{pair}", repeat] = drift * noise(rng)
            behind[f"a{pair}", f"b{pair}", repeat] = drift * noise(rng) * factor
    found = cost(before, behind, ROUND_TRIP)
    assert found is not None
    return found


@pytest.mark.slow
@pytest.mark.parametrize("noise", NOISES.values(), ids=list(NOISES))
@pytest.mark.parametrize(("repeats", "pairs"), [(6, 1), (10, 1), (10, 4)])
def test_the_interval_covers_the_truth_in_at_least_93_of_100_series(noise: Noise, repeats: int, pairs: int) -> None:
    rng, covered = random.Random(f"{repeats} {pairs}"), 0
    for _ in range(SERIES):
        factor = rng.choice((1.0, 1.03, 1.5))
        found = series(rng, noise, repeats, pairs, factor)
        covered += found.share_low.si <= factor - 1 <= found.share_high.si
    assert covered / SERIES >= 0.93


@given(st.lists(st.floats(-1e3, 1e3), min_size=6, max_size=12), st.floats(-1e3, 1e3))
def test_the_middle_moves_with_the_differences_and_lies_inside_its_interval(values: list[float], by: float) -> None:
    found, moved = middle(values), middle([value + by for value in values])
    assert found is not None
    assert moved is not None
    assert min(values) <= found.low <= found.value <= found.high <= max(values)
    for one, other in ((found.low, moved.low), (found.value, moved.value), (found.high, moved.high)):
        assert math.isclose(one + by, other, rel_tol=1e-9, abs_tol=1e-9)


def test_five_differences_have_no_interval_and_six_have_all_of_theirs() -> None:
    assert middle([1.0, 2.0, 3.0, 4.0, 5.0]) is None
    found = middle([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    assert found is not None
    assert (found.low, found.value, found.high) == (1.0, 3.5, 6.0)


def test_ten_differences_leave_eight_means_outside_at_each_end() -> None:
    """The table of the signed rank test: for n = 10 a rank sum of 8 has a chance of 2.4 %, one of 9 of 3.2 %."""
    values = [2.0**power for power in range(10)]
    found = middle(values)
    assert found is not None
    means = sorted((one + other) / 2 for at, one in enumerate(values) for other in values[at:])
    assert (found.low, found.high) == (means[9 - 1], means[-9])


def test_less_throughput_is_a_cost_and_less_time_is_a_gain() -> None:
    turns = [("a", "b", repeat) for repeat in range(6)]
    slower = cost(dict.fromkeys(turns, 10e9), dict.fromkeys(turns, 9e9), THROUGHPUT)
    faster = cost(dict.fromkeys(turns, 1e-4), dict.fromkeys(turns, 9e-5), ROUND_TRIP)
    assert slower is not None
    assert faster is not None
    assert slower.share.si == pytest.approx(0.1)
    assert slower.amount.si == pytest.approx(1e9)
    assert faster.share.si == pytest.approx(-0.1)
    assert faster.amount.si == pytest.approx(-1e-5)


def test_only_repeats_that_both_rungs_measured_count() -> None:
    before = {("a", "b", repeat): 1e-4 for repeat in range(8)}
    behind = {("a", "b", repeat): 2e-4 for repeat in range(3, 10)}
    assert cost(before, behind, ROUND_TRIP) is None
    found = cost({**before, ("a", "b", 9): 1e-4}, behind, ROUND_TRIP)
    assert found is not None
    assert found.repeats == 6


@pytest.mark.parametrize(
    ("protocol", "figures"),
    [
        ("tcp", ["throughput mean", "connect mean"]),
        ("http", ["latency median", "connect mean"]),
        ("round-trip", ["round-trip median"]),
    ],
)
def test_new_connections_have_a_ladder_of_their_own(protocol: str, figures: list[str]) -> None:
    spec = read_spec(f"version: 1\ntests:\n- {{name: it, protocol: {protocol}, ladder: [host, pod]}}\n")
    found = ladders(planned(spec, inventory(2)))
    assert [ladder.figure.name for ladder in found] == figures
    assert {rung.value for ladder in found for rung in ladder.rungs} == {None}


def test_a_record_gives_each_rung_its_value_and_its_cost() -> None:
    spec = read_spec(
        "version: 1\ntests:\n"
        "- {name: rtt, protocol: round-trip, ladder: [host, pod, cluster-ip], repeats: {min: 6}, direction: forward}\n"
        "- {name: alone, protocol: tcp, path: node-port}\n"
    )
    record = planned(spec, inventory(4))
    takes = {"host": 40e-6, "pod": 50e-6, "cluster-ip": 52e-6}

    def answer(round_: Round, probe: Probe) -> tuple[Result, ...]:
        return measured(round_, probe, takes.get(probe.path, 1e9) * (1 + 0.1 * probe.repeat))

    record = after(record, record.plan, answer)
    (ladder,) = ladders(record)
    assert ladder.name == "rtt"
    assert [rung.path for rung in ladder.rungs] == list(takes)
    assert ladder.rungs[0].cost is None
    for rung, share in zip(ladder.rungs[1:], (0.25, 0.04), strict=True):
        assert rung.cost is not None
        assert rung.cost.share.si == pytest.approx(share, abs=0.02)
        assert rung.cost.share_low <= rung.cost.share <= rung.cost.share_high
