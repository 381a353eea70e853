"""Workers that are reached by a pipe, here or behind ssh: the controller's side, JSON lines to and from each of them.

It greets a worker, measures its clock, and from then on passes on what the worker says. It never starts or ends a
process: it ends when the worker's side of the pipe does, and a site says how a worker is ended.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from clearway.base.clock import Clock
from clearway.base.errors import ClearwayError
from clearway.base.units import Duration
from clearway.probe import wire
from clearway.probe.json_values import NUMBER
from clearway.probe.records import ClockOffset, Observation, Reason, Request, Slot
from clearway.site.base import Event, Lost, Ready

LINE_LIMIT = 16 * 1024 * 1024
"""Byte; a result with its series and evidence stays far below. Readers are to be made with it."""
CLOCK_EXCHANGES = 8
"""The best of them counts: one undisturbed exchange is enough."""
READY_WITHIN = 30.0
"""Second, from the pipe's opening to the worker's announcement and the last clock exchange."""
TAKEN_WITHIN = 10.0
"""Second, for a worker to take a mailbox's content off the pipe."""
QUOTED = 200
"""Characters of a line that was not understood."""

PipeMessage = dict[str, Any]


class ProtocolError(ClearwayError):
    """The worker said what no worker of this version says, or nothing, or does not listen."""


@dataclass
class PipeMailbox:
    """One worker's mailbox. `emit` is called for every event but Lost: who holds the process knows why it ended."""

    slot: Slot
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    emit: Callable[[Event], None]
    clock: Clock = field(default_factory=Clock)
    _numbers: count[int] = field(default_factory=count)
    _ahead: Duration = Duration(0)
    _fault: Reason | None = None

    async def attend(self) -> Reason | None:
        """Listen until the pipe ends; returns what is wrong with the worker, or None if it just ended."""
        try:
            await self._welcome_in_time()
            async for message in self._messages():
                self._pass_on(message)
        except ProtocolError as error:
            return Reason(error.code, error.values)
        except ConnectionError:
            pass
        return self._fault

    async def submit(self, round_id: str | None, requests: Sequence[Request]) -> None:
        """Replace the content of the mailbox; None and nothing cancels. A worker that is gone is not an error here."""
        encoded = [wire.REQUEST.encode(request) for request in requests]
        try:
            async with asyncio.timeout(TAKEN_WITHIN):
                await self._send({"type": "mailbox", "round": round_id, "requests": encoded})
        except ConnectionError:
            return
        except TimeoutError:
            self._fault = Reason("pipe.not-taken", {"within": Duration(TAKEN_WITHIN)})
            self.writer.transport.abort()

    async def greet(self) -> None:
        """Let the worker hear that we are there: on a lease it would leave otherwise. Its answer is passed over."""
        with suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(TAKEN_WITHIN):
                await self._send({"type": "clock", "id": next(self._numbers)})

    def close(self) -> None:
        """Tell the worker to end by ending its standard input."""
        self.writer.close()

    async def _welcome_in_time(self) -> None:
        try:
            async with asyncio.timeout(READY_WITHIN):
                await self._welcome()
        except TimeoutError:
            raise ProtocolError("pipe.never-ready", within=Duration(READY_WITHIN)) from None

    async def _welcome(self) -> None:
        async for message in self._messages():
            if message["type"] == "ready":
                worker = _decoded(wire.WORKER, message.get("worker"))
                if offset := await self._clock_offset():
                    self._ahead = offset.ahead
                    self.emit(Ready(worker, offset))
                return
            self._pass_on(message)

    async def _clock_offset(self) -> ClockOffset | None:
        """None: the worker ended meanwhile."""
        offsets = []
        for _ in range(CLOCK_EXCHANGES):
            offset = await self._exchange()
            if offset is None:
                return None
            offsets.append(offset)
        return min(offsets, key=lambda offset: offset.uncertainty)

    async def _exchange(self) -> ClockOffset | None:
        number, asked = next(self._numbers), self.clock.now()
        await self._send({"type": "clock", "id": number})
        async for message in self._messages():
            if message["type"] == "clock" and message.get("id") == number:
                heard = self.clock.now()
                return offset_of(asked, _decoded(NUMBER, message.get("now")), heard)
            self._pass_on(message)
        return None

    def _pass_on(self, message: PipeMessage) -> None:
        kind = message.pop("type")
        if kind == "result":
            self.emit(_decoded(wire.RESULT, message))
        elif kind == "observation":
            self.emit(self._on_our_clock(_decoded(wire.OBSERVATION, message)))
        elif kind == "ready":
            raise ProtocolError("pipe.ready-twice")
        elif kind != "clock":
            raise ProtocolError("pipe.unknown-message", kind=str(kind)[:QUOTED])

    def _on_our_clock(self, observation: Observation) -> Observation:
        return replace(observation, at=observation.at - self._ahead.si)

    async def _messages(self) -> AsyncIterator[PipeMessage]:
        while line := await self._line():
            yield _parsed(line)

    async def _line(self) -> bytes:
        try:
            return await self.reader.readline()
        except ValueError:
            raise ProtocolError("pipe.line-too-long", limit=LINE_LIMIT) from None

    async def _send(self, message: PipeMessage) -> None:
        self.writer.write(json.dumps(message).encode() + b"\n")
        await self.writer.drain()


