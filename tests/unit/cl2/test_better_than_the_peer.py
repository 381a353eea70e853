"""What ClusterLoader2's network test gets wrong, and no other test holds: docs/developers/peer-bugs.md lists all."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from api_objects import Json
from api_server import ApiServer
from clearway.base.units import Frequency, Rate, Size
from clearway.engine.table import ENGINES
from clearway.ledger.read import read_run
from clearway.probe.parameters import (
    HttpParameters,
    Parameters,
    RoundTripParameters,
    TcpParameters,
    UdpParameters,
)
from clearway.probe.records import Endpoint, Request, Result
from kubelets import JOBS, MAILBOXES, PODS, Kubelets, kubelets
from making import request
from unit.cl2.conftest import NODES
from unit.cl2.doors import answered, call, container, failures, perf_data, pod_of, silent

SHORT = ("--testconfig=testing/network/config.yaml", "--settings=clusterloader2")
TWO_PAIRS = "CL2_NUMBER_OF_CLIENTS: 2\nCL2_NUMBER_OF_SERVERS: 2\n"
CLUSTER_WIDE = "/apis/rbac.authorization.k8s.io/v1/clusterrole"
MOST_OF_A_LABEL = 63
PARAMETERS: dict[str, Parameters] = {
    "tcp": TcpParameters(streams=1),
    "udp": UdpParameters(Rate(100e6), Size(1448)),
    "http": HttpParameters(connections=1, body=Size(1024), rate=Frequency(2)),
    "round-trip": RoundTripParameters(Size(64)),
}
slow = partial(pytest.param, marks=pytest.mark.slow)
pytestmark = [pytest.mark.timeout(30), pytest.mark.usefixtures("brief")]


@pytest.fixture
def running(server: ApiServer, here: Path) -> Iterator[Kubelets]:
    with kubelets(server, here.parent, NODES, answer=answered) as found:
        yield found


def but_for(sender: str, otherwise: Callable[[Request], Result]) -> Callable[[Request], Result]:
    """A team in which only the pairs whose sender's name ends like this do otherwise."""
    return lambda request: otherwise(request) if f"{sender}>" in request.probe else answered(request)


def measured_seconds(folder: Path) -> list[float]:
    (run,) = (path.parent for path in (folder / "out").rglob("plan.jsonl"))
    return [probe.window.duration.si for round_ in read_run(run).plan for probe in round_.probes]


def request_of(engine: str, address: str) -> Request:
    protocol = ENGINES[engine].protocols[0]
    return request(engine=engine, parameters=PARAMETERS[protocol], duration=10, server=Endpoint(address, 20_001))


def labels_of(item: Json) -> Iterator[str]:
    """Keys and values of an object's labels, and of those that its pods get."""
    for holder in (item, item["spec"].get("template", {})):
        for key, value in holder.get("metadata", {}).get("labels", {}).items():
            yield from (key.rpartition("/")[2], value)


def test_a_pair_without_data_is_named_with_what_became_of_it(server: ApiServer, kubeconfig: Path, here: Path) -> None:
    (here / "pairs.yaml").write_text(TWO_PAIRS)
    with kubelets(server, here.parent, NODES, answer=but_for("/0", silent)):
        assert call(kubeconfig, *SHORT, "--testoverrides=pairs.yaml") == 3
    # Which of the two nodes sends is drawn for each run.
    assert all(re.search("node-[12]/0 -> node-[12]/0: the tool's output holds no", found) for found in failures(here))
    assert failures(here) != []
    pairs = {(item["labels"]["Sender"], item["labels"]["Receiver"]) for item in perf_data(here)["dataItems"]}
    assert {frozenset(pair) for pair in pairs} == {frozenset({"all"}), frozenset({"node-2/1", "node-1/1"})}


@pytest.mark.slow
def test_pairs_that_were_measured_are_named_in_no_failure(
    server: ApiServer, kubeconfig: Path, here: Path, running: Kubelets
) -> None:
    (here / "pairs.yaml").write_text(TWO_PAIRS)
    assert call(kubeconfig, *SHORT, "--testoverrides=pairs.yaml") == 0
    assert failures(here) == []


@pytest.mark.parametrize(("asked", "seconds"), [slow("500ms", 0.5), ("1500ms", 1.5), slow("3s", 3.0)])
def test_a_part_of_a_second_is_measured_as_long_as_asked(
    kubeconfig: Path, here: Path, running: Kubelets, monkeypatch: pytest.MonkeyPatch, asked: str, seconds: float
) -> None:
    monkeypatch.setenv("CL2_DURATION", asked)
    assert call(kubeconfig, *SHORT) == 0
    assert measured_seconds(here) == [seconds]


