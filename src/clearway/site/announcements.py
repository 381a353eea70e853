"""The first news of workers that were just started."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from clearway.probe.records import Slot
from clearway.site.base import Lost, Ready, Site


async def await_announcements(site: Site, slots: Collection[Slot], within: float) -> dict[Slot, Ready | Lost]:
    """What each worker was heard of first, in so many seconds; one that stays silent is not there. Reads events."""
    heard: dict[Slot, Ready | Lost] = {}
    try:
        async with asyncio.timeout(within):
            async for event in site.events():
                if isinstance(event, Ready):
                    heard[event.worker.slot] = event
                elif isinstance(event, Lost):
                    heard.setdefault(event.slot, event)
                if len(heard) == len(slots):
                    break
    except TimeoutError:
        return heard
    return heard
