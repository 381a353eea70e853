"""One half of one probe, from request to result."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Mapping, Optional, Tuple

from clearway.base.clock import Clock
from clearway.base.errors import Unreadable
from clearway.base.units import Duration
from clearway.engine.base import Output, ToolCommand
from clearway.engine.table import ENGINES
from clearway.probe.measurement import Counters, Evidence, Measurement, Timing
from clearway.probe.parameters import UdpParameters
from clearway.probe.records import Half, Outcome, Reason, Request, Result
from clearway.worker import counters, start
from clearway.worker.child import Child
from clearway.worker.network import is_open

_POLL = 0.01
_EXCERPT = 4_000
"""Characters of each output kept as evidence: half from its head, half from its tail."""

_OUTCOMES: Mapping[str, Outcome] = {
    "tool.refused": Outcome.UNREACHABLE,
    "tool.no-route": Outcome.UNREACHABLE,
    "tool.connect-timeout": Outcome.UNREACHABLE,
    "tool.not-connected": Outcome.UNREACHABLE,
    "tool.late-start": Outcome.LATE,
    "tool.failed": Outcome.TOOL_FAILED,
    "tool.cut-short": Outcome.TOOL_FAILED,
}
"""What an engine found instead of a measurement; anything else is UNPARSABLE."""


class _Void(Exception):
    """This half can't be measured any more."""

    def __init__(self, outcome: Outcome, reason: Reason) -> None:
        super().__init__(reason.code)
        self.outcome = outcome
        self.reason = reason


@dataclass(frozen=True)
class HalfContext:
    """What a request is served with."""

    clock: Clock
    scratch: Path
    cancelled: threading.Event
    """Ends it at any moment."""
    shares_udp_counters: bool
    """Other halves receive UDP on this worker at the same time: the kernel does not say whose datagrams it dropped."""


