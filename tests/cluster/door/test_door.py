"""ClusterLoader2's own command on a real cluster, with configs that clearway ships: results, and nothing left."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from cluster.door.doors import Doors
from cluster.processes import Ended
from cluster.runs.commands import await_first_round, left_behind
from cluster.runs.home import furnish
from harness.cluster import Cluster

NETWORK = "testing/network"
USUAL = (f"--testconfig={NETWORK}/config.yaml", "--provider=skeleton", "--v=2")
ONE_TO_ONE = f"--testoverrides={NETWORK}/1_1_ratio_override.yaml"


def over(protocol: str) -> str:
    return f"--testoverrides={NETWORK}/{protocol}_protocol_override.yaml"


@pytest.mark.usefixtures("bare")
def test_the_command_of_the_manual_measures_in_an_empty_folder(equipped: Cluster, doors: Doors) -> None:
    ended = doors.run(*USUAL, over("tcp"), ONE_TO_ONE, CL2_DURATION="3s")
    assert ended.status == 0, ended.err
    item = doors.perf_data("NetworkPerformanceMetrics_1-1_TCP_P2P_network_performance")[0]
    assert (item["unit"], item["labels"]["Metric"]) == ("kbytes/sec", "Throughput")
    assert item["data"]["Value"] > 1000
    assert doors.failures() == []
    assert "is used" in ended.err
    assert json.loads((doors.report_dir / "cl2-metadata.json").read_text())["provider"] == "skeleton"
    assert (doors.report_dir / "generatedConfig_network_performance.yaml").exists()
    assert left_behind(equipped) == ""


# One suite, whose results several tests read

THREE_TO_THREE = "CL2_NUMBER_OF_SERVERS: 3\nCL2_NUMBER_OF_CLIENTS: 3\n"


def scenario(protocol: str, ratio: str) -> dict[str, Any]:
    return {
        "identifier": f"{protocol}-{Path(ratio).name[:1]}",
        "configPath": f"{NETWORK}/config.yaml",
        "overridePaths": [f"{NETWORK}/{protocol}_protocol_override.yaml", ratio],
    }


@pytest.fixture(scope="module")
def suite(equipped: Cluster, left_as_found: None, tmp_path_factory: pytest.TempPathFactory) -> tuple[Doors, Ended]:
    """TCP from five clients to one server, then UDP and HTTP between three pairs: what is there when it is over."""
    furnish(equipped)
    doors = Doors(tmp_path_factory.mktemp("suite"), equipped.kubeconfig)
    (doors.folder / "three.yaml").write_text(THREE_TO_THREE)
    five = f"{NETWORK}/5_1_ratio_override.yaml"
    scenarios = [scenario("tcp", five), scenario("udp", "three.yaml"), scenario("http", "three.yaml")]
    (doors.folder / "suite.yaml").write_text(json.dumps(scenarios))
    return doors, doors.run("--testsuite=suite.yaml", CL2_DURATION="2s")


def test_a_suite_runs_one_test_after_the_other(equipped: Cluster, suite: tuple[Doors, Ended]) -> None:
    """A file of the user's own, with overrides that clearway ships and one of the user's."""
    doors, ended = suite
    assert ended.status == 0, ended.err
    assert len(list(doors.report_dir.glob("NetworkPerformanceMetrics_*.json"))) == 3
    assert doors.failures() == []
    assert left_behind(equipped) == ""


@pytest.mark.parametrize(("protocol", "metric"), [("udp", "Lost_Packets"), ("http", "Response_Time")])
def test_several_pairs_at_once_have_percentiles_and_each_its_nodes(
    suite: tuple[Doors, Ended], protocol: str, metric: str
) -> None:
    doors, _ = suite
    items = doors.perf_data(f"NetworkPerformanceMetrics_N-M_{protocol.upper()}_P2P")
    (whole, *pairs) = [item for item in items if item["labels"]["Metric"] == metric]
    assert whole["data"].keys() == {"Perc05", "Perc50", "Perc95", "Mean"}
    assert len({(pair["labels"]["Sender"], pair["labels"]["Receiver"]) for pair in pairs}) == 3


def test_several_clients_of_one_server_are_measured_at_its_node(suite: tuple[Doors, Ended]) -> None:
    doors, _ = suite
    (whole, *pairs) = doors.perf_data("NetworkPerformanceMetrics_N-1_TCP_P2P")
    assert whole["data"]["Perc05"] > 1000
    assert len({pair["labels"]["Sender"] for pair in pairs}) == 5
    assert len({pair["labels"]["Receiver"].partition("/")[0] for pair in pairs}) == 1


# What goes wrong


@pytest.mark.usefixtures("furnished")
def test_workers_that_may_not_write_their_results_are_a_failure_that_names_the_rule(
    equipped: Cluster, doors: Doors
) -> None:
    ended = doors.run(*USUAL, over("tcp"), ONE_TO_ONE, "--without-patch", CL2_DURATION="2s")
    assert ended.status == 3, ended.err
    assert any("networktestworkers/status" in failure for failure in doors.failures())
    assert doors.perf_data("NetworkPerformanceMetrics_1-1_TCP_P2P") == []
    assert left_behind(equipped) == ""


@pytest.mark.usefixtures("bare")
def test_ctrl_c_removes_everything_and_says_so(equipped: Cluster, doors: Doors) -> None:
    with doors.begin(*USUAL, over("tcp"), ONE_TO_ONE, CL2_DURATION="60s") as process:
        await_first_round(process)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 130
    assert any("interrupted" in failure for failure in doors.failures())
    assert left_behind(equipped) == ""
