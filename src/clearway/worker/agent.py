"""The agent's loop: every mailbox content cancels what ran and starts what it asks for."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import List, Union

from clearway.base.clock import Clock
from clearway.base.errors import ClearwayError
from clearway.probe.parameters import PathMtuParameters
from clearway.probe.records import Outcome, Reason, Request, Worker
from clearway.worker.heartbeat import Heartbeat
from clearway.worker.inbox import Inbox, Mailbox
from clearway.worker.path_mtu import PathMtuHalf
from clearway.worker.probe_half import HalfContext, ProbeHalf

_CANCEL_PATIENCE = 5.0
"""Seconds to wait for cancelled halves to hand in what they have."""


class Agent:
    def __init__(self, worker: Worker, inbox: Inbox, clock: Clock, scratch: Path) -> None:
        self._worker = worker
        self._inbox = inbox
        self._clock = clock
        self._scratch = scratch
        self._cancelled = threading.Event()
        self._heartbeat = Heartbeat()
        self._running: List[threading.Thread] = []

    def run(self) -> None:
        """Work until the controller is gone, then end all children."""
        self._heartbeat.start()
        self._inbox.announce(self._worker)
        try:
            for mailbox in self._inbox.mailboxes():
                self.cancel()
                self._begin(mailbox)
        finally:
            self.cancel()

    def cancel(self) -> None:
        """End what runs; each half hands in a result with that reason."""
        self._cancelled.set()
        for thread in self._running:
            thread.join(_CANCEL_PATIENCE)
        self._running = []

    def _begin(self, mailbox: Mailbox) -> None:
        self._cancelled = threading.Event()
        for request in mailbox.requests:
            setting = HalfContext(self._clock, self._scratch, self._cancelled, self._heartbeat)
            thread = threading.Thread(target=self._perform, args=(request, setting), daemon=True)
            self._running.append(thread)
            thread.start()

    def _perform(self, request: Request, setting: HalfContext) -> None:
        try:
            result = _half(request, setting).result()
        except Exception as error:  # noqa: BLE001 - a bug here must reach the controller as this probe's reason
            cause = error.reason if isinstance(error, ClearwayError) else f"{type(error).__name__}: {error}"
            reason = Reason("worker.bug", {"error": cause})
            result = request.result(Outcome.TOOL_FAILED, reason)
        try:
            self._inbox.put(result)
        except (OSError, ValueError):
            return  # the controller is gone: no process reads it


def _half(request: Request, setting: HalfContext) -> Union[ProbeHalf, PathMtuHalf]:
    """By a tool, or by the worker itself."""
    if isinstance(request.parameters, PathMtuParameters):
        return PathMtuHalf(request, setting.clock, setting.cancelled)
    return ProbeHalf(request, setting)
