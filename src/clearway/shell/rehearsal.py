"""A Shell that runs nothing and says what it would: what a dry run shows is what the road would carry."""

from __future__ import annotations

import shlex
from collections.abc import Callable

from clearway.probe.records import Finding, Severity
from clearway.shell.base import Answer, CommandOutput, NotRun, ShellCommand, Transport
from clearway.shell.runner import bounded


class Rehearsal:
    """Every command ends well and says nothing; `log` is told each."""

    def __init__(self, road: Transport, *, log: Callable[[Finding], None]) -> None:
        self._road = road
        self._log = log

    async def run(self, node: str, command: ShellCommand) -> Answer:
        if (reason := self._road.obstacle(node)) is not None:
            return NotRun(reason)
        shown = shlex.join(self._road.command(node, bounded(command)))
        self._log(Finding("shell.would-run", Severity.INFO, node, {"command": shown, "within": command.within}))
        return CommandOutput(0)

    async def close(self) -> None:
        self._road.close()
