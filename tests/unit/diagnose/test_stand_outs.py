"""An acceptance names the pairs that it would otherwise hide."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.base.units import Rate
from clearway.diagnose.stand_outs import stand_outs
from clearway.probe.records import Slot
from clearway.verdict.judge import judge
from clearway.verdict.model import PairState, RunVerdict, StandOut
from unit.report.factories import HTTP, TCP, UDP, Network, inventory, record, slow_node, spec

BAD = (Slot("node-3"), Slot("node-4"))


def one_bad_pair(rate: float) -> Network:
    return Network(rate=lambda probe: Rate(rate if probe.pair == BAD else 95.4e6))


def run(criterion: str, network: Network, nodes: int = 4) -> RunVerdict:
    return judge(record(spec({**TCP, "accept": [criterion]}), inventory(nodes), network))


def found(criterion: str, network: Network) -> list[StandOut]:
    return list(stand_outs(run(criterion, network)))


def test_a_pair_that_breaks_inside_the_allowed_share_stands_out() -> None:
    (out,) = found("throughput >= 50 Mbit/s for 90 % of pairs", one_bad_pair(1.59e6))
    assert (out.breaking, out.of, out.median) == (True, 12, Rate(95.4e6))
    assert [(pair.subject, pair.value) for pair in out.pairs] == [(BAD, Rate(1.59e6))]


def test_a_pair_that_holds_far_below_the_rest_stands_out() -> None:
    (out,) = found("throughput >= 1 Mbit/s", one_bad_pair(1.59e6))
    assert (out.breaking, [pair.subject for pair in out.pairs]) == (False, [BAD])


@pytest.mark.parametrize(("rate", "named"), [(47.6e6, 1), (47.8e6, 0), (95.4e6, 0)])
def test_far_begins_at_half_of_the_median(rate: float, named: int) -> None:
    assert len(found("throughput >= 1 Mbit/s", one_bad_pair(rate))) == named


def test_a_rejected_run_names_its_pairs_in_its_criteria() -> None:
    assert found("throughput >= 50 Mbit/s", one_bad_pair(1.59e6)) == []


def test_where_less_is_better_a_pair_has_to_use_half_of_the_limit_too() -> None:
    def of(latency: float) -> list[StandOut]:
        network = Network(latency=lambda probe: latency if probe.server.node == "node-3" else 0.001)
        return list(stand_outs(judge(record(spec(HTTP), inventory(), network))))

    assert of(0.004) == [], "four times the median, and still far from the limit of 10 ms"
    (out,) = of(0.008)
    assert (out.criterion.text, out.breaking, len(out.pairs)) == ("latency p99 <= 10 ms", False, 1)


def test_some_loss_where_others_have_none_stands_out_near_the_limit_only() -> None:
    def of(loss: float) -> list[StandOut]:
        network = Network(loss=lambda probe: loss if probe.target.node == "node-3" else 0.0)
        return list(stand_outs(judge(record(spec(UDP), inventory(), network))))

    assert of(0.0002) == []
    assert len(of(0.0008)) == 1


def test_a_share_of_a_link_is_compared_as_a_share() -> None:
    """The link of 200 Mbit/s carries a fifth of the others, and as much of its link as they do of theirs."""
    nodes = inventory(3)
    slow = tuple(replace(node, link=Rate(2e8)) if node.name == "node-3" else node for node in nodes.nodes)
    wish = spec({**TCP, "accept": ["throughput >= 10 % of link"]})
    made = record(wish, replace(nodes, nodes=slow), Network(rate=slow_node("node-3", Rate(0.19e9))))
    assert list(stand_outs(judge(made))) == []


@given(st.lists(st.integers(100, 1000), min_size=12, max_size=12))
def test_pairs_within_a_factor_of_two_are_never_named(rates: list[int]) -> None:
    known = iter(rates)
    network = Network(rate=lambda _: Rate((100 + (next(known) - 100) / 9) * 1e6))
    assert found("throughput >= 1 Mbit/s", network) == []


@given(st.lists(st.integers(1, 1000), min_size=12, max_size=12))
def test_every_pair_that_breaks_in_an_acceptance_is_named(rates: list[int]) -> None:
    known = iter(rates)
    verdict = run("throughput >= 100 Mbit/s for 50 % of pairs", Network(rate=lambda _: Rate(next(known) * 1e6)))
    broken = {pair.subject for pair in verdict.criteria[0].pairs if pair.standing is PairState.BREAKS}
    named = {pair.subject for out in stand_outs(verdict) if out.breaking for pair in out.pairs}
    assert named == (broken if verdict.state.value == "pass" else set())


def test_a_criterion_in_total_has_no_pairs_to_name() -> None:
    assert found("throughput >= 1 Mbit/s in total", one_bad_pair(1.59e6)) == []
