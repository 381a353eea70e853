"""Looking again until something is so, or the time is over."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count

from clearway.base.units import Duration
from clearway.kube.until import settle

SOON = Duration(0.001)


def counting(pause: float = 0.0) -> Callable[[], Awaitable[int]]:
    numbers = count(1)

    async def look() -> int:
        await asyncio.sleep(pause)
        return next(numbers)

    return look


async def test_the_value_that_is_done_is_returned_and_no_further_look_is_taken() -> None:
    look = counting()
    assert await settle(look, lambda seen: seen == 3, Duration(5), SOON) == 3
    assert await look() == 4


async def test_when_the_time_is_over_the_last_value_is_returned() -> None:
    seen = await settle(counting(), lambda seen: False, Duration(0.05), SOON)
    assert seen > 1


async def test_a_look_that_hangs_is_cancelled_when_the_time_is_over() -> None:
    pauses = iter((0.0, 3600.0))

    async def look() -> int:
        await asyncio.sleep(next(pauses))
        return 1

    async with asyncio.timeout(5):
        assert await settle(look, lambda seen: False, Duration(0.05), SOON) == 1


async def test_a_first_look_that_takes_longer_than_the_time_counts() -> None:
    assert await settle(counting(0.02), lambda seen: seen == 1, Duration(0.001), SOON) == 1
    assert await settle(counting(0.02), lambda seen: False, Duration(0.001), SOON) == 1
