"""What every way to a node's operating system promises.

A road says which command here runs a command there (`ssh node ...`, `docker exec node ...`); one runner in
`runner.py` gives all of them their deadline and their bounds. Nobody but a road knows how a node is reached.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from clearway.base.units import Duration
from clearway.probe.records import Reason


@dataclass(frozen=True)
class ShellCommand:
    """`argv` arrives on the node exactly as it is here, whatever is in it: no shell reads it on the way."""

    argv: tuple[str, ...]
    text: str = ""
    """On its standard input."""
    within: Duration = Duration(30)
    """When it is given up, here; counted from the moment it may begin."""


@dataclass(frozen=True)
class CommandOutput:
    """The command ran on the node and ended by itself."""

    exit: int
    stdout: str = ""
    stderr: str = ""
    truncated: bool = False
    """Whether more was said than is kept."""


@dataclass(frozen=True)
class NotRun:
    """Whether the command ran, or how it ended, is not known: no road, no answer, no time."""

    reason: Reason


Answer = CommandOutput | NotRun


@dataclass(frozen=True)
class Connection:
    """What to run here to make a connection to a node that commands then share, to see whether it stands, to end it."""

    make: tuple[str, ...]
    check: tuple[str, ...]
    end: tuple[str, ...]


class Transport(Protocol):
    """One way to the nodes. Pure: it says what to run, and reads what was said."""

    def command(self, node: str, argv: Sequence[str]) -> tuple[str, ...]:
        """What to run here so that `argv` runs on the node, its standard streams joined to ours."""

    def connection(self, node: str) -> Connection | None:
        """None where every command comes for itself."""

    def obstacle(self, node: str) -> Reason | None:
        """Why there is no way to this node at all, known before anything is run."""

    def failure(self, node: str, said: CommandOutput) -> Reason | None:
        """Why what was said looks like the road's own failure; None: the command said it."""

    def close(self) -> None:
        """Take away what it keeps on this machine; safe to call twice."""


class Shell(Protocol):
    """Async; `run` never raises for what happens on a node: it is in the answer."""

    async def run(self, node: str, command: ShellCommand) -> Answer:
        """Run a command on a node; returns within its deadline and a little."""

    async def close(self) -> None:
        """End what was kept open; safe to call twice."""
