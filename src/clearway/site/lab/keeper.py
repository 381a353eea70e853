"""The keeper of a lab, inside its namespaces: `python -m clearway.site.lab.keeper CONTROL-FD AGENTS`.

It runs the steps that build the network, starts the agents and runs commands, as JSON lines on its
control socket ask. The first process of the pid namespace only reaps; when the keeper ends, it ends, and
the kernel takes every process, namespace, link and mount with it. The keeper ends when the control socket
does, so nothing outlives the controller, however it died.

Agents are forked, not spawned: the interpreter and the agent's code are loaded once for all of them.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from clearway.worker import __main__ as agent

SCRATCH = Path("/run/clearway")
"""On the lab's own tmpfs."""
ERROR_TAIL = 2_000
"""Characters of a process's last words that are kept."""
FDS_A_MESSAGE = 100
"""The kernel passes at most 253 at once."""

_CLONE_NEWNET = 0x4000_0000
_STANDARD_STREAMS = 3

KeeperMessage = dict[str, Any]


class Keeper:
    def __init__(self, control: socket.socket, mailboxes: list[int]) -> None:
        self._control = control
        self._mailboxes = mailboxes
        self._agents: dict[str, int] = {}
        self._speaking = threading.Lock()

    def serve(self) -> None:
        """Do what is asked until the control socket ends."""
        doing: dict[str, Callable[[KeeperMessage], None]] = {
            "build": self._build,
            "agents": self._start_agents,
            "execute": lambda asked: _in_background(self._execute, asked),
            "kill": self._kill,
        }
        for line in self._control.makefile("r", encoding="utf-8"):
            asked = json.loads(line)
            doing[asked["do"]](asked)

    def _build(self, asked: KeeperMessage) -> None:
        for step in asked["steps"]:
            ran = _run(step["argv"], step["text"])
            if ran["exit"] != 0:
                self._say(said="refused", argv=step["argv"], **ran)
                return
        self._say(said="built")

    def _start_agents(self, asked: KeeperMessage) -> None:
        """All forks come before the first thread: a fork takes only one thread with it, and any lock."""
        for wanted, mailbox in zip(asked["agents"], self._mailboxes, strict=True):
            self._agents[wanted["slot"]] = _forked(wanted, mailbox)
        for mailbox in self._mailboxes:
            os.close(mailbox)
        for slot, pid in self._agents.items():
            _in_background(self._tell_when_ended, slot, pid)

    def _tell_when_ended(self, slot: str, pid: int) -> None:
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        errors = _error_file(slot).read_text(errors="replace")
        self._say(said="ended", slot=slot, status=status, stderr=errors[-ERROR_TAIL:])

    def _execute(self, asked: KeeperMessage) -> None:
        self._say(said="executed", id=asked["id"], **_run(asked["argv"], asked["text"], asked["timeout"]))

    def _kill(self, asked: KeeperMessage) -> None:
        with suppress(ProcessLookupError):
            os.kill(self._agents[asked["slot"]], signal.SIGKILL)

    def _say(self, **message: Any) -> None:
        with self._speaking:
            self._control.sendall(json.dumps(message).encode() + b"\n")


def _run(argv: list[str], text: str, timeout: float = 30.0) -> KeeperMessage:
    """`exit` is None if it did not end in time, or could not be started."""
    try:
        ran = subprocess.run(
            argv, input=text, capture_output=True, text=True, errors="replace", timeout=timeout, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as failure:
        return {"exit": None, "stdout": "", "stderr": str(failure)}
    return {"exit": ran.returncode, "stdout": ran.stdout, "stderr": ran.stderr}


def _forked(wanted: KeeperMessage, mailbox: int) -> int:
    scratch = SCRATCH / wanted["slot"]
    scratch.mkdir(parents=True)
    pid = os.fork()
    if pid == 0:
        _be_agent(wanted, mailbox, scratch)
    return pid


def _be_agent(wanted: KeeperMessage, mailbox: int, scratch: Path) -> NoReturn:
    """Everything of the keeper's is let go of, then it is the program that runs on any other site."""
    status = 1
    try:
        _enter_network(wanted["node"])
        _take_streams(mailbox, _error_file(wanted["slot"]))
        os.environ.clear()
        os.environ.update(wanted["env"], TMPDIR=str(scratch))
        os.chdir(scratch)
        status = agent.main(["--slot", wanted["slot"]])
    except SystemExit as leaving:
        status = leaving.code if isinstance(leaving.code, int) else 1
    except BaseException:  # noqa: BLE001 - its last words go where the keeper reads them
        traceback.print_exc()
    finally:
        os._exit(status)


def _enter_network(node: str) -> None:
    """os.setns came only with Python 3.12."""
    libc = ctypes.CDLL(None, use_errno=True)
    with Path("/run/netns", node).open("rb") as namespace:
        if libc.setns(namespace.fileno(), _CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns", node)


def _take_streams(mailbox: int, errors: Path) -> None:
    with errors.open("wb") as file:
        os.dup2(file.fileno(), 2)
    os.dup2(mailbox, 0)
    os.dup2(mailbox, 1)
    os.closerange(_STANDARD_STREAMS, os.sysconf("SC_OPEN_MAX"))


def _error_file(slot: str) -> Path:
    return SCRATCH / slot / "stderr"


def _in_background(work: Callable[..., None], *arguments: Any) -> None:
    threading.Thread(target=work, args=arguments, daemon=True).start()


def _received(control: socket.socket, count: int) -> list[int]:
    received: list[int] = []
    while len(received) < count:
        message, fds, _, _ = socket.recv_fds(control, 1, FDS_A_MESSAGE)
        if not message:
            raise SystemExit(0)
        received += fds
    return received


def _reap_until(keeper: int) -> NoReturn:
    while os.wait()[0] != keeper:
        pass
    os._exit(0)


def main() -> NoReturn:
    control_fd, agents = map(int, sys.argv[1:])
    keeper = os.fork()
    if keeper:
        os.close(control_fd)
        _reap_until(keeper)
    control = socket.socket(fileno=control_fd)
    Keeper(control, _received(control, agents)).serve()
    os._exit(0)


if __name__ == "__main__":
    main()
