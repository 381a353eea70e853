"""Sleep: waits for a time."""

from __future__ import annotations

import asyncio

from clearway.cl2.config.calls import MethodCall
from clearway.cl2.config.model import Part
from clearway.cl2.config.types import GoDuration
from clearway.cl2.context import Context
from clearway.cl2.measurements.base import MeasurementMethod
from clearway.cl2.outcome import NOTHING, CallOutcome


class SleepParameters(Part):
    duration: GoDuration


class Sleep(MeasurementMethod):
    async def call(self, call: MethodCall, context: Context, test: str) -> CallOutcome:
        assert isinstance(call.params, SleepParameters)
        await asyncio.sleep(call.params.duration.si)
        return NOTHING
