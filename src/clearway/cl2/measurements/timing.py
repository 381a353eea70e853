"""Sleep waits for a time; Timer measures the time from one step to another, by label."""

from __future__ import annotations

import asyncio
import time

from clearway.base.errors import SiteError
from clearway.cl2.config.methods import MethodCall
from clearway.cl2.config.model import GoDuration, Part
from clearway.cl2.context import Context
from clearway.cl2.measurements.base import MeasurementMethod
from clearway.cl2.outcome import NOTHING, CallOutcome, SummaryFile
from clearway.cl2.perf_data import Item, perf_data


class SleepParameters(Part):
    duration: GoDuration


class Sleep(MeasurementMethod):
    async def call(self, call: MethodCall, context: Context, test: str) -> CallOutcome:
        assert isinstance(call.params, SleepParameters)
        await asyncio.sleep(call.params.duration.si)
        return NOTHING


class LabelParameters(Part):
    label: str


class Timer(MeasurementMethod):
    def __init__(self) -> None:
        self._running: dict[str, float] = {}
        self._taken: dict[str, float] = {}

    async def call(self, call: MethodCall, context: Context, test: str) -> CallOutcome:
        """Raises SiteError for a label that was not started."""
        if call.action == "gather":
            item = Item(dict(self._taken), "s", {"test": "phases"})
            return CallOutcome((SummaryFile("Timer", perf_data([item])),))
        assert isinstance(call.params, LabelParameters)
        label = call.params.label
        if call.action == "start":
            self._running[label] = time.monotonic()
        elif label in self._running:
            self._taken[label] = time.monotonic() - self._running.pop(label)
        else:
            raise SiteError("door.timer-not-started", label=label)
        return NOTHING
