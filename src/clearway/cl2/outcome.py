"""The results of a test: its steps, the calls in them, and the state of the whole."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from clearway.base.errors import INTERRUPTED, ClearwayError, InternalError
from clearway.campaign.conclusion import EXIT_CODES
from clearway.verdict.judge import fold
from clearway.verdict.model import State


@dataclass(frozen=True)
class SummaryFile:
    """A file of results that is not written yet."""

    name: str
    """As ClusterLoader2 calls it, with colons."""
    data: Any
    """JSON."""
    complete: bool = True
    """False: the measurement ended before it was over."""


@dataclass(frozen=True)
class CallOutcome:
    """What a call gives; nothing, for most calls."""

    summaries: tuple[SummaryFile, ...] = ()
    state: State | None = None
    """Of what was judged or measured; None: the call does neither."""
    errors: tuple[ClearwayError, ...] = ()
    report: str = ""
    """Text for users."""


NOTHING = CallOutcome()


@dataclass(frozen=True)
class CallResult:
    name: str
    seconds: float
    outcome: CallOutcome = NOTHING
    errors: tuple[ClearwayError, ...] = ()

    @property
    def all_errors(self) -> tuple[ClearwayError, ...]:
        return (*self.errors, *self.outcome.errors)


@dataclass(frozen=True)
class StepResult:
    name: str
    calls: tuple[CallResult, ...]


@dataclass(frozen=True)
class TestResult:
    # pytest collects classes that are named Test*.
    __test__ = False

    name: str
    config: str
    """Path as it was given."""
    started: float
    """Unix seconds."""
    seconds: float
    steps: tuple[StepResult, ...]
    errors: tuple[ClearwayError, ...] = ()
    """Outside of steps: from namespaces and cleaning up."""
    interrupted: bool = False

    @property
    def calls(self) -> tuple[CallResult, ...]:
        return tuple(call for step in self.steps for call in step.calls)

    @property
    def all_errors(self) -> tuple[ClearwayError, ...]:
        return (*self.errors, *(error for call in self.calls for error in call.all_errors))

    @property
    def state(self) -> State:
        """A test with an error that is no rejection is inconclusive, also if all it measured is good."""
        states = [call.outcome.state for call in self.calls if call.outcome.state is not None]
        if self.interrupted or any(error.exit_code != 1 for error in self.all_errors):
            states.append(State.INCONCLUSIVE)
        return fold(states) if states else State.MEASURED


def exit_code(results: Iterable[TestResult]) -> int:
    """Of the whole command: that of its worst test; an interruption or a bug of clearway's goes before it."""
    known = tuple(results)
    if any(result.interrupted for result in known):
        return INTERRUPTED
    if any(isinstance(error, InternalError) for result in known for error in result.all_errors):
        return InternalError.exit_code
    return EXIT_CODES[fold(result.state for result in known)]
