"""The command as its user meets it: verdicts, exit codes, files, and every way to end early."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from junitparser import JUnitXml

from clearway.ledger.record import read_run
from clearway.probe.records import Outcome, RoundReason
from harness.leftovers import host_traces
from lab.unprivileged import AS_NOBODY, unprivileged_python

pytestmark = [pytest.mark.lab, pytest.mark.timeout(240)]

SHORT = """
version: 1
tests:
- {name: bandwidth, protocol: tcp, streams: 2, duration: 2s, warm-up: 1s, accept: ["throughput >= 50 Mbit/s"]}
"""
BRIEF = """
version: 1
gap: 100ms
tests:
- {name: bandwidth, protocol: tcp, direction: forward, duration: 1s, warm-up: 500ms,
   accept: ["throughput >= 50 Mbit/s"]}
"""
"""For what does not depend on how long it measures."""
SLOW_NODE = """
nodes: 4
zones: 1
link: {rate: 1 Gbit/s}
exceptions: [{node: node-3, rate: 100 Mbit/s}]
"""
MESH = """
version: 1
tests:
- name: bandwidth
  protocol: tcp
  pairing: mesh
  direction: forward
  streams: 4
  duration: 2s
  warm-up: 1s
  accept: ["throughput >= 500 Mbit/s for 90 % of pairs"]
