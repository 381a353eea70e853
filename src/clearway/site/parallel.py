"""Running many coroutines, a limited number at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any

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
