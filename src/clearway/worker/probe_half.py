"""One half of one probe, from request to result."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Iterable, Mapping, Optional, Tuple

from clearway.base.clock import Clock
from clearway.base.errors import Unreadable
from clearway.base.units import Duration
from clearway.engine.base import FOUND_INSTEAD, Output, ToolCommand, proven
from clearway.engine.table import ENGINES
from clearway.probe.measurement import Counters, Evidence, Measurement, Timing
from clearway.probe.parameters import HttpParameters, RoundTripParameters, UdpParameters, connections_of
from clearway.probe.records import Half, Outcome, Reason, Request, Result
from clearway.worker import counters, start
from clearway.worker.child import Child
from clearway.worker.evidence import evidence_of
from clearway.worker.heartbeat import Heartbeat
from clearway.worker.neighbours import of_partner
from clearway.worker.network import is_open, unanswered
from clearway.worker.own_limits import disturbance, limit_met
from clearway.worker.sending_sockets import SendingSockets
from clearway.worker.served_port import ServedPort
from clearway.worker.waits import ThreadWaits, counted

_POLL = 0.01
"""Seconds from one look at the table of sockets to the next."""
_SAMPLE = 0.1
"""Seconds between looks at the tool and its port."""


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
    heartbeat: Heartbeat


class ProbeHalf:
    """Serves one request."""

    def __init__(self, request: Request, setting: HalfContext) -> None:
        self._request = request
        self._clock, self._heartbeat = setting.clock, setting.heartbeat
        self._scratch, self._cancelled = setting.scratch, setting.cancelled
        self._engine = ENGINES[request.engine]
        self._command: Optional[ToolCommand] = None
        self._child: Optional[Child] = None
        self._launched: Optional[float] = None
        self._listening: Optional[float] = None
        self._first_data: Optional[float] = None
        self._unanswered = 0
        self._neighbour: Optional[str] = None
        self._lost = 0.0
        self._before: Optional[counters.CounterTotals] = None
        self._counters: Optional[Counters] = None
        self._port: Optional[ServedPort] = None
        self._sockets = SendingSockets(request)
        self._clients: Tuple[str, ...] = ()
        self._over = False
        self._stepped = self._clock.stepped()

    def result(self) -> Result:
        """The result; never raises for what happened to the probe. Blocks until the half is over."""
        folder = Path(tempfile.mkdtemp(dir=self._scratch))
        try:
            return self._result(*self._attempt(folder))
        finally:
            if self._port is not None:
                self._port.close()
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
        """What happened to the tool is the reason, before all that was found after it."""
        self._count()
        if void.outcome is Outcome.NOT_RUN or self._command is None:
            return void.outcome, void.reason
        found = self._disturbance(self._command)
        if self._child is not None:
            found = found or limit_met(self._command.argv[0], self._child)
        found = found or self._taken(self._command, void.reason.code)
        return (void.outcome, void.reason) if found is None else (Outcome.TOOL_FAILED, found)

    def _taken(self, command: ToolCommand, code: str) -> Optional[Reason]:
        """Who kept a tool from hearing its partner, that hears one client at a time: then it did not listen for it."""
        watched = self._port if command.alone_until is not None else None
        others = watched and watched.in_the_way(self._clients, listened=code != "worker.not-listening")
        self._listening = None if others else self._listening
        values = {"tool": command.argv[0], "addresses": ", ".join(others or ())}
        return Reason("worker.server-taken", values) if others else None

    def _count(self, tool_cpu: Optional[float] = None, waits: Iterable[ThreadWaits] = ()) -> None:
        """What happened since just before the tool was started; once."""
        if self._before is not None and self._counters is None:
            dropped = self._port.socket_drops if self._port is not None else None
            found = counters.between(self._before, counters.read(), tool_cpu)
            paused = Duration(self._heartbeat.lost - self._lost)
            neighbour = self._neighbour or of_partner(self._request)
            found = replace(found, tcp_sockets=self._sockets.seen, neighbour=neighbour)
            self._counters = replace(counted(found, waits), socket_drops=dropped, paused=paused)

    def _measure(self, folder: Path) -> Measurement:
        command = self._command = self._prepared(folder)
        self._before, self._lost = counters.read(), self._heartbeat.lost
        if self._request.half is Half.SERVE:
            self._spawn(command, folder)
            self._await_listening(command)
            self._keep_place(command, folder)
        else:
            self._sleep_until(self._request.start + command.launch.si)
            self._spawn(command, folder)
            self._check_lateness(command)
        child = self._child
        assert child is not None
        self._over = self._await_end(command, child)
        self._check_answered()
        child.end(command.grace.si)
        self._count(child.cpu, child.waits.values())
        if (disturbed := self._disturbance(command)) is not None:
            raise _Void(Outcome.TOOL_FAILED, disturbed)
        return self._read(command, folder)

    def _disturbance(self, command: ToolCommand) -> Optional[Reason]:
        stepped = self._clock.stepped() - self._stepped
        return disturbance(command.argv[0], self._counters, stepped, self._scratch)

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
            half, congestion = self._request.half, command.congestion
            self._child = Child(command.argv, folder, half.value, serves=half is Half.SERVE, congestion=congestion)
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

    def _keep_place(self, command: ToolCommand, folder: Path) -> None:
        """Before the partner may come, start a tool afresh that others would keep from hearing it."""
        assert command.listen is not None and self._child is not None
        self._port = ServedPort(command.listen, self._request.partner)
        if command.alone_until is None:
            return
        left = self._clock.until(self._request.start + command.alone_until.si)
        if left > 0 and not self._cancelled.wait(left) and self._port.is_taken():
            self._child.end()
            self._spawn(command, folder)
            self._await_listening(command)
            self._port.count_as_early()

    def _check_lateness(self, command: ToolCommand) -> None:
        """Raise if the half began too late; where the tool waits by itself, watch for its first data."""
        assert self._launched is not None
        launched_late = self._launched - (self._request.start + command.launch.si)
        late, code = launched_late, "worker.late"
        if command.watch_start:
            self._sleep_until(self._request.start - start.LEAD)
            self._unanswered, self._neighbour = unanswered(self._request.server), of_partner(self._request)
            self._first_data = self._watch_start()
            late = self._first_data - self._request.start if self._first_data is not None else 0.0
            code = "worker.late" if launched_late > command.late_after.si else "worker.data-late"
        if late > command.late_after.si:
            raise _Void(Outcome.LATE, self._whose_lateness(Reason(code, {"late": Duration(late)})))

    def _whose_lateness(self, found: Reason) -> Reason:
        """Connections that had no answer at the instant explain it: their handshake is the kernels' own work."""
        if not self._unanswered:
            return found
        return Reason("worker.connect-late", {**found.values, **self._counts(self._unanswered)})

    def _counts(self, waiting: int) -> Mapping[str, int]:
        return {"count": waiting, "connections": connections_of(self._request.parameters)}

    def _watch_start(self) -> Optional[float]:
        """When the first data left, on this worker's clock."""
        transport = "udp" if isinstance(self._request.parameters, UdpParameters) else "tcp"
        stamp = start.first_data(self._request.server, transport, self._clock.system(self._request.start))
        return None if stamp is None else self._request.start + (stamp - self._clock.system(self._request.start))

    def _await_end(self, command: ToolCommand, child: Child) -> bool:
        """Wait until the half is over. Returns whether it ended by itself, rather than being due to be ended."""
        until = time.monotonic() + self._clock.until(self._request.start + command.ends.si)
        deadline = time.monotonic() + self._clock.until(self._request.deadline)
        over = self._wait(child, min(until, deadline))
        if self._port is not None and not over:
            self._port.look_at_connected()
        if self._cancelled.is_set():
            raise _Void(Outcome.NOT_RUN, Reason("worker.cancelled"))
        return over

    def _wait(self, child: Child, until: float) -> bool:
        """Wait for its end until the monotonic instant, and read what goes with its socket and its threads."""
        while not child.wait(min(until, time.monotonic() + _SAMPLE), self._cancelled):
            if self._port is not None and self._clock.until(self._request.start) < 0:
                self._port.look()
            self._sockets.look()
            child.look_at_descriptors()
            if isinstance(self._request.parameters, (HttpParameters, RoundTripParameters)):
                child.look_at_waits(time.monotonic() + self._clock.until(self._request.start))
            if self._cancelled.is_set() or time.monotonic() >= until:
                return False
        return True

    def _check_answered(self) -> None:
        """Raise if the tool still waits for connections when it should be over: they were never answered."""
        if self._request.half is Half.SEND and not self._over and (left := unanswered(self._request.server)):
            raise _Void(Outcome.UNREACHABLE, Reason("worker.unanswered", self._counts(left)))

    def _read(self, command: ToolCommand, folder: Path) -> Measurement:
        """What the tool's output proves. A send half that did not end may still prove that it never connected."""
        finished = self._over or self._request.half is Half.SERVE
        output = self._output(command, folder)
        self._clients = self._engine.clients(output)
        try:
            measurement = proven(self._engine, _on_system_clock(self._request, self._clock), output)
        except Unreadable as error:
            outcome = FOUND_INSTEAD.get(error.code, Outcome.UNPARSABLE)
            if finished or outcome is Outcome.UNREACHABLE:
                reason = self._whose_lateness(error.reason) if outcome is Outcome.LATE else error.reason
                raise _Void(outcome, reason) from error
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
        result = self._request.result(
            outcome,
            reason,
            measurement=measurement,
            timing=self._timing(),
            counters=self._counters,
            evidence=self._evidence(),
        )
        strangers = self._port.strangers(self._clients) if self._port is not None else ()
        return replace(result, strangers=strangers or None)

    def _timing(self) -> Optional[Timing]:
        if self._launched is None:
            return None
        return Timing(
            self._late_by(self._launched),
            None if self._listening is None else self._late_by(self._listening),
            None if self._first_data is None else self._late_by(self._first_data),
        )

    def _evidence(self) -> Optional[Evidence]:
        return None if self._command is None else evidence_of(self._command, self._child, over=self._over)


def _on_system_clock(request: Request, clock: Clock) -> Request:
    """The request with its instant as spawned tools read time."""
    return replace(request, start=clock.system(request.start), deadline=clock.system(request.deadline))
