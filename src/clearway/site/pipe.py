"""Workers that are reached by a pipe, here or behind ssh: the controller's side, JSON lines to and from each of them.

It waits for a worker's announcement, measures its clock, and then passes on its results and observations. It never
starts or ends a process: it ends when the worker's side of the pipe does, and the site says how a worker is ended.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from clearway.base.clock import Clock
from clearway.base.errors import ClearwayError
from clearway.base.units import Duration
from clearway.probe import wire
from clearway.probe.clock_offset import ClockOffset, offset_of
from clearway.probe.codec import CodecError
from clearway.probe.json_values import NUMBER, parsed
from clearway.probe.records import Reason, Request, Slot, Worker
from clearway.site.base import Event, FindingLog, Lost, Ready, Received
from clearway.site.listening import KINDS, LINE_LIMIT, Allowance, elsewhere, not_understood, on_our_clock

CLOCK_EXCHANGES = 8
"""The best of them counts: one undisturbed exchange is enough."""
READY_WITHIN = 30.0
"""Seconds from opening the pipe to the last clock exchange: an interpreter starts in 1 s, on a busy machine in 10."""
TAKEN_WITHIN = 10.0
"""Seconds for a worker to read a mailbox's content: it reads at once, so one that does not has stopped."""
QUOTED = 200
"""Characters of a line that was not understood."""

PipeMessage = dict[str, Any]


class ProtocolError(ClearwayError):
    """The worker sent what no worker of this version sends, or nothing, or does not read its input."""


@dataclass
class PipeMailbox:
    """One worker's mailbox. `emit` gets every event but Lost: only the owner of the process knows why it ended.

    `addresses` are those that the worker has; none: only itself knows them. The reader is made with LINE_LIMIT.
    """

    slot: Slot
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    emit: Callable[[Event], None]
    addresses: Collection[str] = ()
    clock: Clock = field(default_factory=Clock)
    _numbers: count[int] = field(default_factory=count)
    _ahead: Duration = Duration(0)
    _fault: Reason | None = None
    _allowance: Allowance = field(default_factory=Allowance)

    async def listen(self) -> Reason | None:
        """Listen until the pipe ends; returns what is wrong with the worker, or None if it just ended."""
        try:
            async with asyncio.timeout(READY_WITHIN):
                await self._announcement()
            async for message in self._messages():
                self._pass_on(message)
        except TimeoutError:
            return Reason("pipe.never-ready", {"within": Duration(READY_WITHIN)})
        except ConnectionError:
            pass
        except Exception as error:  # noqa: BLE001 - what a worker sends costs that worker only
            return not_understood(error)
        return self._fault

    async def submit(self, round_id: str | None, requests: Sequence[Request]) -> None:
        """Replace the content of the mailbox; None and nothing cancels. A worker that is gone is not an error here."""
        encoded = [wire.REQUEST.encode(request) for request in requests]
        self._allowance.handed_out(len(requests))
        try:
            async with asyncio.timeout(TAKEN_WITHIN):
                await self._send({"type": "mailbox", "round": round_id, "requests": encoded})
        except ConnectionError:
            return
        except TimeoutError:
            self._fault = Reason("pipe.not-taken", {"within": Duration(TAKEN_WITHIN)})
            self.writer.transport.abort()

    async def keep_alive(self) -> None:
        """Renew the worker's lease: without a message in time it would end. Its answer is ignored."""
        with suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(TAKEN_WITHIN):
                self._allowance.asked("clock")
                await self._send({"type": "clock", "id": next(self._numbers)})

    def close(self) -> None:
        """End the worker by ending its standard input."""
        self.writer.close()

    async def _announcement(self) -> None:
        async for message in self._messages():
            if message["type"] == "ready":
                worker = self._announced(_decoded(wire.WORKER, message.get("worker")))
                if offset := await self._clock_offset():
                    self._ahead = offset.ahead
                    self.emit(Ready(worker, offset))
                return
            self._pass_on(message)

    def _announced(self, worker: Worker) -> Worker:
        """Raises ProtocolError if it claims to be another one, or where it is not."""
        wrong = elsewhere(worker, self.slot.node, self.addresses or worker.addresses)
        if wrong is not None:
            raise ProtocolError(wrong.code, **wrong.values)
        return replace(worker, slot=self.slot)

    async def _clock_offset(self) -> ClockOffset | None:
        """None: the worker ended meanwhile."""
        self._allowance.asked("clock", CLOCK_EXCHANGES)
        exchanges = []
        for _ in range(CLOCK_EXCHANGES):
            exchange = await self._exchange()
            if exchange is None:
                return None
            exchanges.append(exchange)
        return offset_of(*min(exchanges, key=lambda times: times[2] - times[0]))

    async def _exchange(self) -> tuple[float, float, float] | None:
        """When it was asked, answered and received, as `offset_of` takes them."""
        number, asked = next(self._numbers), self.clock.now()
        await self._send({"type": "clock", "id": number})
        async for message in self._messages():
            if message["type"] == "clock" and message.get("id") == number:
                return asked, _decoded(NUMBER, message.get("now")), self.clock.now()
            self._pass_on(message)
        return None

    def _pass_on(self, message: PipeMessage) -> None:
        kind = message.pop("type")
        if kind == "result":
            self.emit(Received(self.slot, _decoded(wire.RESULT, message)))
        elif kind == "observation":
            self.emit(Received(self.slot, on_our_clock(_decoded(wire.OBSERVATION, message), self._ahead)))

    async def _messages(self) -> AsyncIterator[PipeMessage]:
        """Until the pipe ends."""
        try:
            while line := await self.reader.readline():
                message = _parsed(line)
                self._allowance.spend(message["type"], len(line))
                yield message
        except ValueError:
            raise ProtocolError("pipe.line-too-long", limit=LINE_LIMIT) from None

    async def _send(self, message: PipeMessage) -> None:
        self.writer.write(json.dumps(message).encode() + b"\n")
        await self.writer.drain()


