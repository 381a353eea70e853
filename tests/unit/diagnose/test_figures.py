"""Figures over pairs against naive definitions."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import fmean, median

from hypothesis import given
from hypothesis import strategies as st

from clearway.base.units import Rate
from clearway.diagnose.figures import pair_figures, summaries
from clearway.probe.measurement import Counters
from clearway.probe.records import Probe, Result, Round, RoundReason
from clearway.spec.load import read_spec
from making import after, measured, planned
from making import inventory as inventory_of
from unit.report.factories import TCP, Network, inventory, record, spec
from unit.report.runs import RUNS

RATES = st.lists(st.integers(1, 1_000), min_size=12, max_size=12)


@given(RATES)
def test_the_summary_is_what_a_naive_count_gives(rates: list[int]) -> None:
    wish, nodes = spec(TCP), inventory()
    by_probe: dict[str, Rate] = {}

    def rate(probe: Probe) -> Rate:
        return by_probe.setdefault(probe.id, Rate(rates[len(by_probe)] * 1e6))

    made = record(wish, nodes, Network(rate=rate))
    row = summaries(wish.tests[0], pair_figures(made, wish.tests[0]))[0]
    ordered = sorted(value * 1e6 for value in rates)
    assert row.pairs == 12
    assert math.isclose(row.mean.si, fmean(ordered))
    assert math.isclose(row.worst.si, ordered[0])
    assert (row.p5, row.p95) == (None, None), "of 12 pairs they would be the worst and the best"
    assert math.isclose(row.p50.si, ordered[5])
    assert math.isclose(by_probe[f"bandwidth/{row.worst_pair[0]}>{row.worst_pair[1]}#0"].si, ordered[0])


def test_p5_and_p95_are_shown_from_20_pairs_on() -> None:
    """A mesh of five nodes has 20 ordered pairs."""
    wish, rates = spec(TCP), iter(range(1, 21))
    made = record(wish, inventory(nodes=5), Network(rate=lambda _: Rate(next(rates) * 1e6)))
    row = summaries(wish.tests[0], pair_figures(made, wish.tests[0]))[0]
    assert (row.pairs, row.p5, row.p95) == (20, Rate(1e6), Rate(19e6))


def test_a_pair_is_the_median_of_its_repeats() -> None:
    wish, seen = spec({**TCP, "repeats": {"min": 3}}), iter(range(1, 100))
    made = record(wish, inventory(nodes=2), Network(rate=lambda _: Rate(next(seen) * 1e6)))
    found = pair_figures(made, wish.tests[0])
    assert [pair.values["throughput mean"].si for pair in found] == [median([1e6, 3e6, 5e6]), median([2e6, 4e6, 6e6])]


def test_pairs_across_zones_are_summed_up_apart() -> None:
    run = RUNS["across-zones"]
    test = run.record.spec.tests[0]
    rows = [row for row in summaries(test, pair_figures(run.record, test)) if row.figure.name == "throughput mean"]
    assert [(row.across_zones, row.pairs, row.worst) for row in rows] == [
        (False, 4, Rate(0.95e9)),
        (True, 8, Rate(0.4e9)),
    ]


def test_void_attempts_give_no_figures() -> None:
    run = RUNS["unreachable"]
    pairs = pair_figures(run.record, run.record.spec.tests[0])
    assert len(pairs) == 9
    assert not any(pair.pair[1].node == "node-2" for pair in pairs)


HTTP = """
version: 1
tests:
- {name: latency, protocol: http, rate: 500/s, direction: forward, accept: ["latency p99 <= 10 ms"]}
"""


def test_a_saturated_clients_latency_is_in_no_figure() -> None:
    made = planned(read_spec(HTTP), inventory_of(2))
    (first,) = made.plan
    again = replace(first, id="again", why=RoundReason.RETRY, origin=first.id)

    def void_then_clean(round_: Round, probe: Probe) -> tuple[Result, ...]:
        serve, send = measured(round_, probe, 3.6 if round_ is first else 0.018)
        return serve, replace(send, counters=Counters(tool_cpu=0.99 if round_ is first else 0.1))

    run = after(made, (first, again), void_then_clean)
    (pair,) = pair_figures(run, run.spec.tests[0])
    assert math.isclose(pair.values["latency p99"].si, 0.018, rel_tol=0.01)
