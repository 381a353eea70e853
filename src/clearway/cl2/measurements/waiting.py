"""Waiting for the cluster, at the pace that a test asks for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from clearway.base.units import Duration

_SOONEST = 0.2
"""Seconds between two looks at least, whatever a test asks for."""


async def wait_until(condition: Callable[[], Awaitable[bool]], within: Duration, every: Duration) -> bool:
    """Ask again and again; False if it was not so in time. The first look is at once."""
    try:
        async with asyncio.timeout(within.si):
            while True:
                if await condition():
                    return True
                await asyncio.sleep(max(_SOONEST, every.si))
    except TimeoutError:
        return False


def true_condition(item: dict[str, Any], kind: str) -> bool:
    """Whether the cluster says of an object that it is so."""
    conditions = item.get("status", {}).get("conditions") or ()
    return any(one.get("type") == kind and one.get("status") == "True" for one in conditions)
