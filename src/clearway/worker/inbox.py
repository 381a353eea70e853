"""The mailbox as the agent sees it, and its pipe dialect: one JSON object a line."""

from __future__ import annotations

import json
import sys
import threading
from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterator, Optional, Protocol, TextIO, Tuple

from clearway.base.clock import Clock
from clearway.probe import wire
from clearway.probe.records import Observation, Request, Result, Worker


@dataclass(frozen=True)
class Mailbox:
    """What the controller wants now. New content replaces what ran before; no requests: stop."""

    round: Optional[str] = None
    requests: Tuple[Request, ...] = ()


class Inbox(Protocol):
    """One worker's way to the controller."""

    def mailboxes(self) -> Iterator[Mailbox]:
        """Every content the mailbox gets, until the controller is gone."""

    def announce(self, worker: Worker) -> None:
        """Report that this worker is ready."""

    def put(self, result: Result) -> None:
        """Hand in one result; from any thread."""

    def observe(self, observation: Observation) -> None:
        """Report something seen around the measurement; from any thread."""


class PipeInbox:
    """JSON lines on standard input and output. Answers clock exchanges by itself, at once.

    `on_message` is called at every line: the controller is alive.
    """

    def __init__(
        self,
        clock: Clock,
        source: TextIO = sys.stdin,
        sink: TextIO = sys.stdout,
        on_message: Callable[[], None] = lambda: None,
    ) -> None:
        self._clock = clock
        self._source = source
        self._sink = sink
        self._on_message = on_message
        self._writing = threading.Lock()

    def mailboxes(self) -> Iterator[Mailbox]:
        for line in iter(self._source.readline, ""):
            self._on_message()
            message = json.loads(line)
            if message["type"] == "clock":
                self._send({"type": "clock", "id": message["id"], "now": self._clock.now()})
            elif message["type"] == "mailbox":
                yield Mailbox(
                    message.get("round"), tuple(wire.REQUEST.decode(item) for item in message.get("requests", ()))
                )

    def announce(self, worker: Worker) -> None:
        self._send({"type": "ready", "worker": wire.WORKER.encode(worker), "now": self._clock.now()})

    def put(self, result: Result) -> None:
        self._send({"type": "result", **wire.RESULT.encode(result)})

    def observe(self, observation: Observation) -> None:
        self._send({"type": "observation", **wire.OBSERVATION.encode(observation)})

    def _send(self, message: Dict[str, Any]) -> None:
        line = json.dumps(message, separators=(",", ":"), allow_nan=False)
        with self._writing:
            self._sink.write(line + "\n")
            self._sink.flush()
