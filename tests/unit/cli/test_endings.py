"""However a command is ended from outside, it ends in order, and its first line says so and how to go on."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from clearway.base.errors import INTERRUPTED

CLUSTERLOADER2 = ("-c", "import sys; from clearway.cli.clusterloader2 import main; sys.exit(main())")
COMMANDS = {
    "plan": ("-m", "clearway", "plan", "--kubeconfig", "kubeconfig"),
    "check": ("-m", "clearway", "check", "--kubeconfig", "kubeconfig"),
    "clean": ("-m", "clearway", "clean", "--kubeconfig", "kubeconfig"),
    "run": ("-m", "clearway", "run", "--kubeconfig", "kubeconfig", "--report-dir", "out"),
    "dry-run": (
        *CLUSTERLOADER2,
        "--kubeconfig=kubeconfig",
        "--testconfig=config.yaml",
        "--dry-run",
    ),
}


@pytest.fixture
def silent_server(tmp_path: Path) -> Iterator[socket.socket]:
    """An API server that takes connections and never answers; its kubeconfig lies in the folder."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)
        host, port = server.getsockname()
        config = {
            "clusters": [{"name": "c", "cluster": {"server": f"http://{host}:{port}"}}],
            "users": [{"name": "u", "user": {"token": "secret"}}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
            "current-context": "x",
        }
        (tmp_path / "kubeconfig").write_text(json.dumps(config))
        yield server


def started(words: Sequence[str], folder: Path, **more: object) -> subprocess.Popen[str]:
    (folder / "tmp").mkdir(exist_ok=True)
    environment = {**os.environ, "TMPDIR": str(folder / "tmp"), "PYTHONPATH": os.pathsep.join(sys.path), "LANG": "C"}
    return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
        [sys.executable, *words],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **more,
    )


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_that_is_ended_leaves_nothing_and_says_how_to_go_on(
    command: str, silent_server: socket.socket, tmp_path: Path
) -> None:
    (tmp_path / "config.yaml").write_text("name: asks for {{.Nodes}}\n")
    before = set(tmp_path.iterdir())
    with started(COMMANDS[command], tmp_path) as process, silent_server.accept()[0]:
        process.send_signal(signal.SIGHUP if command == "plan" else signal.SIGTERM)
        output, errors = process.communicate(timeout=30)
    assert (process.returncode, output) == (INTERRUPTED, ""), errors
    first, hint = errors.splitlines()
    assert first == "Interrupted before the command was over."
    name = "clusterloader2" if command == "dry-run" else "clearway"
    assert hint.endswith(f"`{shlex.join((name, *COMMANDS[command][2:]))}`")
    assert set(tmp_path.rglob("*")) == before | {tmp_path / "tmp"}


@pytest.mark.slow
def test_a_command_keeps_what_nohup_ignores_and_ends_in_order_in_the_background(
    silent_server: socket.socket, tmp_path: Path
) -> None:
    def ignore() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    with started(COMMANDS["plan"], tmp_path, preexec_fn=ignore) as process, silent_server.accept()[0]:
        ignored = Path(f"/proc/{process.pid}/status").read_text()
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)
    (mask,) = (line.split()[1] for line in ignored.splitlines() if line.startswith("SigIgn:"))
    assert int(mask, 16) & (1 << signal.SIGHUP - 1)
    assert process.returncode == INTERRUPTED
    assert errors.startswith("Interrupted")
