"""Runs one test: its namespaces, its steps in order, the calls of a step at once, and cleaning up in reverse."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

from clearway.base.errors import ClearwayError, InternalError, SiteError
from clearway.cl2.config.methods import Key, MethodCall, PlannedStep
from clearway.cl2.context import Context
from clearway.cl2.measurements.base import Critical, MeasurementMethod
from clearway.cl2.measurements.table import MethodRow
from clearway.cl2.namespaces import Namespaces
from clearway.cl2.outcome import CallResult, StepResult, TestResult
from clearway.cl2.prepare import Prepared
from clearway.probe.records import Finding, Severity

_LOGGER = logging.getLogger("clearway")


@dataclass
class Executor:
    """One test. However it ends, what it made is removed, and what it measured is in the result."""

    context: Context
    methods: Mapping[str, MethodRow]
    namespaces: Namespaces
    step_over: Callable[[StepResult], None]
    """Takes the result of every step."""
    _measurements: dict[Key, MeasurementMethod] = field(default_factory=dict)
    """In the order in which they were first called."""
    _steps: list[StepResult] = field(default_factory=list)
    _errors: list[ClearwayError] = field(default_factory=list)

    async def run(self, test: Prepared) -> TestResult:
        """Raises nothing but a cancellation that comes while cleaning up."""
        began, monotonic = time.time(), time.monotonic()
        interrupted = False
        try:
            await self.namespaces.create()
            for call in test.first:
                await self._measurement(call).call(call, self.context, test.name)
            for number, step in enumerate(test.compiled.steps, start=1):
                if not await self._step(number, step, test.name):
                    break
        except ClearwayError as error:
            self._errors.append(error)
        except asyncio.CancelledError:
            interrupted = True
            self.context.console.log(Finding("door.test-interrupted", Severity.WARNING, test.name))
        # At once: a namespace takes seconds, and no measurement needs one.
        await asyncio.gather(self._dispose(), self._guarded(self.namespaces.remove()))
        seconds = time.monotonic() - monotonic
        steps, errors = tuple(self._steps), tuple(self._errors)
        return TestResult(test.name, test.config, began, seconds, steps, errors, interrupted)

    async def _step(self, number: int, step: PlannedStep, test: str) -> bool:
        """All calls of a step, even if some fail; False if the steps after it make no sense any more."""
        calls = [asyncio.create_task(self._call(index, call, test)) for index, call in enumerate(step.calls)]
        try:
            await asyncio.wait(calls)
        except asyncio.CancelledError:
            for call in calls:
                call.cancel()
            await asyncio.wait(calls)
            self._keep(number, step, calls)
            raise
        result = self._keep(number, step, calls)
        return not any(isinstance(error, Critical) for call in result.calls for error in call.all_errors)

    def _keep(self, number: int, step: PlannedStep, calls: list[asyncio.Task[CallResult]]) -> StepResult:
        name = f"[step: {number:02}] {step.name}".rstrip()
        result = StepResult(name, tuple(call.result() for call in calls))
        self._steps.append(result)
        self.step_over(result)
        return result

    async def _call(self, index: int, call: MethodCall, test: str) -> CallResult:
        name, began = f"[{index:02}] - {call.identifier}", time.monotonic()
        try:
            outcome = await self._measurement(call).call(call, self.context, test)
        except asyncio.CancelledError:
            return CallResult(name, time.monotonic() - began, errors=(SiteError("door.interrupted"),))
        except ClearwayError as error:
            return CallResult(name, time.monotonic() - began, errors=(error,))
        except Exception as error:
            _LOGGER.debug("%s", call.place, exc_info=True)
            bug = InternalError("internal.bug", error=f"{type(error).__name__}: {error}")
            return CallResult(name, time.monotonic() - began, errors=(bug,))
        return CallResult(name, time.monotonic() - began, outcome)

    def _measurement(self, call: MethodCall) -> MeasurementMethod:
        if call.key not in self._measurements:
            self._measurements[call.key] = self.methods[call.method].make()
        return self._measurements[call.key]

    async def _dispose(self) -> None:
        for measurement in reversed(self._measurements.values()):
            await self._guarded(measurement.dispose())

    async def _guarded(self, cleaning: Coroutine[Any, Any, None]) -> None:
        """What can't be removed is an error of the test; the rest is removed all the same."""
        try:
            await cleaning
        except ClearwayError as error:
            self._errors.append(error)
