"""Breaks and restores nodes between the rounds of a run, as each test requires."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from clearway.chaos.killer import FailureRequest, KillerTools, NodeKiller
from clearway.plan.model import broken_during
from clearway.probe.records import Inventory, Round
from clearway.site.base import WatchContext
from clearway.spec.model import Chaos, Spec, When


@dataclass(frozen=True)
class ChaosPlan:
    """The chaos part of a run's spec, with the nodes that it was planned for."""

    chaos: Chaos
    broken: Mapping[str, tuple[str, ...]]
    """Test -> nodes that are broken during it."""
    when: Mapping[str, When]


def chaos_plan(chaos: Chaos, spec: Spec, inventory: Inventory) -> ChaosPlan:
    return ChaosPlan(chaos, broken_during(spec, inventory), {test.name: test.when for test in spec.tests})


class Phases:
    """A Watcher that also prepares rounds. Nothing is measured while nodes change their state."""

    def __init__(self, tools: KillerTools, plan: ChaosPlan) -> None:
        self._tools = tools
        self._plan = plan
        self._killer: NodeKiller | None = None
        self._broken: tuple[str, ...] = ()
        self._recovered_at: float | None = None
        """When the last nodes count as recovered; Unix seconds."""

    @asynccontextmanager
    async def watching(self, context: WatchContext) -> AsyncIterator[None]:
        """First restores what an earlier process of this run left broken; at the end restores everything."""
        killer = self._killer = NodeKiller(self._tools, context.observe)
        killer.adopt(self._tools.journal.open(), self._plan.chaos.recovery)
        try:
            await killer.restore()
            yield
        finally:
            await _restore_all(killer)
            await self._tools.shell.close()

    async def before(self, round_: Round) -> None:
        """Bring the nodes into the state that the round's test requires. Raises ChaosFailed, KubeError, LedgerError."""
        killer, chaos = self._killer, self._plan.chaos
        assert killer is not None
        nodes = self._plan.broken.get(round_.test, ())
        if self._broken and nodes != self._broken:
            self._recovered_at = self._tools.clock.now() + chaos.recovery.si
            self._broken = ()
            await killer.restore()
        if nodes and nodes != self._broken:
            await killer.fail(nodes, FailureRequest(chaos.fail, chaos.downtime, chaos.recovery))
            self._broken = nodes
        if self._plan.when[round_.test] == "recovered" and self._recovered_at is not None:
            await self._tools.pause_until(self._recovered_at)


async def _restore_all(killer: NodeKiller) -> None:
    """Restore everything, even on cancellation."""
    task = asyncio.ensure_future(killer.restore())
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise
