"""What the pod network costs: real runs on two nodes and on their pods side by side, and runs that don't fit."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from statistics import median

import pytest

from clearway.base.errors import UsageError
from clearway.base.units import Rate
from clearway.cli.main import main
from clearway.diagnose.compare import Change, compare
from clearway.diagnose.figures import pair_figures
from clearway.ledger.read import read_run
from clearway.ledger.record import Record
from clearway.report.cni_cost import render_cost
from clearway.report.wording import LANGUAGES, Language
from unit.report.factories import HTTP, TCP, UDP, Network, inventory, record, spec
from unit.report.golden import ROOT, check

GOLDEN = ROOT / "tests" / "golden" / "cni"
HOSTS, PODS = GOLDEN / "hosts", GOLDEN / "pods"
"""One run each on the nodes of a cluster and on its pods."""


def on(network: str, made: Record) -> Record:
    return replace(made, workers=tuple(replace(worker, network=network) for worker in made.workers))


def remarks(hosts: Record, pods: Record) -> list[tuple[str, str]]:
    said = json.loads(render_cost(hosts, pods, "en", as_json=True))
    return [(remark["code"], remark["subject"]) for remark in said["remarks"]]


def costs_of(hosts: Record, pods: Record) -> list[Change]:
    return [change for test in compare(hosts, pods) for change in test.changes]


def throughput(costs: list[Change]) -> list[Change]:
    return [cost for cost in costs if cost.figure.name == "throughput mean"]


def test_every_pair_of_the_real_runs_has_its_cost_and_the_median_comes_first() -> None:
    hosts, pods = read_run(HOSTS), read_run(PODS)
    overall, *of_pairs = throughput(costs_of(hosts, pods))
    naive = [
        {found.pair: found.values["throughput mean"].si for found in pair_figures(run, run.spec.tests[0])}
        for run in (hosts, pods)
    ]
    assert overall.pair is None
    assert overall.first == Rate(median(naive[0].values()))
    assert overall.second == Rate(median(naive[1].values()))
    assert {cost.pair: (cost.first.si, cost.second.si) for cost in of_pairs} == {
        pair: (naive[0][pair], naive[1][pair]) for pair in naive[0]
    }
    for cost in (overall, *of_pairs):
        assert cost.share is not None
        assert cost.share.si == pytest.approx((cost.first.si - cost.second.si) / cost.first.si)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_real_runs_read_like_this(language: Language) -> None:
    text = render_cost(read_run(HOSTS), read_run(PODS), language, as_json=False)
    check(GOLDEN / f"cost.{language}.txt", text)


def test_the_command_says_the_same_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cni-cost", str(HOSTS), str(PODS), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["hosts"], told["pods"]) == (read_run(HOSTS).manifest.run, read_run(PODS).manifest.run)
    first = told["costs"][0]
    assert (first["test"], first["metric"], first["statistic"]) == ("bandwidth", "throughput", "mean")
    assert first["cost"]["ratio"] == pytest.approx(1 - first["pods"]["bit/s"] / first["hosts"]["bit/s"])


def test_more_latency_costs_as_less_throughput_does_and_what_comes_by_chance_costs_nothing() -> None:
    wish = spec(TCP, HTTP, UDP)
    hosts = on("host", record(wish, inventory(), Network(rate=lambda _: Rate(800e6), latency=lambda _: 0.002)))
    pods = on("pod", record(wish, inventory(), Network(rate=lambda _: Rate(600e6), latency=lambda _: 0.003)))
    costs = {(cost.test, cost.figure.name): cost for cost in costs_of(hosts, pods) if cost.pair is None}
    shares = {name: cost.share for name, cost in costs.items()}
    of_throughput, of_latency = shares["bandwidth", "throughput mean"], shares["latency under load", "latency p99"]
    assert of_throughput is not None
    assert of_throughput.si == pytest.approx(0.25)
    assert of_latency is not None
    assert of_latency.si == pytest.approx(0.5, rel=0.02)
    assert shares["bandwidth", "retransmits total"] is None
    assert shares["loss and jitter", "loss total"] is None


def test_only_pairs_that_both_runs_measured_are_compared() -> None:
    wish = spec(TCP)
    hosts = on("host", record(wish, inventory()))
    pods = on("pod", record(wish, inventory(), rounds=1))
    assert remarks(hosts, pods) == [("cni.pairs-left-out", "bandwidth")]
    measured = {found.pair for found in pair_figures(pods, wish.tests[0])}
    assert {cost.pair for cost in costs_of(hosts, pods)} == {None, *measured}


def test_nodes_of_other_names_are_compared_by_their_medians_with_a_warning() -> None:
    wish, nodes = spec(TCP), inventory()
    renamed = replace(nodes, nodes=tuple(replace(node, name=f"pod-{node.name}") for node in nodes.nodes))
    hosts, pods = on("host", record(wish, nodes)), on("pod", record(wish, renamed))
    assert remarks(hosts, pods) == [("cni.no-pair-in-common", "bandwidth")]
    assert {cost.pair for cost in costs_of(hosts, pods)} == {None}


def test_tests_of_one_name_that_did_not_do_the_same_are_reported_with_what_differs() -> None:
    hosts = on("host", record(spec(TCP), inventory()))
    pods = on("pod", record(spec({**TCP, "streams": 3, "warm-up": "1s", "accept": []}), inventory()))
    (test,) = compare(hosts, pods)
    assert test.differing == ("streams", "warm-up")
    assert remarks(hosts, pods) == [("cni.tests-differ", "bandwidth")]


@pytest.mark.parametrize(
    ("hosts", "pods", "code"),
    [
        (PODS, PODS, "cni.not-on-hosts"),
        (HOSTS, HOSTS, "cni.not-on-pods"),
    ],
)
def test_runs_the_wrong_way_round_are_refused(hosts: Path, pods: Path, code: str) -> None:
    with pytest.raises(UsageError) as refused:
        render_cost(read_run(hosts), read_run(pods), "en", as_json=False)
    assert refused.value.code == code


def test_runs_without_a_test_in_common_are_refused() -> None:
    hosts, pods = on("host", record(spec(TCP), inventory())), on("pod", record(spec(HTTP), inventory()))
    with pytest.raises(UsageError) as refused:
        render_cost(hosts, pods, "en", as_json=True)
    assert refused.value.code == "cni.nothing-in-common"
