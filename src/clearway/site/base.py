"""What a site is: it starts workers, puts requests into their mailboxes and returns what they send.

With it what all sites share: waiting for new workers, running calls side by side, and watchers. A watcher runs beside
the rounds: it guards the nodes, observes what happens, or breaks something on purpose. It knows neither the other
watchers nor the rounds, only its WatchContext.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from clearway.base.clock import Clock
from clearway.base.errors import SiteError
from clearway.base.units import Duration
from clearway.probe.records import (
    ClockOffset,
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


@dataclass(frozen=True)
class Lost:
    """A worker will not answer any more."""

    slot: Slot
    reason: Reason


Event = Ready | Lost | Result | Observation
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

    async def start(self, slots: Sequence[Slot]) -> None:
        """Create one worker per slot; each is announced by a Ready (or a Lost) event."""

    async def submit(self, round_id: str, requests: Mapping[Slot, Sequence[Request]]) -> None:
        """Replace the content of these workers' mailboxes; returns when all are handed out."""

    def handing_out(self, mailboxes: int) -> Duration:
        """How long handing out to so many workers takes at most, by what the site has seen so far."""

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


class Watcher(Protocol):
    """Runs from before the first round until after the last, however the rounds end."""

    def watching(self, context: WatchContext) -> AbstractAsyncContextManager[None]:
        """Entered when the workers are ready, before any traffic; left when the rounds are over, stopped or cancelled.

        The watcher itself limits the time for entering and leaving. An exception while entering ends the run before
        its first round; a source that can't be read is an observation instead.
        """


AT_ONCE = 32
"""Requests under way: a connection has a pool of 64, of which watches need some."""


async def at_once(calls: Iterable[Coroutine[Any, Any, None]], limit: int = AT_ONCE) -> None:
    """Await all of them, `limit` at a time. The first error ends the others and is raised."""
    slots = asyncio.Semaphore(limit)

    async def bounded(call: Coroutine[Any, Any, None]) -> None:
        async with slots:
            await call

    try:
        async with asyncio.TaskGroup() as group:
            for call in calls:
                group.create_task(bounded(call))
    except BaseExceptionGroup as several:
        raise several.exceptions[0] from None