class ProbeHalf:
    """Serves one request."""

    def __init__(self, request: Request, setting: HalfContext) -> None:
        self._request = request
        self._clock = setting.clock
        self._scratch = setting.scratch
        self._cancelled = setting.cancelled
        self._shares_udp_counters = setting.shares_udp_counters
        self._engine = ENGINES[request.engine]
        self._command: Optional[ToolCommand] = None
        self._child: Optional[Child] = None
        self._launched: Optional[float] = None
        self._listening: Optional[float] = None
        self._first_data: Optional[float] = None
        self._before: Optional[counters.CounterTotals] = None
        self._counters: Optional[Counters] = None
        self._over = False

    def result(self) -> Result:
        """The result; never raises for what happened to the probe. Blocks until the half is over."""
        folder = Path(tempfile.mkdtemp(dir=self._scratch))
        try:
            return self._result(*self._attempt(folder))
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _attempt(self, folder: Path) -> Tuple[Outcome, Optional[Reason], Optional[Measurement]]:
        try:
            return Outcome.MEASURED, None, self._measure(folder)
        except _Void as void:
            return (*self._explained(void), None)
        finally:
            if self._child is not None:
                self._child.end()

    def _explained(self, void: _Void) -> Tuple[Outcome, Reason]:
        """A tool killed for memory is the reason, before all that was found after it."""
        self._count(None)
        if void.outcome is Outcome.NOT_RUN or self._command is None:
            return void.outcome, void.reason
        if self._counters is not None and self._counters.oom_kills:
            return Outcome.TOOL_FAILED, Reason("worker.out-of-memory", {"tool": self._command.argv[0]})
        return void.outcome, void.reason

    def _count(self, tool_cpu: Optional[float]) -> None:
        """What happened since just before the tool was started; once."""
        if self._before is not None and self._counters is None:
            self._counters = self._own(counters.between(self._before, counters.read(), tool_cpu))

    def _measure(self, folder: Path) -> Measurement:
        command = self._command = self._prepared(folder)
        self._before = counters.read()
        if self._request.half is Half.SERVE:
            self._spawn(command, folder)
            self._await_listening(command)
        else:
            self._sleep_until(self._request.start + command.launch.si)
            self._spawn(command, folder)
            self._check_lateness(command)
        child = self._child
        assert child is not None
        self._over = self._await_end(command, child)
        child.end(command.grace.si)
        self._count(child.cpu)
        self._check_memory(command)
        return self._read(command, folder)

    def _check_memory(self, command: ToolCommand) -> None:
        """A tool that the kernel killed may have left output that looks whole."""
        if self._counters is not None and self._counters.oom_kills:
            raise _Void(Outcome.TOOL_FAILED, Reason("worker.out-of-memory", {"tool": command.argv[0]}))

    def _own(self, found: Counters) -> Counters:
        return replace(found, udp_rcvbuf_errors=None) if self._shares_udp_counters else found

    def _prepared(self, folder: Path) -> ToolCommand:
        if self._clock.until(self._request.start) <= 0:
            raise _Void(Outcome.LATE, Reason("worker.start-passed", {"late": self._late_by(self._clock.now())}))
        system = _on_system_clock(self._request, self._clock)
        command = self._engine.serve(system) if self._request.half is Half.SERVE else self._engine.send(system)
        if shutil.which(command.argv[0]) is None:
            raise _Void(Outcome.TOOL_FAILED, Reason("worker.tool-missing", {"tool": command.argv[0]}))
        for name, content in command.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        return command

    def _spawn(self, command: ToolCommand, folder: Path) -> None:
        self._launched = self._clock.now()
        try:
            self._child = Child(command.argv, folder, self._request.half.value)
        except OSError as error:
            raise _Void(Outcome.TOOL_FAILED, Reason("worker.cannot-start", {"error": str(error)})) from error

    def _await_listening(self, command: ToolCommand) -> None:
        listen, child = command.listen, self._child
        assert listen is not None and child is not None
        while not is_open(listen):
            if self._cancelled.wait(_POLL):
                raise _Void(Outcome.NOT_RUN, Reason("worker.cancelled"))
            if child.ended() or self._clock.until(self._request.start) <= 0:
                raise _Void(
                    Outcome.TOOL_FAILED,
                    Reason("worker.not-listening", {"tool": command.argv[0], "port": listen.port}),
                )
        self._listening = self._clock.now()

    def _check_lateness(self, command: ToolCommand) -> None:
        """Raise if the half began too late; where the tool waits by itself, watch for its first data."""
        assert self._launched is not None
        begun, due = self._launched, self._request.start + command.launch.si
        if command.watch_start:
            self._sleep_until(self._request.start - start.LEAD)
            self._first_data = self._watch_start()
            begun = self._first_data if self._first_data is not None else due
            due = self._request.start
        if begun - due > command.late_after.si:
            raise _Void(Outcome.LATE, Reason("worker.late", {"late": Duration(begun - due)}))

    def _watch_start(self) -> Optional[float]:
        """When the first data left, on this worker's clock."""
        transport = "udp" if isinstance(self._request.parameters, UdpParameters) else "tcp"
        stamp = start.first_data(self._request.server, transport, self._clock.system(self._request.start))
        return None if stamp is None else self._request.start + (stamp - self._clock.system(self._request.start))

    def _await_end(self, command: ToolCommand, child: Child) -> bool:
        """Wait until the half is over. Returns whether it ended by itself, rather than being due to be ended."""
        until = time.monotonic() + self._clock.until(self._request.start + command.ends.si)
        deadline = time.monotonic() + self._clock.until(self._request.deadline)
        over = child.wait(min(until, deadline), self._cancelled)
        if self._cancelled.is_set():
            raise _Void(Outcome.NOT_RUN, Reason("worker.cancelled"))
        return over

    def _read(self, command: ToolCommand, folder: Path) -> Measurement:
        """What the tool's output proves. A send half that did not end may still prove that it never connected."""
        finished = self._over or self._request.half is Half.SERVE
        output = self._output(command, folder)
        try:
            measurement = self._engine.read(_on_system_clock(self._request, self._clock), output)
        except Unreadable as error:
            outcome = _OUTCOMES.get(error.code, Outcome.UNPARSABLE)
            if finished or outcome is Outcome.UNREACHABLE:
                raise _Void(outcome, error.reason) from error
        else:
            if finished:
                return measurement
        raise _Void(Outcome.TIMED_OUT, Reason("worker.timed-out", {"tool": command.argv[0]}))

    def _output(self, command: ToolCommand, folder: Path) -> Output:
        assert self._child is not None
        stdout, stderr = self._child.output()
        files = {name: str(folder / name) for name in command.collect if (folder / name).exists()}
        listened = self._listening is not None and not self._over
        return Output(stdout, stderr, self._child.exit if self._over else None, files, listened)

    def _sleep_until(self, instant: float) -> None:
        if self._cancelled.wait(max(0.0, self._clock.until(instant) - 0.002)):
            raise _Void(Outcome.NOT_RUN, Reason("worker.cancelled"))
        self._clock.sleep_until(instant)

    def _late_by(self, instant: float) -> Duration:
        return Duration(instant - self._request.start)

    def _result(self, outcome: Outcome, reason: Optional[Reason], measurement: Optional[Measurement]) -> Result:
        return self._request.result(
            outcome,
            reason,
            measurement=measurement,
            timing=self._timing(),
            counters=self._counters,
            evidence=self._evidence(),
        )

    def _timing(self) -> Optional[Timing]:
        if self._launched is None:
            return None
        return Timing(
            self._late_by(self._launched),
            None if self._listening is None else self._late_by(self._listening),
            None if self._first_data is None else self._late_by(self._first_data),
        )

    def _evidence(self) -> Optional[Evidence]:
        if self._command is None:
            return None
        if self._child is None:
            return Evidence(self._command.argv)
        stdout, stderr = self._child.output()
        cut = max(len(stdout), len(stderr)) > _EXCERPT
        return Evidence(
            self._command.argv, self._child.exit if self._over else None, _excerpt(stdout), _excerpt(stderr), cut
        )


def _on_system_clock(request: Request, clock: Clock) -> Request:
    """The request with its instant as spawned tools read time."""
    return replace(request, start=clock.system(request.start), deadline=clock.system(request.deadline))


def _excerpt(text: str) -> str:
    if len(text) <= _EXCERPT:
        return text
    return f"{text[: _EXCERPT // 2]}\n[...]\n{text[-_EXCERPT // 2 :]}"