"""


def clearway(*words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "clearway", *map(str, words)]
    env = {**os.environ, "LC_ALL": "C.UTF-8", **environment}
    return subprocess.run(argv, capture_output=True, text=True, timeout=200, check=False, env=env)


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    before = host_traces()
    yield
    assert host_traces() == before


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "cat.yaml"
    path.write_text(SHORT)
    return path


@pytest.fixture
def brief(tmp_path: Path) -> Path:
    path = tmp_path / "brief.yaml"
    path.write_text(BRIEF)
    return path


@pytest.fixture(scope="module")
def accepted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """A run that is over: its directory, and what the command said."""
    folder, before = tmp_path_factory.mktemp("accepted"), host_traces()
    (folder / "cat.yaml").write_text(SHORT)
    done = clearway("run", folder / "cat.yaml", "--lab", "--report-dir", folder / "out")
    assert done.returncode == 0, done.stderr
    assert host_traces() == before
    return folder / "out", done


def test_an_accepted_network_exits_0_and_names_its_reports(
    accepted: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    out, done = accepted
    assert "ACCEPTED" in done.stdout
    for name in ("report.txt", "report.json", "junit.xml", "report.md", "verdict-1.json", "plan.jsonl", "log.txt"):
        assert (out / name).stat().st_size > 0, name
    assert str(out / "junit.xml") in done.stderr
    suites = JUnitXml.fromfile(str(out / "junit.xml"))
    assert (suites.failures, suites.errors) == (0, 0)
    assert suites.tests > 0


def test_a_user_without_rights_gets_the_same_acceptance() -> None:
    python = unprivileged_python()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        spec, out = Path(folder, "cat.yaml"), Path(folder, "out")
        spec.write_text(BRIEF)
        argv = [*AS_NOBODY, python, "-m", "clearway", "run", str(spec), "--lab", "--report-dir", str(out)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path[1:]), "HOME": folder}
        done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False, env=environment)
        assert done.returncode == 0, done.stderr
        assert "--map-root-user" in (out / "log.txt").read_text()


def test_json_on_stdout_is_nothing_but_json(brief: Path, tmp_path: Path) -> None:
    done = clearway("run", brief, "--lab", "--report-dir", tmp_path / "out", "--json")
    assert json.loads(done.stdout)["state"] == "pass"


def test_a_slow_node_is_rejected_by_name_and_accepted_if_enough_pairs_hold(tmp_path: Path) -> None:
    lab, mesh, out = tmp_path / "lab.yaml", tmp_path / "mesh.yaml", tmp_path / "out"
    lab.write_text(SLOW_NODE)
    mesh.write_text(MESH)
    done = clearway("run", mesh, "--lab-file", lab, "--report-dir", out, "--lang", "en")
    assert done.returncode == 1, done.stderr
    named = [line for line in done.stdout.splitlines() if line.endswith("(breaks)")]
    assert len(named) == 3
    assert all("node-3" in line for line in named)
    limits = tmp_path / "limits.yaml"
    limits.write_text("{version: 1, accept: {bandwidth: ['throughput >= 500 Mbit/s for 40 % of pairs']}}")
    again = clearway("judge", out, "--limits", limits)
    assert again.returncode == 0
    assert (out / "verdict-1.json").exists()
    assert (out / "verdict-2.json").exists()


def started(out: Path, *words: str | Path) -> subprocess.Popen[str]:
    """A run in the background, in the middle of its second round."""
    argv = [sys.executable, "-m", "clearway", "run", *map(str, words), "--report-dir", str(out), "--lang", "en"]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 60
    observations = out / "observations.jsonl"
    while time.monotonic() < until and process.poll() is None:
        if observations.exists() and observations.read_text().count('"round-start"') == 2:
            return process
        time.sleep(0.02)
    process.kill()
    _, errors = process.communicate()
    raise AssertionError(f"the second round never began: {errors}")


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_is_inconclusive_and_keeps_what_it_measured(
    sign: signal.Signals, spec: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    process = started(out, spec, "--lab")
    process.send_signal(sign)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    assert "INCONCLUSIVE" in stdout
    record = read_run(out)
    assert [result.outcome for result in record.results if result.round == "bandwidth-01"] == [Outcome.MEASURED] * 4
    assert json.loads((out / "verdict-1.json").read_text())["state"] == "inconclusive"


def test_a_killed_run_is_resumed_and_measures_only_what_is_missing(spec: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    before = host_traces()
    process = started(out, spec, "--lab")
    process.kill()
    process.communicate()
    assert host_traces() == before
    measured = [result for result in read_run(out).results if result.round == "bandwidth-01"]
    done = clearway("run", "--resume", out)
    assert done.returncode == 0, done.stderr
    record = read_run(out)
    assert [result for result in record.results if result.round == "bandwidth-01"] == measured
    assert [round_.why for round_ in record.rounds] == [RoundReason.PLANNED, RoundReason.PLANNED, RoundReason.RETRY]


def test_a_run_that_is_over_is_only_judged_again_when_resumed(
    accepted: tuple[Path, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shutil.copytree(accepted[0], out)
    rounds = read_run(out).rounds
    assert clearway("run", "--resume", out).returncode == 0
    assert read_run(out).rounds == rounds


@pytest.mark.parametrize("file", ["results.jsonl", "report.txt.new"])
def test_a_full_disk_is_never_exit_0_and_names_the_file(file: str, brief: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / file).symlink_to("/dev/full")
    done = clearway("run", brief, "--lab", "--report-dir", out, "--lang", "en")
    assert done.returncode == 3, done.stderr
    assert str(out) in done.stderr
    assert "No space left on device" in done.stderr


def test_a_lab_without_a_pair_to_measure_is_exit_3_not_a_pass(brief: Path, tmp_path: Path) -> None:
    lab = tmp_path / "lab.yaml"
    lab.write_text("{nodes: 2, zones: 2}")
    done = clearway("run", brief, "--lab-file", lab, "--report-dir", tmp_path / "out")
    assert done.returncode == 3, done.stderr
    assert not (tmp_path / "out").exists()


def test_a_broken_spec_is_exit_2_with_every_place_and_creates_nothing(tmp_path: Path) -> None:
    path = tmp_path / "cat.yaml"
    path.write_text(
        "version: 1\ntests:\n- {name: a, protocol: tcp, duraton: 5s}\n- {name: b, protocol: udp, rate: 5G}\n"
    )
    done = clearway("run", path, "--lab", "--report-dir", tmp_path / "out", "--lang", "en")
    assert done.returncode == 2
    assert f"{path}:3:" in done.stderr
    assert f"{path}:4:" in done.stderr
    assert "duration" in done.stderr
    assert not (tmp_path / "out").exists()
