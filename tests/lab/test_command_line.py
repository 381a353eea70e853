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

from clearway.ledger.read import read_run
from clearway.probe.records import Outcome, RoundReason
from harness.leftovers import host_traces
from lab.unprivileged import AS_NOBODY, unprivileged_python
from specs import spec_of

pytestmark = [pytest.mark.lab, pytest.mark.timeout(240)]

SHORT = spec_of(
    "name: bandwidth, protocol: tcp, streams: 2, duration: 2s, warm-up: 1s, accept: [throughput >= 50 Mbit/s]"
)
BRIEF = spec_of(
    "name: bandwidth, protocol: tcp, direction: forward, duration: 1s, warm-up: 500ms,"
    " accept: [throughput >= 50 Mbit/s]",
    gap="100ms",
)
"""For what does not depend on how long it measures."""
SLOW_NODE = """
nodes: 4
zones: 1
link: {rate: 1 Gbit/s}
exceptions: [{node: node-3, rate: 100 Mbit/s}]
"""
MESH = spec_of(
    "name: bandwidth, protocol: tcp, pairing: mesh, direction: forward, streams: 4, duration: 2s, warm-up: 1s,"
    " accept: [throughput >= 500 Mbit/s for 90 % of pairs]"
)


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


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGHUP])
@pytest.mark.fault(
    "controller",
    "Ctrl-C, or the session is lost",
    "Exit 130, a verdict of what was measured, and the command that goes on.",
)
def test_an_interrupted_run_is_inconclusive_and_keeps_what_it_measured(
    sign: signal.Signals, spec: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    process = started(out, spec, "--lab")
    process.send_signal(sign)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    assert "INCONCLUSIVE" in stdout
    said = stderr[stderr.index("Interrupted") :]
    assert f"`clearway run --resume {out}`" in said.splitlines()[1]
    record = read_run(out)
    assert [result.outcome for result in record.results if result.round == "bandwidth-01"] == [Outcome.MEASURED] * 4
    assert json.loads((out / "verdict-1.json").read_text())["state"] == "inconclusive"


@pytest.mark.fault(
    "controller", "the controller is killed in the middle", "`clearway run --resume DIR` measures what is missing."
)
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


@pytest.mark.fault(
    "controller", "the controller is suspended, for longer than a round", "The run goes on to its verdict."
)
def test_a_controller_that_was_suspended_for_longer_than_a_round_goes_on(spec: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = started(out, spec, "--lab")
    process.send_signal(signal.SIGSTOP)
    time.sleep(10)  # a round of this spec has 8 s from its instant to its deadline
    process.send_signal(signal.SIGCONT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 0, stderr


def begun_until(file: Path, spec: Path, *words: str) -> subprocess.Popen[str]:
    """A run on a lab that has just written this file of its directory, or that has ended."""
    argv = [sys.executable, "-m", "clearway", "run", str(spec), "--lab", "--report-dir", str(file.parent), *words]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 60
    while not file.exists() and process.poll() is None and time.monotonic() < until:
        time.sleep(0.001)
    return process


@pytest.mark.parametrize("written", ["rounds.jsonl", "verdict-1.json"])
@pytest.mark.fault(
    "controller",
    "the controller is killed as a run begins or ends",
    "`clearway run --resume DIR` comes to the verdict.",
)
def test_a_run_that_is_killed_as_it_begins_or_ends_is_resumed_to_its_verdict(
    written: str, brief: Path, tmp_path: Path
) -> None:
    out, before = tmp_path / "out", host_traces()
    process = begun_until(out / written, brief)
    process.kill()
    process.communicate()
    assert host_traces() == before
    done = clearway("run", "--resume", out)
    assert done.returncode == 0, done.stderr
    assert (out / "report.txt").exists()


def test_a_run_that_is_over_is_only_judged_again_when_resumed(
    accepted: tuple[Path, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shutil.copytree(accepted[0], out)
    rounds = read_run(out).rounds
    assert clearway("run", "--resume", out).returncode == 0
    assert read_run(out).rounds == rounds


@pytest.mark.parametrize("size", ["48k", "64k", "96k"])
@pytest.mark.fault("controller", "the controller's disk is full", "Exit 3 and the name of the file.")
def test_a_full_disk_is_never_exit_0_and_names_the_file(size: str, brief: Path, tmp_path: Path) -> None:
    """It is full as the run begins, while it measures, or when it writes its reports."""
    (out := tmp_path / "out").mkdir()
    alone = ("unshare", "--mount") if os.geteuid() == 0 else ("unshare", "--mount", "--map-root-user")
    small_disk = (*alone, "sh", "-c", f'mount -t tmpfs -o size={size} none "$0" && exec "$@"', str(out))
    words = ("run", str(brief), "--lab", "--report-dir", str(out), "--lang", "en")
    ended = subprocess.run(
        [*small_disk, sys.executable, "-m", "clearway", *words],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert ended.returncode == 3, ended.stderr
    assert str(out) in ended.stderr
    assert "No space left on device" in ended.stderr
    assert "Traceback" not in ended.stderr


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
