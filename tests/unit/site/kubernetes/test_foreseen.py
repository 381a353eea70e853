"""What is known of a cluster before anything is put up is said at once, by `plan` and by `run`."""

from __future__ import annotations

from pathlib import Path

import pytest

from api_server import ApiServer, Fault
from clearway.cli.main import main
from clearway.site.kubernetes import names
from unit.site.kubernetes.two_nodes import node

CUBIC = "chooses congestion control cubic, which the kernel of a node may refuse to pods"
WINDOWS = "win-1 is left out: it runs windows"


@pytest.fixture
def with_windows(server: ApiServer) -> ApiServer:
    windows = node("win-1")
    windows["status"]["nodeInfo"] = {"operatingSystem": "windows"}
    server.put(names.NODES, windows)
    return server


def words(server: ApiServer, folder: Path) -> tuple[str, ...]:
    return "--profile=lab", "--set=link=200 Mbit/s", f"--kubeconfig={server.kubeconfig(folder)}", "--lang=en"


def test_a_plan_names_what_pods_may_be_refused_and_who_is_left_out(
    with_windows: ApiServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", *words(with_windows, tmp_path)]) == 0
    said = capsys.readouterr().out
    assert CUBIC in said
    assert WINDOWS in said
    assert {verb for verb, _ in with_windows.requests} == {"GET"}


def test_a_run_names_it_before_it_puts_anything_up(
    with_windows: ApiServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with_windows.faults.append(Fault(lambda asked: asked.method == "POST", 1_000, 403, "not you"))
    status = main(["run", *words(with_windows, tmp_path), f"--report-dir={tmp_path / 'out'}"])
    said = capsys.readouterr().err
    assert (status, "not you" in said) == (3, True)
    assert -1 < said.index(CUBIC) < said.index("not you")
    assert WINDOWS in said