def offset_of(asked: float, answered: float, heard: float) -> ClockOffset:
    """A worker's clock against ours, from one exchange: `asked` and `heard` on ours, `answered` on its own."""
    half = (heard - asked) / 2
    return ClockOffset(ahead=Duration(answered - (asked + half)), uncertainty=Duration(half))


def _parsed(line: bytes) -> PipeMessage:
    try:
        message = json.loads(line)
    except ValueError:
        message = None
    if not isinstance(message, dict) or "type" not in message:
        raise ProtocolError("pipe.not-a-message", line=line[:QUOTED].decode(errors="replace"))
    return message


def _decoded(codec: Any, data: Any) -> Any:
    try:
        return codec.decode(data)
    except ClearwayError as error:
        raise ProtocolError("pipe.undecodable", cause=str(error)[:QUOTED]) from None


Terminate = Callable[[Slot, Reason | None], Awaitable[Reason]]
"""Is given what is wrong with a worker (None: its pipe just ended), makes sure that it ends, and says why it did."""

_HANDING_OUT = Duration(0.4)
"""For worker and controller to be given a CPU; a pipe by itself takes next to nothing."""
_WAYS = 4
"""How often half the best exchange fits into what a request may take on its way."""


class PipedWorkers:
    """All workers of one site. Their events are in order of arrival, until `finish`."""

    def __init__(self) -> None:
        self._mailboxes: dict[Slot, PipeMailbox] = {}
        self._attending: list[asyncio.Task[None]] = []
        self._arrived: dict[Slot, asyncio.Event] = {}
        self._events: asyncio.Queue[Event | None] = asyncio.Queue()
        self._slowest = Duration(0)

    def open(self, slot: Slot, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A worker's mailbox on its pipe; nobody listens to it yet."""
        self._mailboxes[slot] = PipeMailbox(slot, reader, writer, self._take)
        self._arrived[slot] = asyncio.Event()

    def attend(self, slot: Slot, terminate: Terminate) -> None:
        """Listen to a worker from now on."""
        self._attending.append(asyncio.create_task(self._attend(self._mailboxes[slot], terminate)))

    async def arrival(self, slot: Slot) -> None:
        """Returns when a worker that is attended to is ready, or lost."""
        await self._arrived[slot].wait()

    def tell_lost(self, slot: Slot, reason: Reason) -> None:
        """Of a worker that never had a pipe."""
        self._take(Lost(slot, reason))

    async def submit(self, round_id: str, requests: Mapping[Slot, Sequence[Request]]) -> None:
        """Hand out; a worker that is lost is passed over, its Lost event has told so."""
        wanted = ((self._mailboxes[slot], asked) for slot, asked in requests.items() if slot in self._mailboxes)
        await asyncio.gather(*(mailbox.submit(round_id, asked) for mailbox, asked in wanted))

    async def cancel(self) -> None:
        """Empty every mailbox."""
        await asyncio.gather(*(mailbox.submit(None, ()) for mailbox in self._mailboxes.values()))

    async def greet(self) -> None:
        """Let every worker hear that its controller lives."""
        await asyncio.gather(*(mailbox.greet() for mailbox in self._mailboxes.values()))

    def handing_out(self) -> Duration:
        """How long it takes at most, by the slowest clock exchange so far."""
        return _HANDING_OUT + self._slowest * _WAYS

    async def events(self) -> AsyncIterator[Event]:
        """Everything the workers say; ends after `finish`."""
        while (event := await self._events.get()) is not None:
            yield event

    async def hang_up(self) -> None:
        """Stop listening, and tell every worker to end by ending its input."""
        for task in self._attending:
            task.cancel()
        await asyncio.gather(*self._attending, return_exceptions=True)
        for mailbox in self._mailboxes.values():
            mailbox.close()

    def finish(self) -> None:
        """No more events come; safe to call twice."""
        self._events.put_nowait(None)

    async def _attend(self, mailbox: PipeMailbox, terminate: Terminate) -> None:
        fault = await mailbox.attend()
        self._arrived[mailbox.slot].set()
        self._take(Lost(mailbox.slot, await terminate(mailbox.slot, fault)))

    def _take(self, event: Event) -> None:
        if isinstance(event, Ready):
            self._slowest = max(self._slowest, event.clock.uncertainty)
            self._arrived[event.worker.slot].set()
        self._events.put_nowait(event)
