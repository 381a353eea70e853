"""Make the engines' goldens again, by running the real tools between two network namespaces. Needs root.

    PYTHONPATH=tests .venv/bin/python -m golden.capture            # all of them
    PYTHONPATH=tests .venv/bin/python -m golden.capture iperf2/    # those whose name begins so

A golden is a folder `<engine>/<case>/<half>`: the request, and what the tool that it led to left behind.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from clearway.engine.base import ToolCommand
from clearway.engine.table import ENGINES
from clearway.probe import wire
from clearway.probe.records import Endpoint, Half, Request
from golden import network
from golden.cases import CASES, PORT, Case, Event

HERE = Path(__file__).parent
_INSIDE = "CLEARWAY_CAPTURE_INSIDE"
_BEFORE_SERVE, _BEFORE_SEND = 0.5, 1.0
"""Seconds for what is in a case's way from the beginning, and for the serve half to listen."""
_STEP = 0.01
_NAMESPACES = {Half.SERVE: network.SERVER, Half.SEND: network.CLIENT}


def main(wanted: str) -> None:
    if _INSIDE not in os.environ:
        unshare = ("unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "--")
        again = (sys.executable, "-m", "golden.capture", wanted)
        os.execvpe("unshare", [*unshare, *again], {**os.environ, _INSIDE: "1", "LC_ALL": "C"})
    network.build()
    for case in CASES:
        if f"{case.engine}/{case.name}".startswith(wanted):
            print(f"{case.engine}/{case.name}", flush=True)
            network.shape(case.rate)
            network.drop(case.drop)
            Capture(case).run()


class Capture:
    """One case: its halves run as an agent runs them, with the case's events in between."""

    def __init__(self, case: Case) -> None:
        self._case = case
        early = -ENGINES[case.engine].send(self._request(Half.SEND, start=0.0)).launch.si
        self._lead = max(0.0, early) + _BEFORE_SEND + _BEFORE_SERVE
        self._start = time.time() + self._lead
        self._scratch = Path(tempfile.mkdtemp())
        self._running: dict[Half, subprocess.Popen[bytes]] = {}
        self._others: list[subprocess.Popen[bytes]] = []
        self._ended_by_us: set[Half] = set()

    def run(self) -> None:
        commands = {half: self._command(half) for half in self._case.halves}
        for at, act in sorted(self._moments(commands), key=lambda moment: moment[0]):
            self._sleep_until(self._start + at)
            act()
        for half, command in commands.items():
            self._keep(half, command)
        for other in self._others:
            other.kill()
            other.wait()
        shutil.rmtree(self._scratch)

    def _command(self, half: Half) -> ToolCommand:
        engine, request = ENGINES[self._case.engine], self._request(half, self._start)
        command = engine.serve(request) if half is Half.SERVE else engine.send(request)
        folder = self._folder(half)
        folder.mkdir(parents=True)
        for name, content in command.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content)
        return command

    def _request(self, half: Half, start: float) -> Request:
        case = self._case
        address = case.client_address or case.address if half is Half.SEND else case.address
        return Request(
            round="golden",
            probe=case.name,
            attempt=1,
            half=half,
            engine=case.engine,
            parameters=case.parameters,
            window=case.window,
            server=Endpoint(address, PORT),
            start=start,
            deadline=start + 60,
        )

    def _moments(self, commands: dict[Half, ToolCommand]) -> Iterator[tuple[float, Callable[[], None]]]:
        for half, command in commands.items():
            launch = command.launch.si + self._case.client_late if half is Half.SEND else _BEFORE_SERVE - self._lead
            yield launch, lambda half=half, command=command: self._spawn(half, command)  # type: ignore[misc]
            yield command.ends.si, lambda half=half, command=command: self._end(half, command)  # type: ignore[misc]
        for event in self._case.events:
            yield event.at, lambda event=event: self._happen(event)  # type: ignore[misc]

    def _sleep_until(self, instant: float) -> None:
        while time.time() < instant and not self._is_over():
            time.sleep(min(_STEP, max(0.0, instant - time.time())))

    def _is_over(self) -> bool:
        processes = self._running.values()
        return len(processes) == len(self._case.halves) and all(process.poll() is not None for process in processes)

    def _folder(self, half: Half) -> Path:
        return self._scratch / half.value

    def _spawn(self, half: Half, command: ToolCommand) -> None:
        folder = self._folder(half)
        with (folder / "stdout").open("wb") as stdout, (folder / "stderr").open("wb") as stderr:
            self._running[half] = network.spawn(
                _NAMESPACES[half], command.argv, cwd=folder, stdout=stdout, stderr=stderr, stdin=subprocess.DEVNULL
            )

    def _end(self, half: Half, command: ToolCommand) -> None:
        process = self._running[half]
        if process.poll() is not None:
            return
        self._ended_by_us.add(half)
        process.terminate()
        try:
            process.wait(command.grace.si)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _happen(self, event: Event) -> None:
        if event.kill is not None:
            self._running[event.kill].send_signal(signal.SIGKILL)
        if event.run:
            self._others.append(network.spawn(event.inside, self._filled(event.run), stdout=subprocess.DEVNULL))

    def _filled(self, argv: tuple[str, ...]) -> list[str]:
        return [word.replace("{start}", f"{self._start:.6f}") for word in argv]

    def _keep(self, half: Half, command: ToolCommand) -> None:
        source, target = self._folder(half), HERE / self._case.engine / self._case.name / half.value
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        for name in ("stdout", "stderr", *command.collect):
            if (source / name).exists():
                shutil.copy(source / name, target / name)
        exited = None if half in self._ended_by_us else self._running[half].wait()
        about = {
            "argv": list(command.argv),
            "exit": exited,
            "listened": half is Half.SERVE and exited is None,
            "dropped": network.dropped(),
            "request": wire.REQUEST.encode(self._request(half, self._start)),
        }
        (target / "about.json").write_text(json.dumps(about, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
