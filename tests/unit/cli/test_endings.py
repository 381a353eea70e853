"""However a command is ended from outside, it ends in order, and its first line says so and how to go on."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from clearway.base.errors import INTERRUPTED
from clearway.cli.main import main
from clearway.cli.sites import SelectedSite
from clearway.ledger import files
from clearway.ledger.write import Ledger
from clearway.probe.records import Request, Slot
from faulty_site import EquippedSite
from making import inventory, planned, tcp_spec

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


def started(words: Sequence[str], folder: Path, first: Path | None = None, **more: object) -> subprocess.Popen[str]:
    (folder / "tmp").mkdir(exist_ok=True)
    path = os.pathsep.join([str(first), *sys.path] if first else sys.path)
    environment = {**os.environ, "TMPDIR": str(folder / "tmp"), "PYTHONPATH": path, "LANG": "C"}
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


ENDED_WHILE_LOADING = """
import os, signal, sys

class Ending:
    def find_spec(name, *_):
        if name == {module!r}:
            os.kill(os.getpid(), signal.{sign})

sys.meta_path.insert(0, Ending)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "sign"),
    [
        ("cyclopts", "SIGINT"),
        ("asyncio.base_events", "SIGINT"),
        ("yaml.cyaml", "SIGTERM"),
        ("clearway.cli.verify", "SIGHUP"),
        ("clearway.report.wording.sentences", "SIGINT"),
    ],
)
def test_a_command_that_is_ended_while_it_loads_ends_in_order(module: str, sign: str, tmp_path: Path) -> None:
    """Not as a rejected network (exit 1), not as a bug (exit 4): a module that is half loaded breaks the next one."""
    (tmp_path / "sitecustomize.py").write_text(ENDED_WHILE_LOADING.format(module=module, sign=sign))
    words = ("-m", "clearway", "verify", str(tmp_path))
    with started(words, tmp_path, first=tmp_path) as process:
        output, errors = process.communicate(timeout=30)
    assert (process.returncode, output) == (INTERRUPTED, ""), errors
    assert errors.splitlines()[0] == "Interrupted before the command was over."
    assert "Traceback" not in errors


class Interrupted(EquippedSite):
    """Ctrl-C comes twice: in the round, and as its workers are removed."""

    async def submit(self, round_id: str, requests: Mapping[Slot, Sequence[Request]]) -> None:
        signal.raise_signal(signal.SIGINT)

    async def stop(self) -> None:
        signal.raise_signal(signal.SIGINT)


@pytest.mark.fault(
    "controller",
    "Ctrl-C a second time, while the run ends",
    "Exit 130: workers may be left, and `clearway run --resume DIR` removes them and goes on.",
)
def test_a_second_ctrl_c_says_what_may_be_left_and_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not that the command is to be called again: its folder is taken."""
    Ledger.create(tmp_path / "run", planned(tcp_spec("throughput >= 500 Mbit/s"), inventory(4)))
    selected = SelectedSite(Interrupted(lambda request: None), files.LAB, "", "en")
    monkeypatch.setattr("clearway.cli.run.recorded_site", lambda *_: selected)
    assert main(["run", "--resume", str(tmp_path / "run"), "--quiet"]) == INTERRUPTED
    first, hint = capsys.readouterr().err.splitlines()[-2:]
    assert first.startswith("Interrupted again")
    assert "workers may be left" in first
    assert f"`clearway run --resume {tmp_path / 'run'}`" in hint
