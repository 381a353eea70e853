"""Sleep: wait for so long."""

from __future__ import annotations

import asyncio

from clearway.cl2.config.calls import MethodCall
from clearway.cl2.config.model import Part
from clearway.cl2.config.types import GoDuration
from clearway.cl2.measurements.base import NOTHING, CallOutcome, Surroundings


class SleepParameters(Part):
    duration: GoDuration


class Sleep:
    async def call(self, call: MethodCall, around: Surroundings) -> CallOutcome:
        assert isinstance(call.params, SleepParameters)
        await asyncio.sleep(call.params.duration.si)
        return NOTHING

    async def dispose(self) -> None:
        """Nothing is left."""
