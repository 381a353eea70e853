"""What a site is: it starts workers, puts requests into their mailboxes and returns what they send."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

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
