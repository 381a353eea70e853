"""Waiting for workers that were just started."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from clearway.probe.records import Slot
from clearway.site.base import Lost, Ready, Site


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
