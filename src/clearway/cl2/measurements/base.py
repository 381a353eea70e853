"""What a measurement is."""

from __future__ import annotations

from typing import Protocol

from clearway.base.errors import ClearwayError
from clearway.cl2.config.methods import MethodCall
from clearway.cl2.context import Context
from clearway.cl2.outcome import CallOutcome


class MeasurementMethod(Protocol):
    """One method under one identifier, for the length of a test."""

    async def call(self, call: MethodCall, context: Context, test: str) -> CallOutcome:
        """Do what a step of the test with this name asks for; cancelled, it may return what there is.

        Raises ClearwayError.
        """

    async def dispose(self) -> None:
        """End and remove what is left of it, if anything is; safe to call twice."""


class Critical(ClearwayError):
    """After this, the remaining steps make no sense."""

    exit_code = 3
