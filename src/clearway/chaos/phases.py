"""Broken and whole nodes as the tests of a run want them, round by round."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from clearway.chaos.killer import FailureRequest, KillerTools, NodeKiller
from clearway.plan.failing import broken_during
from clearway.probe.records import Inventory, Round
from clearway.site.watcher import WatchContext
from clearway.spec.model import Chaos, Spec, When


@dataclass(frozen=True)
class ChaosPlan:
    """What a run's spec asks for, with the nodes that it was planned for."""

    chaos: Chaos
    broken: Mapping[str, tuple[str, ...]]
    """Test -> nodes that are broken meanwhile."""
    when: Mapping[str, When]


def chaos_plan(chaos: Chaos, spec: Spec, inventory: Inventory) -> ChaosPlan:
    return ChaosPlan(chaos, broken_during(spec, inventory), {test.name: test.when for test in spec.tests})


class Phases:
    """A Watcher that also prepares rounds. Between two states of the nodes nothing is measured."""

    def __init__(self, tools: KillerTools, asked: ChaosPlan) -> None:
        self._tools = tools
        self._asked = asked
        self._killer: NodeKiller | None = None
        self._broken: tuple[str, ...] = ()
        self._whole_again: float | None = None
        """When the last nodes count as recovered; Unix seconds."""

    @asynccontextmanager
    async def watching(self, context: WatchContext) -> AsyncIterator[None]:
        """Begins by putting back what an earlier process of this run left broken, ends with whole nodes."""
        killer = self._killer = NodeKiller(self._tools, context.observe)
        killer.take_up(self._tools.journal.open(), self._asked.chaos.recovery)
        try:
            await killer.put_back()
            yield
        finally:
            await _however_impatient(killer)
            await self._tools.shell.close()

    async def before(self, round_: Round) -> None:
        """Bring the nodes into the state that the round's test wants. Raises ChaosFailed, KubeError, LedgerError."""
        killer, chaos = self._killer, self._asked.chaos
        assert killer is not None
        nodes = self._asked.broken.get(round_.test, ())
        if self._broken and nodes != self._broken:
            self._whole_again = self._tools.clock.now() + chaos.recovery.si
            self._broken = ()
            await killer.put_back()
        if nodes and nodes != self._broken:
            await killer.fail(nodes, FailureRequest(chaos.fail, chaos.downtime, chaos.recovery))
            self._broken = nodes
        if self._asked.when[round_.test] == "recovered" and self._whole_again is not None:
            await self._tools.pause_until(self._whole_again)


async def _however_impatient(killer: NodeKiller) -> None:
    """Put everything back, also while somebody cancels."""
    task = asyncio.ensure_future(killer.put_back())
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise
