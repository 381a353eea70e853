"""The whole command against a cluster in this process: files, exit codes, and nothing created where nothing may be."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import junitparser
import pytest

from api_server import ApiServer
from clearway.base.units import Duration
from clearway.cli.clusterloader2 import main
from clearway.cli.launcher import launcher
from clearway.probe.records import Reason, Request, Result
from clearway.site.base import WatchContext
from clearway.site.kubernetes.names import NODES as NODES_PATH
from kubelets import kubelets
from meta.tree import ROOT
from unit.cl2.configs import NETWORK, SLEEPS
from unit.cl2.conftest import NODES
from unit.cl2.doors import answered, call, container, failures, silent

SHORT = ("--testconfig=testing/network/config.yaml", "--v=2")
pytestmark = pytest.mark.timeout(30)


def test_a_network_test_leaves_results_junit_config_metadata_and_the_run(
    server: ApiServer, kubeconfig: Path, here: Path, brief: None
) -> None:
    with kubelets(server, here.parent, NODES, answer=answered) as running:
        assert call(kubeconfig, *SHORT, "--settings=clusterloader2", "--provider=skeleton") == 0
    assert container(running.jobs[0])["resources"]["limits"] == {"cpu": "500m"}
    out = here / "out"
    (results,) = out.glob("NetworkPerformanceMetrics_1-1_TCP_P2P_network_performance_*.json")
    assert json.loads(results.read_text())["dataItems"][0]["data"]["Value"] == pytest.approx(1e9 / 8192, rel=0.01)
    assert failures(here) == []
    assert json.loads((out / "cl2-metadata.json").read_text())["settings"] == "clusterloader2"
    assert (out / "generatedConfig_network_performance.yaml").exists()
    (run,) = out.glob("NetworkPerformanceMetrics_network_performance_NetworkPerformanceMetrics/report.txt")
    assert "Gbit/s" in run.read_text()


@pytest.mark.slow
def test_a_test_without_data_fails_and_is_never_a_success(
    server: ApiServer, kubeconfig: Path, here: Path, brief: None
) -> None:
    with kubelets(server, here.parent, NODES, answer=silent):
        assert call(kubeconfig, *SHORT, "--settings=clusterloader2") == 3
    (results,) = (here / "out").glob("NetworkPerformanceMetrics_1-1_TCP*.json")
    assert json.loads(results.read_text())["dataItems"] == []
    assert all("No data from 1 of 1 pairs." in failure for failure in failures(here))
    assert len(failures(here)) == 2  # the test, and the call that gathers


@pytest.mark.slow
def test_the_example_config_runs_and_its_thresholds_pass(
    server: ApiServer, kubeconfig: Path, here: Path, brief: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CL2_PAIRS", "1")
    example = ROOT / "examples" / "clusterloader2.yaml"
    with kubelets(server, here.parent, NODES, answer=answered):
        assert call(kubeconfig, f"--testconfig={example}", "--provider=skeleton") == 0
    assert failures(here) == []
    found = {name.name.split("_")[2] for name in (here / "out").glob("NetworkPerformanceMetrics_1-1_*_P2P_*.json")}
    assert found == {"TCP", "UDP"}


@pytest.mark.slow
def test_a_second_run_into_the_same_folder_keeps_the_first(
    server: ApiServer, kubeconfig: Path, here: Path, brief: None
) -> None:
    with kubelets(server, here.parent, NODES, answer=answered):
        assert [call(kubeconfig, *SHORT, "--settings=clusterloader2") for _ in range(2)] == [0, 0]
    assert len(list((here / "out").glob("NetworkPerformanceMetrics_*/report.json"))) == 2


@pytest.mark.slow
def test_workers_are_not_throttled_unless_it_is_asked_for(
    server: ApiServer, kubeconfig: Path, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CL2_DURATION", "1500ms")
    with kubelets(server, here.parent, NODES, answer=answered) as running:
        assert call(kubeconfig, *SHORT) == 0
    assert "limits" not in container(running.jobs[0])["resources"]


def test_a_missed_threshold_is_a_failure_and_exit_1(server: ApiServer, kubeconfig: Path, here: Path) -> None:
    criterion = 'thresholds: ["throughput >= 5 Gbit/s"], settings: clusterloader2'
    (here / "config.yaml").write_text(NETWORK.replace("duration: 10s", f"duration: 2s, {criterion}"))
    with kubelets(server, here.parent, NODES, answer=answered):
        assert call(kubeconfig, "--testconfig=config.yaml") == 1
    assert any("misses a threshold" in failure for failure in failures(here))


@pytest.mark.slow
def test_an_interrupted_test_keeps_what_it_measured_and_calls_it_incomplete(
    server: ApiServer, kubeconfig: Path, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One of two pairs is measured; the second round, which would try the other one again, is interrupted."""
    two = NETWORK.replace("10s", "1s").replace("Servers: 1", "Servers: 2").replace("Clients: 1", "Clients: 2")
    (here / "config.yaml").write_text(two)
    rounds: list[str] = []

    def interrupting(request: Request) -> Result | None:
        if request.round not in rounds:
            rounds.append(request.round)
            if len(rounds) == 2:
                os.kill(os.getpid(), signal.SIGINT)
        if request.round != rounds[0]:
            return None
        return answered(request) if "/0>" in request.probe else silent(request)

    with kubelets(server, here.parent, NODES, answer=interrupting):
        assert call(kubeconfig, "--testconfig=config.yaml") == 130
    assert "Interrupted: the test network ends now" in capsys.readouterr().err
    (results,) = (here / "out").glob("*NetworkPerformanceMetrics_*.json")
    assert results.name.startswith("Incomplete_NetworkPerformanceMetrics_N-M_TCP_P2P_network_")
    over_pairs, inside = json.loads(results.read_text())["dataItems"]
    assert over_pairs["data"]["Mean"] == pytest.approx(1e9 / 8192, rel=0.01)
    assert inside["labels"]["Sender"] in ("node-1/0", "node-2/0"), "which one sends is drawn"
    assert any("interrupted before it was over" in failure for failure in failures(here))


