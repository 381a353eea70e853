"""The workers of a site that reaches each of them by a pipe: handed out to, heard, told lost, ended.

It never starts or ends a process: a site says how a worker that is gone, or has to go, is seen off.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

from clearway.base.units import Duration
from clearway.probe.records import Reason, Request, Slot
from clearway.site.base import Event, Lost, Ready
from clearway.site.pipe import PipeMailbox

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
