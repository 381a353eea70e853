"""The agent as it is sent to a host, run through a plain pipe: by this Python, by an old one, to every end."""

from __future__ import annotations

import ast
import io
import json
import os
import select
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent_pipe import AgentPipe
from clearway.base.units import Duration
from clearway.probe import wire
from clearway.probe.records import Slot
from clearway.site.hosts import seed
from clearway.site.hosts.program import PARTS, first_lines, starter, zip_app
from clearway.worker.host import HOST_CONFIG, SURVEY, HostConfig
from meta.test_old_python import python_39
from meta.tree import PACKAGE

PATIENCE = 30


def too_old() -> str | None:
    beside = sorted((Path.home() / ".pyenv" / "versions").glob("3.[5678].*/bin/python3"))
    return str(beside[0]) if beside else None


class Remote(AgentPipe):
    """An agent as ssh would start it, but here: its parent's process, and the folder that it may write into."""

    def __init__(self, folder: Path, *, python: str = sys.executable, lease: float = 60.0) -> None:
        told = json.dumps(HOST_CONFIG.encode(HostConfig(Slot("node-1"), (), Duration(lease))))
        super().__init__((*starter(python), "--host", told), TMPDIR=str(folder))
        self.folder = folder
        self.send(first_lines())

    def agent(self) -> int:
        """The process id of the agent itself."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return int(children)

    def left(self) -> list[Path]:
        return list(self.folder.iterdir())


@pytest.fixture
def remote(tmp_path: Path) -> Iterator[Remote]:
    with Remote(tmp_path) as started:
        yield started


def test_it_holds_the_agent_and_nothing_else() -> None:
    with zipfile.ZipFile(io.BytesIO(zip_app())) as archive:
        names = archive.namelist()
        sources = {name: archive.read(name).decode() for name in names}
    expected = {str(path.relative_to(PACKAGE.parent)) for part in PARTS for path in (PACKAGE / part).rglob("*.py")}
    assert set(names) == {"__main__.py", "clearway/__init__.py", *expected}
    for name, source in sources.items():
        ast.parse(source, filename=name, feature_version=(3, 9))


def test_it_is_the_same_bytes_whenever_it_is_made() -> None:
    zip_app.cache_clear()
    first = zip_app()
    zip_app.cache_clear()
    assert zip_app() == first


def test_what_meets_the_host_first_is_read_even_by_a_python_that_is_too_old() -> None:
    ast.parse(Path(seed.__file__).read_text(), feature_version=(3, 7))
    python = too_old()
    if python is None:
        print("no Python below 3.9 here: only the syntax of what it meets was read")
        return
    done = subprocess.run(
        (*starter(python), "--survey", "{}"),
        input=first_lines(),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == seed.TOO_OLD
    assert done.stderr.startswith("3.")


def test_it_surveys_the_host_on_the_oldest_python_that_it_promises(tmp_path: Path) -> None:
    python = python_39()
    if python is None:
        print(f"no Python 3.9 here: the agent is tried on {sys.version.split()[0]}")
    told = json.dumps(HOST_CONFIG.encode(HostConfig(Slot("node-1"), ("192.0.2.200",))))
    done = subprocess.run(
        (*starter(python or sys.executable), "--survey", told),
        input=first_lines(),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
        env={"TMPDIR": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    survey = SURVEY.decode(json.loads(done.stdout))
    assert survey.worker is not None
    assert survey.worker.facts["python"].startswith("3.9." if python else "3.")
    assert survey.worker.network == "host"
    assert survey.absent == ("192.0.2.200",)
    assert survey.kernel == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert list(tmp_path.iterdir()) == []


def test_it_runs_as_a_file_too(tmp_path: Path) -> None:
    file = tmp_path / "agent.pyz"
    file.write_bytes(zip_app())
    done = subprocess.run(
        (sys.executable, "-I", "-S", file, "--slot", "node-1/0"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert json.loads(done.stdout)["type"] == "ready", done.stderr


@pytest.mark.slow
class TestAnAgent:
    def test_greets_answers_and_leaves_nothing_when_its_input_ends(self, remote: Remote) -> None:
        ready = remote.hear()
        assert wire.WORKER.decode(ready["worker"]).slot == Slot("node-1")
        remote.tell({"type": "clock", "id": 7})
        assert remote.hear()["id"] == 7
        assert remote.left(), "it works in a folder of its own"
        assert [path for path in remote.folder.rglob("*") if path.is_file()] == [], "and has no file there"
        assert remote.close() == 0
        assert remote.left() == []

    def test_a_kill_leaves_nothing_and_its_signal_is_reported(self, remote: Remote) -> None:
        remote.hear()
        os.kill(remote.agent(), signal.SIGKILL)
        assert remote.process.wait(PATIENCE) == 128 + signal.SIGKILL
        assert remote.left() == []

    def test_leaves_nothing_when_its_parent_is_killed(self, remote: Remote) -> None:
        remote.hear()
        agent = os.pidfd_open(remote.agent())
        remote.process.kill()
        await_end(agent)
        assert remote.left() == []

    @pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGHUP])
    def test_asked_to_leave_leaves_nothing(self, sign: signal.Signals, remote: Remote) -> None:
        remote.hear()
        remote.process.send_signal(sign)
        assert remote.process.wait(PATIENCE) == 143
        assert remote.left() == []

    def test_that_hears_nothing_leaves_by_itself_and_says_why(self, tmp_path: Path) -> None:
        with Remote(tmp_path, lease=1.0) as alone:
            alone.hear()
            assert alone.process.wait(PATIENCE) == 1
            assert wire.REASON.decode(json.loads(alone.last_words())).code == "worker.alone"
        assert alone.left() == []


def await_end(process: int) -> None:
    """Of a process that is no child of ours."""
    poll = select.poll()
    poll.register(process, select.POLLIN)
    assert poll.poll(PATIENCE * 1000), "it lives on"
    os.close(process)
