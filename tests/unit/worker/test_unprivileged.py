"""Servers of a worker that is root run without its rights; where that can't be, it is known."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from clearway.worker import unprivileged
from clearway.worker.child import Child
from clearway.worker.unprivileged import kept_as_root, rights_given_up

ROOT = rights_given_up("sleep") is not None
"""Whether this test is root, and may become another user."""
STATUS = "import sys; print(open('/proc/self/status').read()); open('made', 'w').close(); sys.stdout.flush()"


def status(folder: Path, *, serves: bool) -> dict[str, str]:
    """What the kernel says of a tool that the worker started."""
    child = Child(["/usr/bin/python3", "-c", STATUS], folder, "tool", serves=serves)
    assert child.wait(time.monotonic() + 30, threading.Event())
    child.end()
    rows = (line.partition(":") for line in child.output()[0].splitlines())
    return {name: value.strip() for name, _, value in rows}


def test_a_server_has_no_rights_of_root_and_may_write_into_its_own_folder(tmp_path: Path) -> None:
    found = status(tmp_path, serves=True)
    assert "0" not in found["Uid"].split() or not ROOT
    assert int(found["CapEff"], 16) == 0 or not ROOT
    assert not ROOT or (found["Groups"], found["NoNewPrivs"]) == ("", "1")
    assert (tmp_path / "made").exists()


SETS_CONGESTION = (
    "import socket, sys; one = socket.socket(); "
    "one.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, sys.argv[1].encode()); print('set')"
)
AVAILABLE = Path("/proc/sys/net/ipv4/tcp_available_congestion_control").read_text().split()


@pytest.mark.parametrize("congestion", AVAILABLE)
def test_a_server_may_set_the_congestion_control_that_its_client_asks_for(congestion: str, tmp_path: Path) -> None:
    """iperf3's does. The kernel keeps users from most of them."""
    argv = ["/usr/bin/python3", "-c", SETS_CONGESTION, congestion]
    child = Child(argv, tmp_path, "tool", serves=True, congestion=congestion if ROOT else None)
    assert child.wait(time.monotonic() + 30, threading.Event())
    child.end()
    assert child.output()[0] == "set\n" or not ROOT


def test_a_client_keeps_the_rights_that_the_worker_has(tmp_path: Path) -> None:
    """It may need them: the kernel refuses most congestion controls to users."""
    assert status(tmp_path, serves=False)["Uid"].split()[0] == str(os.getuid())


def test_a_server_dies_with_its_worker(tmp_path: Path) -> None:
    """A change of the user takes away what ties a process to its parent: it has to be tied afterwards."""
    program = (
        "import sys; from pathlib import Path; from clearway.worker.child import Child; "
        f"child = Child(['sleep', '60'], Path({str(tmp_path)!r}), 'tool', serves=True); "
        "import time; time.sleep(0.5); print(child._process.pid, flush=True); time.sleep(60)"
    )
    worker = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert worker.stdout is not None
    tool = Path("/proc") / worker.stdout.readline().strip()
    assert tool.exists()
    worker.kill()
    worker.wait()
    worker.stdout.close()
    deadline = time.monotonic() + 30
    while _runs(tool) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not _runs(tool)


def _runs(process: Path) -> bool:
    try:
        return ") Z" not in (process / "stat").read_text()
    except OSError:
        return False


def test_a_tool_that_only_root_can_reach_is_run_as_root_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "iperf"
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    tmp_path.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert rights_given_up("iperf") is None
    assert kept_as_root(["iperf", "sleep"]) == (("iperf",) if ROOT else ())


def test_a_worker_that_is_no_root_gives_nothing_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert rights_given_up("sleep") is None
    assert kept_as_root(["sleep"]) == ()


def test_root_of_a_namespace_that_knows_one_user_alone_is_no_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unprivileged, "_lines", lambda path: ["0 1000 1"] if path.endswith("_map") else [])
    assert rights_given_up("sleep") is None
    assert kept_as_root(["sleep"]) == ()
