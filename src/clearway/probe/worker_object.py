"""A worker's mailbox as an object of the Kubernetes API: its name there, its two halves, their codec.

The controller writes `spec`, the worker `status`; each reads the other's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Mapping, Optional, Tuple

from clearway.probe.codec import of
from clearway.probe.records import Half, Observation, Request, Result, Worker

GROUP = "clearway.dev"
VERSION = "v1alpha1"
KIND = "NetworkTestWorker"
PLURAL = "networktestworkers"
SHORT = "ntw"


class WorkerPhase(str, Enum):
    PENDING = "Pending"
    READY = "Ready"
    MEASURING = "Measuring"
    """It has begun with the round."""
    DONE = "Done"
    """All results of the round are in."""


@dataclass(frozen=True)
class WorkerSpec:
    """What the controller wants: the object's `spec`."""

    round: Optional[str] = None
    """Id of the round; absent: nothing is to run."""
    requests: Tuple[Request, ...] = ()
    """The worker's halves of that round. A new round, or none, cancels what runs."""
    ping: Optional[int] = None
    """Number of the clock exchange that is to be answered."""
    role: Optional[str] = None
    """For people who watch: which halves it does."""
    peer: Optional[str] = None
    """For people who watch: the nodes at the other ends."""
    measures: Optional[str] = None
    """For people who watch: the protocols, with the background's."""


@dataclass(frozen=True)
class ClockReading:
    """The answer to a clock exchange."""

    ping: int
    now: float
    """Unix seconds on the worker's clock."""


@dataclass(frozen=True)
class WorkerStatus:
    """What the worker reports: the object's `status`. Before its first report only the phase is there."""

    phase: WorkerPhase = WorkerPhase.PENDING
    node: Optional[str] = None
    """The node that it runs on."""
    worker: Optional[Worker] = None
    """Its announcement; its slot is as the worker guesses it."""
    clock: Optional[ClockReading] = None
    round: Optional[str] = None
    """The round that the results are of: an older one than in `spec` is stale."""
    results: Mapping[str, Result] = field(default_factory=dict)
    """By `result_key`."""
    result: Optional[str] = None
    """For people who watch: the outcomes."""
    observations: Mapping[str, Observation] = field(default_factory=dict)
    """By number, counted from 0 since the worker's start."""


def result_key(probe: str, half: Half) -> str:
    """Where a half's result stands in `WorkerStatus.results`: writing it twice changes nothing."""
    return f"{probe}:{half.value}"


WORKER_SPEC = of(WorkerSpec)
CLOCK_READING = of(ClockReading)
WORKER_STATUS = of(WorkerStatus)
