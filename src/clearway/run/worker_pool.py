"""The workers of a run: started, listened to, and always stopped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Self

from clearway.base.clock import Clock
from clearway.base.errors import InternalError, SiteError
from clearway.ledger.write import Ledger
from clearway.probe.observations import (
    CLOCK,
    FOREIGN_MESSAGE,
    KINDS,
    STALE_RESULT,
    STRANGERS,
    WORKER_LOST,
    ObservationKind,
)
from clearway.probe.paths import WantedServices
from clearway.probe.records import Half, Observation, Reason, Request, Result, Slot
from clearway.site.base import Event, Lost, Ready, Received, Site

HalfKey = tuple[str, Half]
"""Probe id and half: what a round waits for."""
_Asked = tuple[str, str, Half, int]
"""Round, probe, half and attempt: what a result answers."""
_CLAIMED = 200
"""Characters of what a worker claimed, in the observation: ids of rounds and probes are far shorter."""
Requests = Mapping[HalfKey, tuple[Slot, Request]]
"""What a round asks, and of whom."""


@dataclass
class WorkerPool:
    """What the workers report goes to the ledger as it arrives: a result only from the worker that was asked for it.

    A worker that reports anything else is given up: nothing that it sends from then on counts.
    """

    site: Site
    slots: tuple[Slot, ...]
    ledger: Ledger
    clock: Clock
    services: WantedServices = field(default_factory=dict)
    ready: dict[Slot, Ready] = field(default_factory=dict)
    lost: dict[Slot, Reason] = field(default_factory=dict)
    _absent: dict[Slot, Reason] = field(default_factory=dict)
    """Workers that did not answer and can't: not asked for anything until the site knows better."""
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _round: str | None = None
    _kept: bool = True
    _over: bool = False
    """Whether the round has given up what is missing."""
    _asked: dict[_Asked, Slot] = field(default_factory=dict)
    """Of whom, in all rounds so far: a result that comes late is not a foreign one."""
    _given_up: set[Slot] = field(default_factory=set)
    _results: dict[HalfKey, Result] = field(default_factory=dict)
    _failure: Exception | None = None

    @asynccontextmanager
    async def working(self) -> AsyncIterator[Self]:
        """Inside, the workers exist."""
        listening: asyncio.Task[None] | None = None
        try:
            await self.site.start(self.slots, self.services)
            listening = asyncio.create_task(self._listen())
            yield self
        finally:
            stopping = asyncio.ensure_future(self.site.stop())
            try:
                await asyncio.shield(stopping)
            except asyncio.CancelledError:
                await stopping  # removing the workers is finished, also when it is cancelled
                raise
            finally:
                if listening is not None:
                    listening.cancel()
                    await asyncio.gather(listening, return_exceptions=True)

    async def gather_ready(self, patience: float) -> None:
        """Wait until every worker is ready or lost, at most `patience` seconds.

        Raises SiteError if none became ready.
        """
        await self._wait(lambda: len(self.ready.keys() | self.lost.keys()) >= len(self.slots), patience)
        for slot in self.slots:
            if slot not in self.ready:
                self.lost.setdefault(slot, Reason("run.never-ready", {"patience": patience}))
        if not self.ready:
            raise SiteError("run.no-worker-ready", count=len(self.slots), patience=patience)

    def expect(self, round_id: str, asked: Requests, *, kept: bool = True) -> None:
        """Gather this round's results from now on. One that comes after its round is stale: an observation.

        Those that are not `kept` go to the caller alone, not into the ledger.
        """
        self._round, self._over, self._kept, self._results = round_id, False, kept, {}
        self._asked |= {(one.round, one.probe, one.half, one.attempt): slot for slot, one in asked.values()}

    @property
    def gone(self) -> Mapping[Slot, Reason]:
        """Workers that nothing is asked of."""
        return {**self._absent, **self.lost}

    async def look_for_absent(self) -> None:
        """Whether those that could not answer can again."""
        if self._absent:
            self._absent = dict(await self.site.absent(self._absent))

    async def gather_results(self, asked: Requests, until: float) -> Mapping[HalfKey, Result]:
        """Results of the expected round, until every half has answered or its worker is lost, or until the instant.

        What the workers could not send because the way to them was interrupted is waited for. Then the round is over:
        what is missing has its reason in the record, and a half has one result.
        """

        def complete() -> bool:
            return all(key in self._results or slot in self.lost for key, (slot, _) in asked.items())

        await self._wait(complete, max(0.0, self.clock.until(until)))
        if not complete():
            await self._wait(complete, (await self.site.reconnected()).si)
        if not complete():
            await self._note_absent({slot for key, (slot, _) in asked.items() if key not in self._results})
        self._over = True
        return dict(self._results)

    async def _note_absent(self, unanswered: set[Slot]) -> None:
        found = await self.site.absent(unanswered - self.lost.keys())
        self._absent |= found
        for slot, reason in found.items():
            self._observe(WORKER_LOST, str(slot), {"code": reason.code})

    async def _wait(self, condition: Callable[[], bool], patience: float) -> None:
        try:
            async with asyncio.timeout(patience), self._changed:
                await self._changed.wait_for(lambda: condition() or self._failure is not None)
        except TimeoutError:
            return
        if self._failure is not None:
            raise self._failure

    async def _listen(self) -> None:
        try:
            async for event in self.site.events():
                async with self._changed:
                    self._take(event)
                    self._changed.notify_all()
        except Exception as error:  # noqa: BLE001 - `_wait` raises it
            async with self._changed:
                self._failure = error
                self._changed.notify_all()

    def _take(self, event: Event) -> None:
        match event:
            case Ready() | Lost() | Received() if event.slot in self._given_up:
                pass
            case Observation():
                self.ledger.append(event)
            case Ready():
                slot, clock = event.slot, event.clock
                self.ready[slot] = event
                self.lost.pop(slot, None)
                self.ledger.append(event.worker)
                self._observe(CLOCK, str(slot), {"ahead": clock.ahead, "uncertainty": clock.uncertainty})
            case Lost():
                self.lost[event.slot] = event.reason
                self._observe(WORKER_LOST, str(event.slot), {"code": event.reason.code})
            case Received(sender, Observation() as seen):
                self._take_observation(sender, seen)
            case Received(sender, Result() as result):
                self._take_result(sender, result)
            case _:
                raise InternalError("run.unknown-event", kind=type(event).__name__)

    def _take_observation(self, sender: Slot, seen: Observation) -> None:
        """A worker may report what it sees of itself. All kinds that are read are the controller's own."""
        if seen.subject != str(sender) or seen.kind in KINDS:
            self._give_up(sender, f"{seen.kind} {seen.subject}")
        else:
            self.ledger.append(seen)

    def _take_result(self, sender: Slot, result: Result) -> None:
        key = result.probe, result.half
        asked = self._asked.get((result.round, *key, result.attempt))
        if asked != sender or (result.round == self._round and key in self._results):
            self._give_up(sender, f"{result.round} {result.probe} {result.half.value}")
        elif result.round != self._round or self._over:
            self._observe(STALE_RESULT, result.probe, {"round": result.round})
        else:
            self._results[key] = result
            if not self._kept:
                return
            self.ledger.append(result)
            if result.strangers:
                values = {"probe": result.probe, "addresses": ", ".join(result.strangers)}
                self._observe(STRANGERS, str(sender), values)

    def _give_up(self, sender: Slot, claimed: str) -> None:
        claimed = " ".join(claimed[:_CLAIMED].split())  # on one line: it may not look like a line of ours
        self._given_up.add(sender)
        self.lost[sender] = Reason("run.foreign-message", {"claimed": claimed})
        self._observe(FOREIGN_MESSAGE, str(sender), {"claimed": claimed})

    def _observe(self, kind: ObservationKind, subject: str, values: Mapping[str, object]) -> None:
        self.ledger.append(kind.seen(subject, self.clock.now(), values))
