"""A site that can be made to misbehave."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

from clearway.base.units import Duration
from clearway.probe.clock_offset import ClockOffset
from clearway.probe.paths import NO_SERVICES, WantedServices
from clearway.probe.records import Endpoint, Inventory, Reason, Request, Result, ServiceAddress, Slot, Worker
from clearway.site.base import Event, Ready, Received
from making import inventory

TOOLS = {"iperf": "2.1.8", "h2load": "1.52.0", "nginx": "1.22.1", "sockperf": "3.10"}
NO_OFFSET = ClockOffset(Duration(0), Duration(0.001))


def ready(slot: Slot, clock: ClockOffset = NO_OFFSET, mtu: int = 1500) -> Ready:
    number = int(slot.node.rpartition("-")[2])
    return Ready(Worker(slot, (f"10.0.0.{number}",), mtu, tuple(range(20_000, 20_008))), clock)


@dataclass
class FaultySite:
    """Answers every request at once, unless told otherwise."""

    answer: Callable[[Request], Event | Result | None]
    """A result comes from the worker that was asked."""
    silent: frozenset[Slot] = frozenset()
    clocks: Mapping[Slot, ClockOffset] = field(default_factory=dict)
    submitted: list[Mapping[Slot, Sequence[Request]]] = field(default_factory=list)
    handed_out: asyncio.Event = field(default_factory=asyncio.Event)
    slow: Duration = Duration(0.0)
    """How long handing out is expected to take."""
    catching_up: Duration = Duration(0.0)
    """How much longer results may take."""
    held_back: list[Event] = field(default_factory=list)
    """What arrives only once the way to the workers is open again."""
    cancelled: int = 0
    gone: dict[Slot, Reason] = field(default_factory=dict)
    """Of these the site knows why they don't answer."""
    stopped: int = 0
    stopping: asyncio.Event | None = None
    """Stopping takes until this is set."""
    stop_asked: asyncio.Event = field(default_factory=asyncio.Event)
    queue: asyncio.Queue[Event | None] = field(default_factory=asyncio.Queue)

    async def inspect(self) -> Inventory:
        return inventory(4)

    async def start(self, slots: Sequence[Slot], services: WantedServices = NO_SERVICES) -> None:
        for slot in slots:
            if slot not in self.silent:
                self.queue.put_nowait(ready(slot, self.clocks.get(slot, NO_OFFSET)))

    async def submit(self, round_id: str, requests: Mapping[Slot, Sequence[Request]]) -> None:
        self.submitted.append(requests)
        self.handed_out.set()
        for slot, request in ((slot, request) for slot, wanted in requests.items() for request in wanted):
            if (event := self.answer(request)) is not None:
                self.queue.put_nowait(Received(slot, event) if isinstance(event, Result) else event)

    def handing_out(self, mailboxes: int) -> Duration:
        return self.slow

    async def reconnected(self) -> Duration:
        for event in self.held_back:
            self.queue.put_nowait(event)
        return self.catching_up

    async def absent(self, slots: Collection[Slot]) -> Mapping[Slot, Reason]:
        return {slot: self.gone[slot] for slot in slots if slot in self.gone}

    async def cancel(self) -> None:
        self.cancelled += 1

    async def events(self) -> AsyncIterator[Event]:
        while (event := await self.queue.get()) is not None:
            yield event

    async def stop(self) -> None:
        self.stop_asked.set()
        if self.stopping is not None:
            await self.stopping.wait()
        self.stopped += 1
        self.queue.put_nowait(None)

    def leftover_hint(self) -> Reason | None:
        return None


class EquippedSite(FaultySite):
    """Its workers have the tools."""

    async def start(self, slots: Sequence[Slot], services: WantedServices = NO_SERVICES) -> None:
        for slot in slots:
            found = ready(slot)
            served = tuple(_addresses(found.worker, services.get(slot, frozenset())))
            worker = replace(found.worker, versions=TOOLS, services=served or None)
            self.queue.put_nowait(Ready(worker, found.clock))


def _addresses(worker: Worker, paths: Collection[str]) -> Iterator[ServiceAddress]:
    """Of a Service that passes on to it."""
    for path, transport, port in product(paths, ("tcp", "udp"), worker.ports):
        yield ServiceAddress(path, transport, Endpoint("10.96.0.1", port), port)
