"""A Shell that runs nothing and logs what it would run: a dry run shows exactly the command lines of a real run."""

from __future__ import annotations

import shlex
from collections.abc import Callable

from clearway.probe.records import Finding, Severity
from clearway.shell.base import Answer, CommandOutput, NotRun, ShellCommand, Transport
from clearway.shell.runner import bounded


class Rehearsal:
    """Every command succeeds without output; `log` gets each of them."""

    def __init__(self, transport: Transport, *, log: Callable[[Finding], None]) -> None:
        self._transport = transport
        self._log = log

    async def run(self, node: str, command: ShellCommand) -> Answer:
        if (reason := self._transport.obstacle(node)) is not None:
            return NotRun(reason)
        shown = shlex.join(self._transport.command(node, bounded(command)))
        self._log(Finding("shell.would-run", Severity.INFO, node, {"command": shown, "within": command.within}))
        return CommandOutput(0)

    async def close(self) -> None:
        self._transport.close()