class Trouble:
    """A watcher that finds trouble at once."""

    @asynccontextmanager
    async def watching(self, context: WatchContext) -> AsyncIterator[None]:
        context.stop(Reason("brake.api-slow", {"took": Duration(2)}))
        yield


@pytest.mark.slow
def test_a_test_stopped_to_protect_the_cluster_fails_with_that_reason(
    server: ApiServer, kubeconfig: Path, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CL2_DURATION", "1s")
    monkeypatch.setattr(
        "clearway.cli.cl2_run.cluster_watchers", lambda options, *_: (Trouble(),) if options.brake else ()
    )
    with kubelets(server, here.parent, NODES, answer=answered):
        assert call(kubeconfig, *SHORT) == 3
        assert len(list((here / "out").glob("Incomplete_*.json"))) == 1
        assert any("Stopped to protect the cluster" in failure for failure in failures(here))
        assert call(kubeconfig, *SHORT, "--brake=false") == 0


@pytest.mark.slow
def test_junit_is_read_by_those_who_read_junit(server: ApiServer, kubeconfig: Path, here: Path) -> None:
    (here / "a.yaml").write_text(SLEEPS.replace("1m30s", "0s").replace("1s", "0s"))
    assert call(kubeconfig, "--testconfig=a.yaml", "--testconfig=a.yaml") == 0
    (suite,) = list(junitparser.JUnitXml.fromfile(str(here / "out" / "junit.xml")))
    names = [case.name for case in suite]
    assert (suite.tests, suite.failures) == (6, 0)
    assert names[:2] == [
        "ClusterLoaderV2 sleeps overall (a.yaml)",
        "ClusterLoaderV2 sleeps: [step: 01] first [00] - a",
    ]


@pytest.mark.parametrize(
    ("words", "files"),
    [
        (["--testconfig=bad.yaml"], {"bad.yaml": "name: x\nsteps: [{}]\n"}),
        (["--testconfig=missing.yaml"], {}),
        (["--testconfig=odd.yaml"], {"odd.yaml": NETWORK.replace("10s", "10.0001s")}),
        (["--testconfig=good.yaml", "--testoverrides=missing.yaml"], {"good.yaml": SLEEPS}),
        (["--testconfig=good.yaml", "--testconfig=bad.yaml"], {"good.yaml": SLEEPS, "bad.yaml": "steps: 1"}),
        (["--testsuite=suite.yaml"], {"suite.yaml": "- {configPath: missing.yaml}\n"}),
    ],
)
def test_every_mistake_is_exit_2_before_the_cluster_is_asked(
    server: ApiServer, kubeconfig: Path, here: Path, words: list[str], files: dict[str, str]
) -> None:
    for name, text in files.items():
        (here / name).write_text(text)
    server.requests.clear()
    assert call(kubeconfig, *words) == 2
    assert server.requests == []
    assert not (here / "out").exists()


@pytest.mark.parametrize(
    ("said", "files"),
    [
        ("a.yaml:3:11: this block is not closed", {"a.yaml": "name: x\nsteps:\n- name: {{if .A}}\n"}),
        ("a.yaml:4:3: There is no key measurments here.", {"a.yaml": SLEEPS.replace("measurements", "measurments", 1)}),
        ("a.yaml:5:29: There is no measurement Slep.", {"a.yaml": SLEEPS.replace("Sleep", "Slep", 1)}),
        ("a.yaml:1:3: IncludeFile", {"a.yaml": "{{IncludeFile `b.yaml`}}", "b.yaml": "{{IncludeFile `a.yaml`}}"}),
        (
            "a.yaml:3:3: the template does not come to an end",
            {"a.yaml": "name: x\nsteps:\n{{range 1000000000}}{{end}}"},
        ),
    ],
)
def test_a_mistake_in_a_config_is_one_error_with_its_place_and_nothing_is_created(
    server: ApiServer,
    kubeconfig: Path,
    here: Path,
    capsys: pytest.CaptureFixture[str],
    said: str,
    files: dict[str, str],
) -> None:
    for name, text in files.items():
        (here / name).write_text(text)
    assert call(kubeconfig, "--testconfig=a.yaml") == 2
    first, *others = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("  ")]
    assert first.startswith(said)
    assert others == []
    assert {method for method, _ in server.requests} <= {"GET"}
    assert not (here / "out").exists()


