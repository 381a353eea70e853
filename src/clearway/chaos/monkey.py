"""Breaks nodes wave after wave, on a schedule that is drawn in advance from a seed."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from clearway.base.units import Duration, Ratio
from clearway.chaos.killer import SEEN_WITHIN, ChaosFailed, FailureRequest, KillerTools, NodeKiller
from clearway.plan.model import breakable, drawn
from clearway.probe.observations import CHAOS_BACK, CHAOS_FAILED
from clearway.probe.records import Node, Observation
from clearway.site.base import WatchContext


@dataclass(frozen=True)
class ChaosRequest:
    """ClusterLoader2's `nodeFailure`, in its terms."""

    failure_rate: Ratio
    """Share of the nodes not yet broken that fail together, rounded up."""
    interval: Duration
    """Before the first failure, and from the end of one to the next."""
    jitter: float
    """An interval is drawn from itself up to itself times (1 + jitter)."""
    downtime: Duration
    """From when a failure is seen until the node is restored."""
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True)
class TimedWave:
    """Nodes that fail together, `pause` after the last ones were restored."""

    pause: Duration
    nodes: tuple[str, ...]


def schedule(request: ChaosRequest, nodes: Sequence[Node], seed: int) -> tuple[TimedWave, ...]:
    """Every node that may be broken, once; the same seed and nodes give the same schedule."""
    chance = random.Random(seed)

    def size(left: int) -> int:
        return math.ceil(request.failure_rate.si * left)

    return tuple(
        TimedWave(request.interval * (1 + request.jitter * chance.random()), wave)
        for wave in drawn(breakable(nodes, request.exclude), seed, size)
    )


_RECOVERY = Duration(120)
"""A kubelet reports Ready within about 10 s of its start; a container runtime may need a minute before that."""


def failure_request_of(request: ChaosRequest) -> FailureRequest:
    """The failure that ClusterLoader2's chaos monkey causes: kubelet and container runtime stop."""
    return FailureRequest("kubelet-and-runtime", SEEN_WITHIN + request.downtime, _RECOVERY)


@dataclass
class ChaosEvents:
    """Everything that was done to nodes. A Watcher: every run at that time has it in its ledger too."""

    seen: list[Observation] = field(default_factory=list)
    _listeners: list[Callable[[Observation], None]] = field(default_factory=list)

    def observe(self, observation: Observation) -> None:
        self.seen.append(observation)
        for listener in self._listeners:
            listener(observation)

    @asynccontextmanager
    async def watching(self, context: WatchContext) -> AsyncIterator[None]:
        """Starts with the nodes that are broken already."""
        latest = {observation.subject: observation for observation in self.seen}
        for observation in self.seen:
            if latest[observation.subject].kind != CHAOS_BACK.name:
                context.observe(observation)
        self._listeners.append(context.observe)
        try:
            yield
        finally:
            self._listeners.remove(context.observe)


class Monkey:
    """One schedule that is running."""

    def __init__(
        self, tools: KillerTools, request: ChaosRequest, waves: Sequence[TimedWave], events: ChaosEvents
    ) -> None:
        self.broken: set[str] = set()
        """Every node that it has broken or tried to."""
        self._tools = tools
        self._request = request
        self._waves = waves
        self._failures: list[Observation] = []
        self._events = events
        self._killer = NodeKiller(tools, self._observe)
        self._running = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Break nothing more, and restore everything. Raises the first failure, or what ended the schedule early."""
        self._running.cancel()
        errors = await asyncio.gather(self._running, return_exceptions=True)
        await self._killer.restore()
        await self._tools.shell.close()
        if self._failures:
            values = dict(self._failures[0].values)
            raise ChaosFailed(values.pop("code"), **{"node": self._failures[0].subject, **values})
        for error in errors:
            if isinstance(error, Exception):
                raise error

    async def _run(self) -> None:
        for wave in self._waves:
            await asyncio.sleep(wave.pause.si)
            self.broken.update(wave.nodes)
            await self._killer.fail(wave.nodes, failure_request_of(self._request))
            await asyncio.sleep(self._request.downtime.si)
            if not await self._killer.restore():
                return

    def _observe(self, observation: Observation) -> None:
        if observation.kind == CHAOS_FAILED.name:
            self._failures.append(observation)
        self._events.observe(observation)
