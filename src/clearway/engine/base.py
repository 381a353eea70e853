"""What an engine is: it writes a command for each half and reads what the command printed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Mapping, Optional, Protocol, Tuple

from clearway.base.units import Duration
from clearway.probe.measurement import Measurement
from clearway.probe.records import Half, Request


@dataclass(frozen=True)
class Tool:
    """A program that an engine needs."""

    binary: str
    package: str
    """Debian package that brings it."""
    version_argv: Tuple[str, ...]
    """What prints its version."""
    at_least: Tuple[int, ...] = ()
    """Oldest version that works; () means any."""


@dataclass(frozen=True)
class Listen:
    """When a serve half counts as ready: its port is open, as the kernel's own tables say."""

    transport: str
    """`tcp` or `udp`."""
    port: int


@dataclass(frozen=True)
class ToolCommand:
    """One tool run. The agent replaces nothing in it: paths are relative to a scratch folder of its own."""

    argv: Tuple[str, ...]
    launch: Duration
    """When to spawn it, relative to the instant; a serve half is spawned at once."""
    ends: Duration
    """When it is over by itself (send) or is to be ended (serve), relative to the instant."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Files to write into the scratch folder before it starts: name -> content."""
    collect: Tuple[str, ...] = ()
    """Files it leaves there that `read` wants."""
    listen: Optional[Listen] = None
    """Serve halves only."""
    late_after: Duration = Duration(0.05)
    """How much later than `launch` (or, where `watch_start`, than the instant) makes it LATE: far more than starts of a
    round spread (8 pairs on the lab: 1.9 ms), far less than a warm-up."""
    grace: Duration = Duration(0.1)
    """How long it may take to leave once it is asked to, before it is killed."""
    watch_start: bool = False
    """The tool waits for the instant by itself: the agent watches the interface for its first data."""


@dataclass(frozen=True)
class Output:
    """What a tool left behind when it ended or was ended."""

    stdout: str
    stderr: str
    exit: Optional[int] = None
    """None: the agent ended it as planned."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Name in `ToolCommand.collect` -> path of the file, where it was written."""
    listened: bool = False
    """Serve half: its port was open from before the instant until the agent ended it."""


class Engine(Protocol):
    """A measuring tool: one file or folder here, one row in `engine/table.py`, and nothing elsewhere names it."""

    name: str
    protocols: Tuple[str, ...]
    default_for: Tuple[str, ...] = ()
    """Protocols that it measures where the spec names no engine."""
    ipv6: bool = True
    tools: Tuple[Tool, ...]
    """The programs it runs: what setup installs and what the worker image keeps."""
    needs: Tuple[Half, ...]
    """Halves whose evidence a trial can't do without."""
    note: str = ""
    """A sentence for the spec's reference; empty where there is nothing to add."""

    def serve(self, request: Request) -> ToolCommand:
        """The listening half."""

    def send(self, request: Request) -> ToolCommand:
        """The half that begins. Its time on the machine's own clock is `request.start`."""

    def read(self, request: Request, output: Output) -> Measurement:
        """What the output proves, of the half in `request`.

        Raises Unreadable with the code of what was found instead: `tool.refused` and `tool.no-route`
        and `tool.connect-timeout` and `tool.not-connected`, from a tool that gives no reason (the send
        half could not connect), `tool.late-start`, `tool.no-rows`,
        `tool.cut-short`, `tool.failed`. Exit status proves nothing and is only quoted.
        """
