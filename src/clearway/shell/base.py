"""The interface of every transport to a node's operating system.

A transport says which command here runs a command there (`ssh node ...`, `docker exec node ...`); one runner in
`runner.py` gives all of them their deadline and their bounds. Only a transport knows how a node is reached.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from clearway.base.units import Duration
from clearway.probe.records import Reason


@dataclass(frozen=True)
class ShellCommand:
    """`argv` arrives on the node exactly as it is here: no shell interprets any character in it."""

    argv: tuple[str, ...]
    text: str = ""
    """On its standard input."""
    within: Duration = Duration(30)
    """Time after which the controller gives up, counted from the start of the command."""


@dataclass(frozen=True)
class CommandOutput:
    """The command ran on the node and ended by itself; its output may be cut."""

    exit: int
    stdout: str = ""
    stderr: str = ""
    truncated: bool = False
    """Whether there was more output than is kept."""


@dataclass(frozen=True)
class NotRun:
    """It is not known whether the command ran, or how it ended: no transport, no answer, or a time-out."""

    reason: Reason


Answer = CommandOutput | NotRun


@dataclass(frozen=True)
class Connection:
    """What to run here to make a connection that commands to a node then share, to check it, and to end it."""

    make: tuple[str, ...]
    check: tuple[str, ...]
    end: tuple[str, ...]


class Transport(Protocol):
    """One way to run commands on nodes. Pure: it builds command lines and interprets their output."""

    def command(self, node: str, argv: Sequence[str]) -> tuple[str, ...]:
        """What to run here so that `argv` runs on the node, its standard streams joined to ours."""

    def connection(self, node: str) -> Connection | None:
        """None where every command connects by itself."""

    def obstacle(self, node: str) -> Reason | None:
        """Why this node can't be reached at all, known before anything is run."""

    def failure(self, node: str, output: CommandOutput) -> Reason | None:
        """Why this output looks like a failure of the transport itself; None: it is the command's own."""

    def close(self) -> None:
        """Remove what it keeps on this machine; safe to call twice."""


class Shell(Protocol):
    """Async; `run` never raises for what happens on a node: it is in the answer."""

    async def run(self, node: str, command: ShellCommand) -> Answer:
        """Run a command on a node; returns at its deadline or a little later."""

    async def close(self) -> None:
        """End what was kept open; safe to call twice."""
