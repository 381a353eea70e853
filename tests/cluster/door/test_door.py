"""ClusterLoader2's own command on a real cluster, with configs that clearway ships: results, and nothing left."""

from __future__ import annotations

import json
import signal

import pytest

from cluster.door.doors import Doors
from cluster.runs.commands import await_first_round, left_behind
from harness.cluster import Cluster

NETWORK = "testing/network"
USUAL = (f"--testconfig={NETWORK}/config.yaml", "--provider=skeleton", "--v=2")
ONE_TO_ONE = f"--testoverrides={NETWORK}/1_1_ratio_override.yaml"


def over(protocol: str) -> str:
    return f"--testoverrides={NETWORK}/{protocol}_protocol_override.yaml"


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


@pytest.mark.parametrize(("protocol", "metric"), [("udp", "Lost_Packets"), ("http", "Response_Time")])
def test_several_pairs_at_once_have_percentiles_and_each_its_nodes(
    equipped: Cluster, doors: Doors, protocol: str, metric: str
) -> None:
    settings = {"CL2_DURATION": "3s", "CL2_NUMBER_OF_CLIENTS": "3", "CL2_NUMBER_OF_SERVERS": "3"}
    ended = doors.run(*USUAL, over(protocol), **settings)
    assert ended.status == 0, ended.err
    items = doors.perf_data(f"NetworkPerformanceMetrics_N-M_{protocol.upper()}_P2P")
    (whole, *pairs) = [item for item in items if item["labels"]["Metric"] == metric]
    assert whole["data"].keys() == {"Perc05", "Perc50", "Perc95", "Mean"}
    assert len({(pair["labels"]["Sender"], pair["labels"]["Receiver"]) for pair in pairs}) == 3
    assert left_behind(equipped) == ""


def test_several_clients_of_one_server_are_measured_at_its_node(equipped: Cluster, doors: Doors) -> None:
    ended = doors.run(*USUAL, over("tcp"), f"--testoverrides={NETWORK}/5_1_ratio_override.yaml", CL2_DURATION="2s")
    assert ended.status == 0, ended.err
    (whole, *pairs) = doors.perf_data("NetworkPerformanceMetrics_N-1_TCP_P2P")
    assert whole["data"]["Perc05"] > 1000
    assert len({pair["labels"]["Sender"] for pair in pairs}) == 5
    assert len({pair["labels"]["Receiver"].partition("/")[0] for pair in pairs}) == 1
    assert left_behind(equipped) == ""


def test_a_suite_runs_one_test_after_the_other(equipped: Cluster, doors: Doors) -> None:
    """Half of the suite that clearway ships, in a file of the user's own."""
    scenarios = [
        {
            "identifier": f"{protocol}-{ratio}".replace("_", "-"),
            "configPath": f"{NETWORK}/config.yaml",
            "overridePaths": [f"{NETWORK}/{protocol}_protocol_override.yaml", f"{NETWORK}/{ratio}_ratio_override.yaml"],
        }
        for protocol, ratio in (("tcp", "1_1"), ("udp", "1_1"), ("http", "10_10"))
    ]
    (doors.folder / "suite.yaml").write_text(json.dumps(scenarios))
    ended = doors.run("--testsuite=suite.yaml", CL2_DURATION="2s")
    assert ended.status == 0, ended.err
    assert len(list(doors.report_dir.glob("NetworkPerformanceMetrics_*.json"))) == 3
    assert doors.failures() == []
    assert left_behind(equipped) == ""


def test_workers_that_may_not_write_their_results_are_a_failure_that_names_the_rule(
    equipped: Cluster, doors: Doors
) -> None:
    ended = doors.run(*USUAL, over("tcp"), ONE_TO_ONE, "--without-patch", CL2_DURATION="2s")
    assert ended.status == 3, ended.err
    assert any("networktestworkers/status" in failure for failure in doors.failures())
    assert doors.perf_data("NetworkPerformanceMetrics_1-1_TCP_P2P") == []
    assert left_behind(equipped) == ""


def test_ctrl_c_removes_everything_and_says_so(equipped: Cluster, doors: Doors) -> None:
    with doors.begin(*USUAL, over("tcp"), ONE_TO_ONE, CL2_DURATION="60s") as process:
        await_first_round(process)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 130
    assert any("interrupted" in failure for failure in doors.failures())
    assert left_behind(equipped) == ""
