"""ClusterLoader2's own workers behind our door: measured where they tell enough, and never a success without data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from api_objects import Json
from api_server import ApiServer
from clearway.cli.clusterloader2 import main
from clearway.kube.access import Access
from clearway.ledger.read import read_run
from clearway.probe.records import Half, Outcome
from clearway.site.kubernetes import names
from clearway.site.kubernetes.cleaning import clean
from clearway.site.kubernetes.cluster_scope import namespace_object
from clearway.site.kubernetes.clusterloader2.manifests import SCOPE
from clusterloader2_pods import JOBS, NAMESPACE, NETWORK_TESTS, PODS, ClusterLoader2Pods, clusterloader2_pods
from unit.cl2.conftest import NODES

SHORT = ("--testconfig=testing/network/config.yaml", "--settings=clusterloader2-workers", "--worker-image=theirs:1")
slow = partial(pytest.param, marks=pytest.mark.slow)
pytestmark = [pytest.mark.timeout(30), pytest.mark.usefixtures("brief")]


@pytest.fixture
def pods(server: ApiServer) -> Iterator[ClusterLoader2Pods]:
    with clusterloader2_pods(server, NODES) as running:
        yield running


def call(kubeconfig: Path, *words: str) -> int:
    return main([f"--kubeconfig={kubeconfig}", "--report-dir=out", *SHORT, *words])


def items(folder: Path) -> list[Json]:
    (path,) = (folder / "out").glob("NetworkPerformanceMetrics_*.json")
    found: list[Json] = json.loads(path.read_text())["dataItems"]
    return found


def failures(folder: Path) -> list[str]:
    root = ET.parse(folder / "out" / "junit.xml").getroot()
    return [failure.text or "" for failure in root.iter("failure")]


def test_a_pair_is_asked_in_their_words_and_its_figures_are_reported(
    kubeconfig: Path, here: Path, pods: ClusterLoader2Pods
) -> None:
    assert call(kubeconfig) == 0
    over_pairs, inside = items(here)
    assert over_pairs["data"]["Value"] == pytest.approx(1e9 / 8 / 1024)
    assert list(inside["data"]) == ["Mean"]
    (asked,) = pods.asked
    client, server = asked["spec"]["clientPodName"], asked["spec"]["serverPodName"]
    labels = asked["metadata"]["labels"]
    assert (labels[client], labels[server]) == ("clientPodName", "serverPodName")
    assert asked["spec"] | {"clientStartTimestamp": 0} == {
        "clientPodName": client,
        "serverPodName": server,
        "serverPodIP": asked["spec"]["serverPodIP"],
        "protocol": "TCP",
        "duration": 2,
        "clientStartTimestamp": 0,
        "numberOfClients": 1,
    }


@pytest.mark.slow
def test_their_pods_are_one_of_our_jobs_with_the_rights_they_use(
    kubeconfig: Path, here: Path, pods: ClusterLoader2Pods
) -> None:
    call(kubeconfig)
    spec = pods.jobs[0]["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    assert (container["image"], container["resources"]["limits"]) == ("theirs:1", {"cpu": "500m"})
    assert [one["name"] for one in container["env"]] == ["POD_NAME"]
    assert spec["volumes"] == []


@pytest.mark.slow
def test_nothing_is_left(server: ApiServer, kubeconfig: Path, here: Path, pods: ClusterLoader2Pods) -> None:
    call(kubeconfig)
    namespaces = {item["metadata"]["name"] for item in server.all(names.NAMESPACES)}
    kinds = {item["metadata"]["name"] for item in server.all(names.CRDS)}
    assert [server.all(place) for place in (JOBS, PODS, NETWORK_TESTS)] == [[], [], []]
    assert NAMESPACE not in namespaces
    assert SCOPE.kind.crd not in kinds


async def test_what_a_killed_run_with_them_left_is_cleaned_with_the_kind_that_it_put_up(
    server: ApiServer, kubeconfig: Path
) -> None:
    leave(server, SCOPE.crd("run"))
    assert await clean(Access(kubeconfig), "clearway", lambda finding: None) == 4
    assert left(server) == set()


async def test_a_kind_installed_by_another_user_is_not_removed(server: ApiServer, kubeconfig: Path) -> None:
    leave(server, {"metadata": {"name": SCOPE.kind.crd}})
    await clean(Access(kubeconfig), "clearway", lambda finding: None)
    assert left(server) == {SCOPE.kind.crd}


async def test_a_kind_that_a_run_elsewhere_still_uses_is_not_cleaned_away(server: ApiServer, kubeconfig: Path) -> None:
    leave(server, SCOPE.crd("run"))
    other = {"name": "cw-other", "namespace": "elsewhere", "labels": names.OURS}
    server.put("/apis/batch/v1/namespaces/elsewhere/jobs", {"metadata": other})
    await clean(Access(kubeconfig), "clearway", lambda finding: None)
    assert left(server) == {SCOPE.kind.crd, NAMESPACE}


def leave(server: ApiServer, kind: Json) -> None:
    """What is there after such a run was killed: a namespace, a kind, a Job, an object per pair."""
    server.put(names.NAMESPACES, namespace_object(NAMESPACE, "run"))
    server.put(names.CRDS, kind)
    for place in (JOBS, NETWORK_TESTS):
        server.put(place, {"metadata": {"name": "cw-dead", "namespace": NAMESPACE, "labels": names.OURS}})


def left(server: ApiServer) -> set[str]:
    places = (names.NAMESPACES, names.CRDS, JOBS, NETWORK_TESTS)
    found = {item["metadata"]["name"] for place in places for item in server.all(place)}
    return found - {"clearway", "kube-system", names.CRD}


def test_what_they_cannot_show_is_absent(kubeconfig: Path, here: Path, pods: ClusterLoader2Pods) -> None:
    assert call(kubeconfig, "--testoverrides=testing/network/udp_protocol_override.yaml") == 0
    assert {item["labels"]["Metric"] for item in items(here)} == {"Packet_Per_Second", "Jitter"}
    (folder,) = (path.parent for path in (here / "out").rglob("plan.jsonl"))
    (trial,) = read_run(folder).trials
    assert trial.serve is not None
    assert trial.send is not None
    assert (trial.serve.outcome, trial.send.outcome) == (Outcome.MEASURED, Outcome.NOT_RUN)
    assert (trial.serve.half, trial.serve.counters, trial.serve.timing) == (Half.SERVE, None, None)


@pytest.mark.parametrize(
    "status",
    [slow({"metrics": [0, 0]}), slow({"metrics": [1.0]}), {"metrics": [], "error": "iperf: not found"}],
    ids=["zero", "too-few", "error"],
)
def test_what_is_no_data_is_no_success(server: ApiServer, kubeconfig: Path, here: Path, status: Any) -> None:
    with clusterloader2_pods(server, NODES, lambda spec: status):
        assert call(kubeconfig) == 3
    assert items(here) == []
    assert failures(here) != []


@pytest.mark.parametrize(
    "words",
    [
        ("--testoverrides=testing/network/http_protocol_override.yaml",),
        ("--testoverrides=testing/network/5_1_ratio_override.yaml",),
        ("--worker-image=clearway.dev/worker:0.1.0",),
    ],
    ids=["http", "incast", "no-image"],
)
def test_what_they_cannot_be_asked_is_refused_before_anything_is_made(
    server: ApiServer, kubeconfig: Path, here: Path, pods: ClusterLoader2Pods, words: tuple[str, ...]
) -> None:
    assert call(kubeconfig, *words) == 2
    assert pods.jobs == []
