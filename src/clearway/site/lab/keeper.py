"""The keeper of a lab, inside its namespaces: `python -m clearway.site.lab.keeper CONTROL-FD AGENTS`.

JSON lines on its control socket ask it to build the network, start the agents and run commands. The first process of
the pid namespace only collects the exit statuses of others; it ends when the keeper ends, and the kernel then removes
every process, namespace, link and mount. The keeper ends when the control socket is closed, so nothing outlives the
controller, however it ends.

Agents are forked, not started as new programs: the interpreter and the agent's code are loaded once for all of them.
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
"""Characters kept of the end of a process's standard error."""
FDS_PER_MESSAGE = 100
"""The kernel passes at most 253 at once (SCM_MAX_FD)."""

_CLONE_NEWNET = 0x4000_0000
"""linux/sched.h: a network namespace."""
_STANDARD_STREAMS = 3
"""Standard input, output and error."""

KeeperMessage = dict[str, Any]


class Keeper:
    def __init__(self, control: socket.socket, mailboxes: list[int]) -> None:
        self._control = control
        self._mailboxes = mailboxes
        self._agents: dict[str, int] = {}
        self._sending = threading.Lock()

    def serve(self) -> None:
        """Carry out requests until the control socket is closed."""
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
                self._send(said="refused", argv=step["argv"], **ran)
                return
        self._send(said="built")

    def _start_agents(self, asked: KeeperMessage) -> None:
        """All forks come before the first thread: a fork copies one thread only, and locks that others hold."""
        for wanted, mailbox in zip(asked["agents"], self._mailboxes, strict=True):
            self._agents[wanted["slot"]] = _forked(wanted, mailbox)
        for mailbox in self._mailboxes:
            os.close(mailbox)
        for slot, pid in self._agents.items():
            _in_background(self._report_end, slot, pid)

    def _report_end(self, slot: str, pid: int) -> None:
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        errors = _error_file(slot).read_text(errors="replace")
        self._send(said="ended", slot=slot, status=status, stderr=errors[-ERROR_TAIL:])

    def _execute(self, asked: KeeperMessage) -> None:
        self._send(said="executed", id=asked["id"], **_run(asked["argv"], asked["text"], asked["timeout"]))

    def _kill(self, asked: KeeperMessage) -> None:
        with suppress(ProcessLookupError):
            os.kill(self._agents[asked["slot"]], signal.SIGKILL)

    def _send(self, **message: Any) -> None:
        with self._sending:
            self._control.sendall(json.dumps(message).encode() + b"\n")


def _run(argv: list[str], text: str, timeout: float = 30.0) -> KeeperMessage:
    """`exit` is None if the command did not end in time, or could not be started."""
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
        _become_agent(wanted, mailbox, scratch)
    return pid


def _become_agent(wanted: KeeperMessage, mailbox: int, scratch: Path) -> NoReturn:
    """Release everything of the keeper, then run the program that is the agent on every site."""
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
    except BaseException:  # noqa: BLE001 - the traceback goes to the file that the keeper reads
        traceback.print_exc()
    finally:
        os._exit(status)


def _enter_network(node: str) -> None:
    """By ctypes: os.setns exists only from Python 3.12 on."""
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
        message, fds, _, _ = socket.recv_fds(control, 1, FDS_PER_MESSAGE)
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
