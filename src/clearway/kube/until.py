"""Waiting for the API server to show something that no watch tells."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

_PAUSE = 0.1


async def until(condition: Callable[[], Awaitable[bool]], within: float) -> bool:
    """Ask again and again; False if it was not so after `within` seconds."""
    try:
        async with asyncio.timeout(within):
            while True:
                if await condition():
                    return True
                await asyncio.sleep(_PAUSE)
    except TimeoutError:
        return False
