"""The namespaces that a cluster of ours lives in: entered from outside, and ended with everything in them."""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import clearway
from clearway.site.lab.topology import TopologyStep
from harness.daemons import Daemon
from harness.failure import CommandFailed, HarnessError, last_words
from harness.folders import locked_folder, sweep, wait_until_gone

_IMPORT_ROOTS = (Path(__file__).parents[1], Path(clearway.__file__).parents[1])
_ALSO = ":/usr/local/sbin:/usr/sbin:/sbin"
_PATIENCE = 60.0
"""Seconds that the end of a daemon may take."""


@dataclass
class Machinery:
    """Running namespaces. `folder` holds the socket of their first process, and what a cluster keeps there."""

    folder: Path
    keeper: int
    """The first process, as this process numbers it."""
    leash: socket.socket | None = None
    """The namespaces end when this does; None if they were let go of."""
    _children: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @classmethod
    def start(cls) -> Machinery:
        """New namespaces, which end with `close` or with this process. Raises HarnessError."""
        sweep()
        with locked_folder() as (folder, lock):
            (folder / "logs").mkdir()
            guard, leash = _start_guard(folder, lock)
        if not leash.recv(16):
            guard.wait()
            raise HarnessError("no namespaces to be had: this needs root and the right to mount")
        return replace(cls.of(folder), leash=leash, _children=[guard])

    @classmethod
    def of(cls, folder: Path) -> Machinery:
        """Those that were let go of before. Raises HarnessError if they are gone."""
        try:
            with _asking(folder) as connection:
                size = struct.calcsize("3i")
                credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
        except OSError:
            raise HarnessError(f"no cluster runs in {folder}") from None
        return cls(folder, struct.unpack("3i", credentials)[0])

    def entering(self, argv: Iterable[str], node: str | None = None) -> tuple[str, ...]:
        """`argv` as a command that this machine runs on a node (None: in the fabric)."""
        return ("nsenter", f"--target={self.keeper}", "--mount", "--pid", *self._networks(node), *argv)

    def run(self, argv: Sequence[str], node: str | None = None, *, text: str = "", timeout: float = 30.0) -> str:
        """What a command printed. Raises CommandFailed, with exit 124 if it took more than `timeout` seconds."""
        bounded = self.entering(("timeout", "-k", "1", str(timeout), *argv), node)
        ran = subprocess.run(bounded, input=text, capture_output=True, text=True, errors="replace", check=False)
        if ran.returncode != 0:
            raise CommandFailed(tuple(argv), ran.returncode, ran.stdout, ran.stderr)
        return ran.stdout

    def take(self, steps: Iterable[TopologyStep]) -> None:
        """One after another. Raises CommandFailed when one fails; the others are not taken then."""
        self.run(("sh", "-e"), text="\n".join(step.as_shell() for step in steps))

    def open(self, argv: Sequence[str], node: str | None = None) -> subprocess.Popen[str]:
        """A command left running, with its outputs as pipes; it dies with this process. The caller ends it.

        It can be signalled like any child, because it keeps this machine's process numbers.
        """
        entering = ("nsenter", f"--target={self.keeper}", "--mount", *self._networks(node))
        argv = ("setpriv", "--pdeathsig", "KILL", *entering, *argv)
        return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def start_daemon(self, daemon: Daemon) -> None:
        self._ask(do="start", name=daemon.name, argv=list(daemon.argv), log=str(self.log(daemon.name)))

    def start_again(self, name: str) -> None:
        """One that has ended, as it was started. Raises HarnessError if there never was one."""
        if self._ask(do="again", name=name)["started"] is None:
            raise HarnessError(f"{name} has never run")

    def end_daemon(self, name: str, how: signal.Signals = signal.SIGTERM) -> None:
        """Returns when it has ended. Raises HarnessError if it did not run, or does not end within a minute."""
        if self._ask(do="end", name=name, signal=how)["ended"] is None:
            raise HarnessError(f"{name} does not run")

    def running(self) -> list[str]:
        """The names of the daemons that run."""
        running: list[str] = self._ask(do="running")["running"]
        return running

    def log(self, daemon: str) -> Path:
        return self.folder / "logs" / f"{daemon}.log"

    def forward(self, listener: socket.socket, address: str, port: int) -> None:
        """What connects to `listener`, a socket of this machine, reaches `address` in the namespaces."""
        forwarder = (sys.executable, "-S", "-m", "harness.forward", str(listener.fileno()), address, str(port))
        with self.log("forward").open("ab") as log:
            child = subprocess.Popen(
                ("nsenter", f"--target={self.keeper}", "--pid", "--net", *forwarder),
                **_quiet(log),
                pass_fds=(listener.fileno(),),
            )
        self._children.append(child)

    def let_go(self) -> None:
        """From now on they outlive this process."""
        self._ask(do="let-go")
        self.leash = None

    def close(self) -> None:
        """End everything; returns when nothing is left. May be called twice."""
        if self.leash is not None:
            self.leash.close()
        else:
            with suppress(OSError), _asking(self.folder) as connection:
                connection.sendall(b'{"do": "finish"}\n')
        wait_until_gone(self.folder)
        for child in self._children:
            child.wait()
        if self.folder.exists():
            raise HarnessError(f"could not clear away {self.folder}: {last_words(self.folder / 'guard.log')}")

    def _networks(self, node: str | None) -> tuple[str, ...]:
        if node is None:
            return ("--net",)
        inside = f"/proc/{self.keeper}/root/run"
        return (f"--net={inside}/netns/{node}", f"--uts={inside}/uts/{node}")

    def _ask(self, **message: Any) -> dict[str, Any]:
        try:
            with _asking(self.folder) as connection, connection.makefile("r") as lines:
                connection.sendall(json.dumps(message).encode() + b"\n")
                answer: dict[str, Any] = json.loads(lines.readline())
        except (OSError, ValueError) as error:
            raise HarnessError(f"the cluster in {self.folder} does not answer: {error}") from None
        return answer


def _start_guard(folder: Path, lock: int) -> tuple[subprocess.Popen[bytes], socket.socket]:
    ours, theirs = socket.socketpair()
    with theirs, (folder / "guard.log").open("wb") as log:
        fds = (lock, theirs.fileno())
        argv = (sys.executable, "-S", "-m", "harness.guard", str(folder), *map(str, fds))
        return subprocess.Popen(argv, **_quiet(log), pass_fds=fds), ours


def _quiet(log: Any) -> dict[str, Any]:
    """In a session of its own: a Ctrl-C at the terminal is for the harness alone. Proxies are not for our daemons."""
    environment = {"PATH": os.environ["PATH"] + _ALSO, "PYTHONPATH": os.pathsep.join(map(str, _IMPORT_ROOTS))}
    streams = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log}
    return {**streams, "start_new_session": True, "env": environment}


def _asking(folder: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(_PATIENCE)
    connection.connect(str(folder / "keeper.sock"))
    return connection
