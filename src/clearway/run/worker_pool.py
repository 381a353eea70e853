"""The workers of a run: started, listened to, and always stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

from clearway.base.clock import Clock
from clearway.base.errors import InternalError, SiteError
from clearway.ledger.write import Ledger
from clearway.probe.observations import CLOCK, STALE_RESULT, WORKER_LOST, ObservationKind
from clearway.probe.records import Half, Observation, Reason, Result, Slot
from clearway.site.base import Event, Lost, Ready, Site

HalfKey = tuple[str, Half]
"""Probe id and half: what a round waits for."""


class WorkerPool:
    """Async context: inside it the workers exist. All that they report goes to the ledger as it arrives."""

    def __init__(self, site: Site, slots: Sequence[Slot], ledger: Ledger, clock: Clock) -> None:
        self.site = site
        self.ledger = ledger
        self.clock = clock
        self.ready: dict[Slot, Ready] = {}
        self.lost: dict[Slot, Reason] = {}
        self.slots = tuple(slots)
        self._changed = asyncio.Condition()
        self._round: str | None = None
        self._results: dict[HalfKey, Result] = {}
        self._failure: Exception | None = None
        self._listening: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        try:
            await self.site.start(self.slots)
        except BaseException:
            await self.site.stop()
            raise
        self._listening = asyncio.create_task(self._listen())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        stopping = asyncio.ensure_future(self.site.stop())
        try:
            await asyncio.shield(stopping)
        except asyncio.CancelledError:
            await stopping  # removing the workers is finished, also when it is cancelled
            raise
        finally:
            if self._listening is not None:
                self._listening.cancel()
                await asyncio.gather(self._listening, return_exceptions=True)

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

    def expect(self, round_id: str) -> None:
        """Gather this round's results from now on; a result of another round is stale and becomes an observation."""
        self._round, self._results = round_id, {}

    async def gather_results(self, awaited: Mapping[HalfKey, Slot], until: float) -> Mapping[HalfKey, Result]:
        """Results of the expected round, until every half has answered or its worker is lost, or until the instant."""

        def complete() -> bool:
            return all(key in self._results or slot in self.lost for key, slot in awaited.items())

        await self._wait(complete, max(0.0, self.clock.until(until)))
        return dict(self._results)

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
        if isinstance(event, Ready):
            self._welcome(event)
        elif isinstance(event, Lost):
            self.lost[event.slot] = event.reason
            self._observe(WORKER_LOST, str(event.slot), {"code": event.reason.code})
        elif isinstance(event, Observation):
            self.ledger.append(event)
        elif isinstance(event, Result):
            self._accept(event)
        else:
            raise InternalError("run.unknown-event", kind=type(event).__name__)

    def _welcome(self, event: Ready) -> None:
        slot = event.worker.slot
        self.ready[slot] = event
        self.lost.pop(slot, None)
        self.ledger.append(event.worker)
        self._observe(CLOCK, str(slot), {"ahead": event.clock.ahead, "uncertainty": event.clock.uncertainty})

    def _accept(self, result: Result) -> None:
        if result.round != self._round:
            self._observe(STALE_RESULT, result.probe, {"round": result.round})
            return
        self._results[result.probe, result.half] = result
        self.ledger.append(result)

    def _observe(self, kind: ObservationKind, subject: str, values: Mapping[str, object]) -> None:
        self.ledger.append(kind.seen(subject, self.clock.now(), values))
