"""Clusters of other shapes: zones, address families, more nodes than pairs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cluster.links import LINK
from cluster.runs.commands import Commands
from cluster.runs.home import furnish
from cluster.toolbox import LISTEN, connects, start_pods, toolbox
from harness.cluster import Cluster
from harness.spec import ClusterSpec
from harness.starting import running_cluster


@contextmanager
def equipped_with(image: Path, spec: ClusterSpec) -> Iterator[Cluster]:
    with running_cluster(spec) as cluster:
        cluster.load_image(image)
        furnish(cluster)
        yield cluster


def pairs(plan: Path) -> set[frozenset[str]]:
    """The pairs of nodes that were planned, whichever way."""
    rounds = [json.loads(line) for line in plan.read_text(encoding="utf-8").splitlines()]
    return {
        frozenset(end.partition("/")[0] for end in (probe["client"], probe["server"]))
        for round_ in rounds
        for probe in round_["probes"]
    }


def test_in_two_zones_only_pairs_of_one_zone_meet_and_standard_shows_a_round_across(
    worker_image: Path, tmp_path: Path
) -> None:
    with equipped_with(worker_image, ClusterSpec(nodes=4, zones=("a", "b"), rate=LINK)) as cluster:
        commands = Commands(tmp_path, cluster.kubeconfig)
        ended = commands.run(direction="both-ways")
        planned = commands.call("plan", "--profile=standard", "--json")
    assert ended.status == 0, ended.err
    same_zone = {frozenset(("node-1", "node-3")), frozenset(("node-2", "node-4"))}
    assert pairs(commands.report_dir / "plan.jsonl") == same_zone
    assert planned.status == 0
    assert [test["pairs"] for test in json.loads(planned.out)["tests"]] == [6, 4, 6, 6, 4]


IPV6, DUAL = (6,), (6, 4)
only_ipv6 = pytest.param(IPV6, id="IPv6")
both = pytest.param(DUAL, id="dual stack")


@pytest.fixture(scope="module")
def speaking(request: pytest.FixtureRequest, worker_image: Path) -> Iterator[Cluster]:
    """Two nodes with addresses of the IP versions that the test names."""
    with equipped_with(worker_image, ClusterSpec(nodes=2, ip=request.param, rate=LINK)) as cluster:
        yield cluster


def target(commands: Commands) -> str:
    """The address that the sender's tool was given, in every attempt."""
    calls = [one["evidence"]["argv"] for one in commands.results() if one["half"] == "send"]
    (address,) = {str(argv[argv.index("-c") + 1]) for argv in calls}
    return address


@pytest.mark.parametrize("speaking", [only_ipv6, both], indirect=True)
def test_pods_reach_each_other_by_every_address_they_have(speaking: Cluster, request: pytest.FixtureRequest) -> None:
    versions = request.node.callspec.params["speaking"]
    server = toolbox("server", "node-1", *LISTEN, "--ipv6_domain")
    start_pods(speaking, "default", server, toolbox("client", "node-2"))
    status = json.loads(speaking.kubectl("get", "pod", "server", "--output=json"))["status"]
    addresses = [entry["ip"] for entry in status["podIPs"]]
    assert [6 if ":" in address else 4 for address in addresses] == list(versions)
    assert [address for address in addresses if not connects(speaking, "default", "client", address)] == []


@pytest.mark.parametrize("speaking", [only_ipv6], indirect=True)
def test_a_network_of_ipv6_is_measured_by_ipv6(speaking: Cluster, tmp_path: Path) -> None:
    commands = Commands(tmp_path, speaking.kubeconfig)
    ended = commands.run()
    assert ended.status == 0, ended.err
    assert target(commands).startswith("fd00:244:")


@pytest.mark.parametrize("speaking", [both], indirect=True)
def test_of_two_families_the_clusters_first_is_measured_or_the_one_that_the_spec_names(
    speaking: Cluster, tmp_path: Path
) -> None:
    usual, named = (Commands(tmp_path / name, speaking.kubeconfig) for name in ("usual", "named"))
    ended = [usual.run(), named.run("--set=tests.bandwidth.family=ipv4")]
    assert [one.status for one in ended] == [0, 0], [one.err for one in ended]
    assert target(usual).startswith("fd00:244:")
    assert target(named).startswith("10.244.")