def _parsed(line: bytes) -> PipeMessage:
    try:
        message = parsed(line)
    except CodecError:
        message = None
    if not isinstance(message, dict) or "type" not in message:
        raise ProtocolError("pipe.not-a-message", line=line[:QUOTED].decode(errors="replace"))
    if str(message["type"]) not in KINDS:
        raise ProtocolError("pipe.unknown-message", kind=str(message["type"])[:QUOTED])
    return message


def _decoded(codec: Any, data: Any) -> Any:
    try:
        return codec.decode(data)
    except CodecError as error:
        raise ProtocolError("pipe.undecodable", cause=error.reason) from None


Terminate = Callable[[Slot, Reason | None], Awaitable[Reason]]
"""Gets what is wrong with a worker (None: its pipe just ended), makes sure that it ends, and returns why it did."""

_HANDING_OUT = Duration(0.4)
"""For worker and controller to be given a CPU on a busy machine; a pipe by itself takes next to nothing."""
_WAYS = 4
"""The best exchange of a worker took a way there and back undisturbed; a request may take four times half of that."""


class PipedSite:
    """Base class. It never starts or ends a process: the site does, and says how by a Terminate for each worker."""

    def __init__(self, log: FindingLog) -> None:
        self._log = log
        self._mailboxes: dict[Slot, PipeMailbox] = {}
        self._listening: list[asyncio.Task[None]] = []
        self._announced: dict[Slot, asyncio.Event] = {}
        self._events: asyncio.Queue[Event | None] = asyncio.Queue()
        self._slowest = Duration(0)

    async def submit(self, round_id: str, requests: Mapping[Slot, Sequence[Request]]) -> None:
        """Hand out; a worker that is lost is passed over: its Lost event has been reported."""
        wanted = ((self._mailboxes[slot], asked) for slot, asked in requests.items() if slot in self._mailboxes)
        await asyncio.gather(*(mailbox.submit(round_id, asked) for mailbox, asked in wanted))

    def handing_out(self, mailboxes: int) -> Duration:
        """How long it takes at most, by the slowest clock exchange so far: all pipes are written at once."""
        return _HANDING_OUT + self._slowest * _WAYS

    async def reconnected(self) -> Duration:
        """A pipe that breaks is the end of its worker: there is no later."""
        return Duration(0)

    async def absent(self, slots: Collection[Slot]) -> Mapping[Slot, Reason]:
        """None: a worker whose pipe is open is there."""
        return {}

    async def cancel(self) -> None:
        """Empty every mailbox."""
        await asyncio.gather(*(mailbox.submit(None, ()) for mailbox in self._mailboxes.values()))

    async def events(self) -> AsyncIterator[Event]:
        """What the workers send, in order of arrival; ends after `stop`."""
        while (event := await self._events.get()) is not None:
            yield event

    def leftover_hint(self) -> Reason | None:
        """Workers end with their pipes."""
        return None

    def _open(
        self, slot: Slot, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, addresses: Collection[str]
    ) -> None:
        """Open a worker's mailbox on its pipe, without listening yet. `addresses` as in PipeMailbox."""
        self._mailboxes[slot] = PipeMailbox(slot, reader, writer, self._take, addresses)
        self._announced[slot] = asyncio.Event()

    def _listen(self, slot: Slot, terminate: Terminate) -> None:
        self._listening.append(asyncio.create_task(self._follow(self._mailboxes[slot], terminate)))

    async def _announcement(self, slot: Slot) -> None:
        """Wait until a worker is ready, or lost."""
        await self._announced[slot].wait()

    async def _keep_alive(self) -> None:
        """Show every worker that its controller lives."""
        await asyncio.gather(*(mailbox.keep_alive() for mailbox in self._mailboxes.values()))

    async def stop(self) -> None:
        """Stop listening and end the input of every worker, which ends the worker. Safe to call twice."""
        for task in self._listening:
            task.cancel()
        await asyncio.gather(*self._listening, return_exceptions=True)
        for mailbox in self._mailboxes.values():
            mailbox.close()
        await self._remove()
        self._events.put_nowait(None)

    async def _remove(self) -> None:
        """The site's own part of `stop`: returns when no process of a worker is left."""

    async def _follow(self, mailbox: PipeMailbox, terminate: Terminate) -> None:
        fault = await mailbox.listen()
        self._announced[mailbox.slot].set()
        self._take(Lost(mailbox.slot, await terminate(mailbox.slot, fault)))

    def _take(self, event: Event) -> None:
        if isinstance(event, Ready):
            self._slowest = max(self._slowest, event.clock.uncertainty)
            self._announced[event.worker.slot].set()
        self._events.put_nowait(event)
