"""Sleep: wait for so long."""

from __future__ import annotations

import asyncio

from clearway.cl2.config.calls import Call
from clearway.cl2.config.model import Part
from clearway.cl2.config.types import Span
from clearway.cl2.measurements.base import NOTHING, Outcome, Surroundings


class SleepParameters(Part):
    duration: Span


class Sleep:
    async def call(self, call: Call, around: Surroundings) -> Outcome:
        assert isinstance(call.params, SleepParameters)
        await asyncio.sleep(call.params.duration.si)
        return NOTHING

    async def dispose(self) -> None:
        """Nothing is left."""
