"""Waiting for the API server to show something for which there is no watch."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

from clearway.base.units import Duration
from clearway.kube.presence import ServerPresence

T = TypeVar("T")

_LOOK_EVERY = Duration(0.1)
"""Short beside what is waited for (seconds), and ten small requests per second are no load for an API server."""


async def settle(
    look: Callable[[], Awaitable[T]], done: Callable[[T], bool], within: Duration, every: Duration = _LOOK_EVERY
) -> T:
    """Look again and again until `done` is true of what is seen, or `within` is over; returns what was seen last.

    The first look is at once and may take longer; one that is still going on when `within` ends is cancelled.
    """
    ends = asyncio.get_running_loop().time() + within.si
    seen = await look()
    with suppress(TimeoutError):
        async with asyncio.timeout_at(ends):
            while not done(seen):
                await asyncio.sleep(every.si)
                seen = await look()
    return seen


async def settle_in_service(
    presence: ServerPresence, look: Callable[[], Awaitable[T]], done: Callable[[T], bool], within: Duration
) -> T:
    """As `settle`, with the time begun anew after an outage of the API server: nothing could happen meanwhile."""
    while True:
        begun = asyncio.get_running_loop().time()
        seen = await settle(look, done, within)
        if not done(seen):
            seen = await look()  # in an outage it waits, where the last one was cancelled
        if done(seen) or not presence.was_away_since(begun):
            return seen