@pytest.mark.parametrize(("answer", "status", "items"), [(answered, 0, 2), slow(silent, 3, 0)], ids=["data", "none"])
def test_a_change_by_another_client_is_no_answer(
    server: ApiServer, kubeconfig: Path, here: Path, answer: Callable[[Request], Result], status: int, items: int
) -> None:
    """Every mailbox is labelled anew while its worker measures; what counts comes after."""

    def disturbed(request: Request) -> Result:
        server.label(MAILBOXES, seen_by=request.half.value)
        return answer(request)

    with kubelets(server, here.parent, NODES, answer=disturbed):
        assert call(kubeconfig, *SHORT) == status
    assert len(perf_data(here)["dataItems"]) == items


@pytest.mark.slow
def test_workers_are_spread_by_rule_and_a_node_that_takes_none_does_not_count(
    kubeconfig: Path, here: Path, running: Kubelets
) -> None:
    call(kubeconfig, *SHORT)
    (rule,) = pod_of(running.jobs[0])["topologySpreadConstraints"]
    assert (rule["maxSkew"], rule["whenUnsatisfiable"], rule["nodeTaintsPolicy"]) == (1, "DoNotSchedule", "Honor")
    assert rule["topologyKey"] == "kubernetes.io/hostname"


@pytest.mark.slow
def test_what_a_dead_run_left_is_not_employed_again(
    server: ApiServer, kubeconfig: Path, here: Path, running: Kubelets
) -> None:
    """Its Job still stands, and its pods bear the labels of their own run."""
    call(kubeconfig, *SHORT)
    (dead,) = running.jobs
    server.created.remove(running.on_created)
    server.put(JOBS, dead)
    server.created.append(running.on_created)
    assert call(kubeconfig, *SHORT) == 0
    names = [job["metadata"]["name"] for job in running.jobs]
    assert len(set(names)) == 2
    assert [job["metadata"]["name"] for job in server.all(JOBS)] == [names[0]]


@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_a_second_request_is_not_answered_with_the_firsts_address(engine: str) -> None:
    ours = [request_of(engine, address) for address in ("10.0.0.1", "10.0.0.2")]
    first, second = (" ".join(ENGINES[engine].send(request).argv) for request in ours)
    assert ("10.0.0.1" in first) == ("10.0.0.2" in second)
    assert "10.0.0.2" not in first
    assert "10.0.0.1" not in second


def test_no_worker_gains_administrator_rights(
    server: ApiServer, kubeconfig: Path, here: Path, running: Kubelets
) -> None:
    call(kubeconfig, *SHORT)
    written = [path for method, path in server.requests if method != "GET"]
    assert [path for path in written if path.startswith(CLUSTER_WIDE)] == []
    assert any("/namespaces/clearway/roles?" in path for path in written)
    assert pod_of(running.jobs[0])["serviceAccountName"] == running.jobs[0]["metadata"]["name"]


@pytest.mark.slow
def test_nothing_of_the_node_is_mounted(kubeconfig: Path, here: Path, running: Kubelets) -> None:
    call(kubeconfig, *SHORT)
    pod = pod_of(running.jobs[0])
    assert [set(volume) - {"name"} for volume in pod["volumes"]] == [{"emptyDir"}]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container(running.jobs[0])["securityContext"]["capabilities"] == {"drop": ["ALL"]}


@pytest.mark.slow
def test_the_image_is_the_one_that_is_named(kubeconfig: Path, here: Path, running: Kubelets) -> None:
    call(kubeconfig, *SHORT, "--worker-image=mirror.example/team/worker:2")
    assert container(running.jobs[0])["image"] == "mirror.example/team/worker:2"


def test_results_that_cannot_be_written_are_an_error(
    kubeconfig: Path, here: Path, running: Kubelets, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "out").write_text("a file where the folder should be")
    assert call(kubeconfig, *SHORT) not in {0, 1}
    assert str(Path("out")) in capsys.readouterr().err


@pytest.mark.slow
def test_names_of_any_length_make_labels_that_the_api_takes(server: ApiServer, kubeconfig: Path, here: Path) -> None:
    made: list[Json] = []
    server.created.append(lambda collection, item: made.append(item) if collection in {JOBS, MAILBOXES} else None)
    long = tuple(f"{node}.{'x' * 50}.{'y' * 60}.example" for node in NODES)
    for short, name in zip(NODES, long, strict=True):
        node = next(item for item in server.all("/api/v1/nodes") if item["metadata"]["name"] == short)
        server.remove("/api/v1/nodes", short)
        server.put("/api/v1/nodes", json.loads(json.dumps(node).replace(short, name)))
    with kubelets(server, here.parent, long, answer=answered):
        assert call(kubeconfig, *SHORT) == 0
    assert len(made) == 3
    assert max(len(label) for item in made for label in labels_of(item)) <= MOST_OF_A_LABEL
    assert server.all(PODS) == []
