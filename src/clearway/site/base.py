"""What a site is: it starts workers, puts requests into their mailboxes and returns what they send.

With it what all sites share: waiting for new workers, running calls side by side, and watchers. A watcher runs beside
the rounds: it guards the nodes, observes what happens, or breaks something on purpose. It knows neither the other
watchers nor the rounds, only its WatchContext.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from clearway.base.clock import Clock
from clearway.base.errors import ClearwayError, SiteError
from clearway.base.units import Duration
from clearway.probe.clock_offset import ClockOffset
from clearway.probe.paths import NO_SERVICES, WantedServices
from clearway.probe.records import (
    Finding,
    Inventory,
    Observation,
    Reason,
    Request,
    Result,
    Slot,
    Worker,
)


@dataclass(frozen=True)
class Ready:
    """A worker has announced itself, for the first time or after a restart."""

    worker: Worker
    clock: ClockOffset

    @property
    def slot(self) -> Slot:
        return self.worker.slot


@dataclass(frozen=True)
class Lost:
    """A worker will not answer any more."""

    slot: Slot
    reason: Reason


@dataclass(frozen=True)
class Received:
    """What a worker sent. Its mailbox says who it is, not the message."""

    slot: Slot
    item: Result | Observation


Event = Ready | Lost | Received | Observation
"""An observation by itself is the site's own."""
FindingLog = Callable[[Finding], None]
"""Gets what a site reports while it works."""


class NotFit(SiteError):
    """A run can't work here; `findings` say why, all at once."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__("preflight.failed", count=len(findings))
        self.findings = findings


class Site(Protocol):
    """Every method has its own time-out and raises SiteError with what is wrong."""

    async def inspect(self) -> Inventory:
        """The nodes, before anything is created. Needs no `start`."""

    async def start(self, slots: Sequence[Slot], services: WantedServices = NO_SERVICES) -> None:
        """Create one worker per slot; each is announced by a Ready (or a Lost) event, with the services it needs."""

    async def submit(self, round_id: str, requests: Mapping[Slot, Sequence[Request]]) -> None:
        """Replace the content of these workers' mailboxes; returns when all are handed out."""

    def handing_out(self, mailboxes: int) -> Duration:
        """How long handing out to so many workers takes at most, by what the site has seen so far."""

    async def reconnected(self) -> Duration:
        """Returns once the way to the workers is open: with how much longer than usual their results may take now."""

    async def absent(self, slots: Collection[Slot]) -> Mapping[Slot, Reason]:
        """Of workers that did not answer, those that can't for now, by what the site knows: each with the reason."""

    async def cancel(self) -> None:
        """Empty every mailbox: workers end what they run."""

    def events(self) -> AsyncIterator[Event]:
        """What the workers send, in order of arrival; ends after `stop`. One reader only."""

    async def stop(self) -> None:
        """Remove all that `start` created; safe to call twice, and after a failure."""

    def leftover_hint(self) -> Reason | None:
        """What would be left if this process died now, for the log; None if nothing would be."""


async def await_announcements(site: Site, slots: Collection[Slot], within: float) -> dict[Slot, Ready | Lost]:
    """The first event of each worker within so many seconds; a silent one is missing. Consumes the site's events."""
    found: dict[Slot, Ready | Lost] = {}
    try:
        async with asyncio.timeout(within):
            async for event in site.events():
                if isinstance(event, Ready):
                    found[event.worker.slot] = event
                elif isinstance(event, Lost):
                    found.setdefault(event.slot, event)
                if len(found) == len(slots):
                    break
    except TimeoutError:
        return found
    return found


@dataclass(frozen=True)
class WatchContext:
    """What a watcher sees of a run."""

    nodes: frozenset[str]
    """The nodes under test."""
    clock: Clock
    """The controller's."""
    observe: Callable[[Observation], None]
    """Writes an observation into the ledger."""
    stop: Callable[[Reason], None]
    """Ends the rounds to protect the cluster; the first reason counts."""


@asynccontextmanager
async def guarding(work: Coroutine[Any, Any, None], context: WatchContext) -> AsyncIterator[None]:
    """Inside, a watcher's work goes on in a task of its own. If it fails, the run ends: it would go on unguarded."""

    async def guarded() -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001 - a run goes on only with its watchers
            context.stop(failed_watcher(error))

    task = asyncio.create_task(guarded())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def failed_watcher(error: Exception) -> Reason:
    """Why a run goes on no more without a watcher: one of our errors in its own words, a bug with its place."""
    cause = error.reason if isinstance(error, ClearwayError) else f"{type(error).__name__}: {error}{_place(error)}"
    return Reason("brake.watcher-failed", {"cause": cause})


def _place(error: Exception) -> str:
    """Where it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    return f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""


class Watcher(Protocol):
    """Runs from before the first round until after the last, however the rounds end."""

    def watching(self, context: WatchContext) -> AbstractAsyncContextManager[None]:
        """Entered when the workers are ready, before any traffic; left when the rounds are over, stopped or cancelled.

        The watcher itself limits the time for entering and leaving. An exception while entering ends the run before
        its first round; a source that can't be read is an observation instead.
        """


AT_ONCE = 32
"""Requests under way: a connection has a pool of 64, of which watches need some."""


_NOTABLE_OFFSET = Duration(0.1)
"""Offsets are measured and corrected; from here on a user may want to look at the machine's time service."""


def is_notable(offset: ClockOffset) -> bool:
    """Whether a clock is so far off, and surely, that a check says it."""
    return abs(offset.ahead.si) > max(_NOTABLE_OFFSET.si, offset.uncertainty.si)


async def at_once(calls: Iterable[Coroutine[Any, Any, object]], limit: int = AT_ONCE) -> None:
    """Await all of them, `limit` at a time. The first error ends the others and is raised."""
    slots = asyncio.Semaphore(limit)

    async def bounded(call: Coroutine[Any, Any, object]) -> None:
        async with slots:
            await call

    try:
        async with asyncio.TaskGroup() as group:
            for call in calls:
                group.create_task(bounded(call))
    except BaseExceptionGroup as several:
        raise several.exceptions[0] from None
