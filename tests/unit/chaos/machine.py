"""A node that is a namespace of this machine, with a `/run` of its own: scripts run on it for real, without rights."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from clearway.chaos.bomb import FOLDER
from clearway.shell.base import CommandOutput, ShellCommand

_HOLD = "mount -t tmpfs tmpfs /run && echo ready && exec sleep 600"


@dataclass(frozen=True)
class Machine:
    holder: int

    def run(self, command: ShellCommand) -> CommandOutput:
        entering = ("nsenter", f"--target={self.holder}", "--user", "--mount", "--preserve-credentials")
        ran = subprocess.run([*entering, *command.argv], capture_output=True, text=True, timeout=60, check=False)
        return CommandOutput(ran.returncode, ran.stdout, ran.stderr)

    def shell(self, script: str) -> CommandOutput:
        return self.run(ShellCommand(("sh", "-c", script)))

    def bombs(self) -> list[str]:
        return self.shell(f"ls {FOLDER} 2>/dev/null").stdout.split()


@contextmanager
def machine() -> Iterator[Machine]:
    argv = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", _HOLD)
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "ready\n"
        try:
            yield Machine(holder.pid)
        finally:
            holder.kill()


def becomes(condition: Callable[[], bool], within: float = 60.0) -> bool:
    until = time.monotonic() + within
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True
