"""Programs that log in: asked, waited for with a limit, and ended with us."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from clearway.base.units import Duration
from clearway.kube.errors import ConfigUnusable
from clearway.kube.kubeconfig import ClusterSection, PluginSection, PluginVariable
from clearway.kube.login_plugin import PluginStatus, run_plugin
from clearway.probe.records import Finding

VERSION = "client.authentication.k8s.io/v1"
CLUSTER = ClusterSection("https://api")
HANGING = "echo $$ > {pid}; echo 'Open http://localhost:8000' >&2; sleep 600"


def plugin(folder: Path, script: str, **how: object) -> PluginSection:
    path = folder / "plugin"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return PluginSection("./plugin", VERSION, **how)  # type: ignore[arg-type]


def answer(**status: str) -> str:
    return json.dumps({"apiVersion": VERSION, "kind": "ExecCredential", "status": status})


async def asked(folder: Path, asked: PluginSection, said: list[Finding] | None = None) -> PluginStatus:
    return await run_plugin(asked, folder, CLUSTER, (said if said is not None else []).append)


async def test_its_token_is_taken(tmp_path: Path) -> None:
    assert (await asked(tmp_path, plugin(tmp_path, f"echo '{answer(token='t')}'"))).token == "t"


async def test_it_gets_its_arguments_its_variables_and_what_is_asked(tmp_path: Path) -> None:
    script = f'test "$1$A" = argument-variable && echo "$KUBERNETES_EXEC_INFO" > info && echo \'{answer(token="t")}\''
    variable = PluginVariable("A", "variable")
    made = plugin(tmp_path, f"cd {tmp_path}; {script}", args=("argument-",), env=(variable,), provide_cluster_info=True)
    await asked(tmp_path, made)
    spec = json.loads((tmp_path / "info").read_text())["spec"]
    assert spec == {"interactive": False, "cluster": {"server": "https://api"}}


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("echo 'log in first' >&2; exit 3", "kube.plugin-failed"),
        ("echo nonsense", "kube.plugin-answer"),
        ("echo '{}'", "kube.plugin-answer"),
        (f"echo '{answer()}'", "kube.plugin-answer"),
        (f"echo '{answer(token='t').replace('/v1', '/v1beta1')}'", "kube.plugin-version"),
    ],
)
async def test_an_answer_without_credentials_is_explained_without_a_secret(
    tmp_path: Path, script: str, code: str
) -> None:
    with pytest.raises(ConfigUnusable) as refused:
        await asked(tmp_path, plugin(tmp_path, script, args=("SECRET",), env=(PluginVariable("A", "SECRET"),)))
    assert refused.value.code == code
    assert "SECRET" not in str(refused.value)
    assert refused.value.values.get("said", "log in first") == "log in first"


async def test_a_program_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigUnusable) as refused:
        await asked(tmp_path, PluginSection("clearway-test-no-such-program", VERSION))
    assert (refused.value.code, refused.value.values["command"]) == (
        "kube.plugin-missing",
        "clearway-test-no-such-program",
    )


@pytest.mark.fault("api", "the program that logs in hangs", "It is said, and ends after three minutes.")
async def test_one_that_hangs_is_said_to_be_waited_for_and_then_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clearway.kube.login_plugin._SAY_AFTER", Duration(0.5))
    monkeypatch.setattr("clearway.kube.login_plugin._WITHIN", Duration(1.5))
    said: list[Finding] = []
    with pytest.raises(ConfigUnusable) as refused:
        await asked(tmp_path, plugin(tmp_path, HANGING.format(pid=tmp_path / "pid")), said)
    assert (refused.value.code, refused.value.values["said"]) == ("kube.plugin-silent", "Open http://localhost:8000")
    assert [finding.code for finding in said] == ["kube.plugin-waits"]
    assert is_gone(tmp_path / "pid")


def test_one_that_hangs_ends_when_we_are_killed(tmp_path: Path) -> None:
    made = plugin(tmp_path, HANGING.format(pid=tmp_path / "pid"))
    program = (
        "import asyncio, sys, pathlib\n"
        "from clearway.kube.kubeconfig import ClusterSection, PluginSection\n"
        "from clearway.kube.login_plugin import run_plugin\n"
        "asked = PluginSection(sys.argv[1], sys.argv[2])\n"
        "asyncio.run(run_plugin(asked, pathlib.Path(sys.argv[3]), ClusterSection('https://api'), print))\n"
    )
    ours = subprocess.Popen([sys.executable, "-c", program, made.command, VERSION, str(tmp_path)])
    until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().strip() != "")
    ours.send_signal(signal.SIGKILL)
    ours.wait(10)
    assert is_gone(tmp_path / "pid")


def is_gone(file: Path) -> bool:
    number = int(file.read_text())
    return until(
        lambda: not Path(f"/proc/{number}/cmdline").exists() or not Path(f"/proc/{number}/cmdline").read_bytes()
    )


def until(condition: Callable[[], bool]) -> bool:
    ends = time.monotonic() + 20
    while time.monotonic() < ends:
        if condition():
            return True
        time.sleep(0.02)
    return False