def test_a_dry_run_says_what_it_would_do_and_does_nothing(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--testsuite=testing/network/suite.yaml", "--dry-run"]) == 0
    said = capsys.readouterr()
    assert said.out.count("nothing was created") == 6
    assert "clients: 10, servers: 10" in said.out
    assert "is used" in said.err
    assert list(here.iterdir()) == []


def test_a_dry_run_shows_every_command_that_would_break_a_node_and_put_it_back(
    server: ApiServer, kubeconfig: Path, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "a.yaml").write_text(
        "name: t\nchaosMonkey: {nodeFailure: {failureRate: 0.5, interval: 1s, simulatedDowntime: 1s},"
        " excludedNodes: [node-2]}\n" + SLEEPS.partition("\n")[2]
    )
    words = ("--testconfig=a.yaml", "--provider=skeleton", "--allow-chaos", "--dry-run")
    with kubelets(server, here.parent, NODES, answer=answered):
        assert call(kubeconfig, *words) == 0
        assert "node-1: nothing is known of how to reach it" in capsys.readouterr().out
        (node,) = (node for node in server.all(NODES_PATH) if node["metadata"]["name"] == "node-1")
        address = {"type": "InternalIP", "address": "192.0.2.7"}
        server.put(NODES_PATH, {**node, "status": {**node["status"], "addresses": [address]}})
        assert call(kubeconfig, *words) == 0
    said = capsys.readouterr().out
    assert [line.partition(":")[0].strip() for line in said.splitlines() if ": ssh " in line] == ["node-1"] * 4
    assert said.index("echo armed") < said.index("systemctl stop kubelet") < said.rindex("systemctl start kubelet")
    assert {method for method, _ in server.requests} == {"GET"}


def test_a_dry_run_does_not_wait_for_a_cluster_that_is_not_there(
    server: ApiServer, kubeconfig: Path, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "a.yaml").write_text("name: t{{.Nodes}}\n" + SLEEPS.partition("\n")[2])
    with server.away() as failed:
        assert main([f"--kubeconfig={kubeconfig}", "--testconfig=a.yaml", "--dry-run"]) == 0
        assert 1 <= failed() <= 2, "of its own accord the library takes a second connection"
    assert "nothing was created" in capsys.readouterr().out


@pytest.mark.slow
def test_without_a_report_folder_results_go_to_standard_output(
    server: ApiServer, kubeconfig: Path, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "a.yaml").write_text(
        "name: t\nsteps:\n"
        "- measurements: [{identifier: t, method: Timer, params: {action: start, label: x}}]\n"
        "- measurements: [{identifier: t, method: Timer, params: {action: gather}}]\n"
    )
    assert main([f"--kubeconfig={kubeconfig}", "--testconfig=a.yaml"]) == 0
    assert json.loads(capsys.readouterr().out)["version"] == "v1"
    assert [path.name for path in here.iterdir()] == ["a.yaml"]


@pytest.mark.slow
def test_the_launcher_starts_this_very_door(here: Path) -> None:
    assert launcher(here) == 0
    (here / "a.yaml").write_text(SLEEPS)
    argv = ["./clusterloader2", "--testconfig=a.yaml", "--dry-run"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run(argv, cwd=here, env=environment, capture_output=True, text=True, check=True)
    assert "sleeps (a.yaml): nothing was created." in ended.stdout
