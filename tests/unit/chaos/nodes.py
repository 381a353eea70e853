"""Nodes that are broken and put back in memory, and misbehave as a test says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path

from clearway.base.clock import Clock
from clearway.base.units import Duration
from clearway.chaos import bomb
from clearway.chaos.journal import Journal
from clearway.chaos.killer import KillerTools, NodeState
from clearway.chaos.kinds import failures
from clearway.kube.errors import KubeError
from clearway.shell.base import Answer, CommandOutput, ShellCommand

FAILURES = failures()
FUSE = Duration(1)


@dataclass
class Nodes:
    """Nodes and the cluster that looks at them, as Shell and Sight; bombs go off on their own."""

    broken: set[str] = field(default_factory=set)
    armed: dict[str, float] = field(default_factory=dict)
    """Node -> when its bomb puts it back."""
    said: list[tuple[str, str]] = field(default_factory=list)
    answer: Callable[[str, str], Answer | None] = lambda node, what: None
    """What a node says instead of doing as it is told."""
    blind: bool = False
    """The cluster sees none of it."""
    unasked: int = 0
    """So many times the cluster does not answer."""
    sick: set[str] = field(default_factory=set)
    boots: dict[str, int] = field(default_factory=dict)

    async def run(self, node: str, command: ShellCommand) -> Answer:
        await asyncio.sleep(0)
        what = _kind_of(command)
        self.said.append((node, what))
        if (instead := self.answer(node, what)) is not None:
            return instead
        if what == "arm":
            self.armed[node] = asyncio.get_running_loop().time() + FUSE.si
            return CommandOutput(0, f"{bomb.ARMED}\n")
        if what == "strike":
            self.broken.add(node)
            self.boots[node] = self.boots.get(node, 0) + 1
        if what == "put back":
            self.broken.discard(node)
        if what == "disarm":
            self.armed.pop(node, None)
        return CommandOutput(0)

    async def close(self) -> None:
        """Nothing is open."""

    async def view(self, node: str) -> NodeState:
        self._tick()
        if self.unasked:
            self.unasked -= 1
            raise KubeError("kube.no-answer", server="", error="")
        return NodeState(self.blind or node not in self.broken, str(self.boots.get(node, 0)))

    async def not_ready(self) -> Collection[str]:
        return self.sick | self.broken

    def _tick(self) -> None:
        now = asyncio.get_running_loop().time()
        for node in [node for node, when in self.armed.items() if when <= now]:
            self.broken.discard(node)
            del self.armed[node]


def _kind_of(command: ShellCommand) -> str:
    script = command.argv[6]
    if script == bomb._ARM:
        return "arm"
    if script == bomb._DISARM:
        return "disarm"
    return "put back" if script in {failure.restore_script for failure in FAILURES.values()} else "strike"


def tools(nodes: Nodes, folder: Path, down: set[str]) -> KillerTools:
    return KillerTools(nodes, nodes, FAILURES, Journal(folder), Clock(), down)
