"""One tool process: spawned, waited for, ended with everything it started."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Dict, Optional, Sequence, Tuple

from clearway.worker.unprivileged import hand_over, rights_given_up
from clearway.worker.waits import ThreadWaits

_POLL = 0.01
"""Seconds from one look at whether the tool has ended to the next."""
_LAST_WAIT = 5.0
"""Seconds for the kernel to take a killed process away; one that hangs in it stays behind as a zombie."""
_OUTPUT_LIMIT = 32_000_000
"""Bytes of output read back: far above any tool's, so that a runaway can't fill the memory."""

_OPEN_FILES = re.compile(r"^Max open files +(\d+) ", re.MULTILINE)
"""How many a process may have, in `/proc/PID/limits`: a worker without rights may read it there of any process."""


class Child:
    """A tool in a session of its own, writing into files; it dies with the thread that spawned it."""

    def __init__(
        self, argv: Sequence[str], folder: Path, name: str, *, serves: bool = False, congestion: Optional[str] = None
    ) -> None:
        """Spawn it in `folder`; one that serves has no rights of root, but to set this `congestion` control.

        Raises OSError if it can't be started.
        """
        self._outputs = (folder / f"{name}.stdout", folder / f"{name}.stderr")
        rights = rights_given_up(argv[0], congestion) if serves else None
        if rights is not None:
            hand_over(folder)
        with self._outputs[0].open("wb") as stdout, self._outputs[1].open("wb") as stderr:
            self._process = subprocess.Popen(
                [*tied(rights or ()), *argv],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
                env={**os.environ, "LC_ALL": "C", **({} if rights is None else {"TMPDIR": "."})},
            )
        self._spawned = time.monotonic()
        self._exit: Optional[int] = None
        self.cpu: Optional[float] = None
        """CPUs it used on average over its life; None while it runs."""
        self.waits: Dict[str, ThreadWaits] = {}
        """Of each of its threads that was looked at."""
        self.out_of_descriptors = False
        """Whether it was seen with as many open files as it may have."""

    def look_at_waits(self, instant: float) -> None:
        """Read how long each thread has waited for a CPU: the kernel forgets it when the thread ends.

        `instant`: the probe's, on the monotonic clock.
        """
        for folder in Path(f"/proc/{self._process.pid}/task").glob("*"):
            try:
                fields = (folder / "schedstat").read_text(encoding="ascii").split()
            except OSError:
                continue  # the thread is gone, or the kernel does not count
            if len(fields) > 1:
                waits = self.waits.setdefault(folder.name, ThreadWaits(self._spawned - instant))
                waits.look(time.monotonic() - instant, int(fields[1]) / 1e9)

    def look_at_descriptors(self) -> None:
        """See whether it can open another file, or accept another connection: not every tool says that it can't."""
        home = Path(f"/proc/{self._process.pid}")
        try:
            used = sum(1 for _ in (home / "fd").iterdir())
            limits = (home / "limits").read_text(encoding="ascii")
        except OSError:
            return  # the tool is gone, or this worker may not look into it
        allowed = _OPEN_FILES.search(limits)
        self.out_of_descriptors = self.out_of_descriptors or (allowed is not None and used >= int(allowed.group(1)))

    def ended(self) -> bool:
        """Whether it is over; collects its exit and CPU time when it is."""
        if self._exit is None:
            pid, status, usage = os.wait4(self._process.pid, os.WNOHANG)
            if pid:
                self._collect(status, usage.ru_utime + usage.ru_stime)
        return self._exit is not None

    def wait(self, until: float, cancelled: threading.Event) -> bool:
        """Wait for its end until the monotonic instant; False if it still runs then or was cancelled."""
        while not self.ended():
            rest = until - time.monotonic()
            if rest <= 0 or cancelled.wait(min(rest, _POLL)):
                return self.ended()
        return True

    def end(self, grace: float = 0.0) -> None:
        """End it and its group: politely, with `grace` seconds to print what it has, then surely."""
        if grace and not self.ended():
            self._signal(signal.SIGTERM)
            self.wait(time.monotonic() + grace, threading.Event())
        self._signal(signal.SIGKILL)
        self.wait(time.monotonic() + _LAST_WAIT, threading.Event())

    @property
    def exit(self) -> Optional[int]:
        """Its exit status, negative for a signal; None while it runs."""
        return self._exit

    def output(self) -> Tuple[str, str]:
        """Standard output and error so far."""
        first, second = (self._read(path) for path in self._outputs)
        return first, second

    def _collect(self, status: int, cpu_seconds: float) -> None:
        self._exit = os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)
        self._process.returncode = self._exit
        lived = time.monotonic() - self._spawned
        self.cpu = cpu_seconds / lived if lived > 0 else None

    def _signal(self, sign: signal.Signals) -> None:
        try:
            os.killpg(self._process.pid, sign)
        except (ProcessLookupError, PermissionError):
            return  # the group is gone

    @staticmethod
    def _read(path: Path) -> str:
        with path.open("rb") as file:
            return file.read(_OUTPUT_LIMIT).decode("utf-8", "replace")


def tied(options: Sequence[str] = ()) -> Sequence[str]:
    """Prefix that makes the kernel kill the tool when its agent dies, however that happens; `options` of setpriv."""
    setpriv = shutil.which("setpriv")
    return (setpriv, *options, "--pdeathsig", "KILL", "--") if setpriv else ()
