"""What an engine is: it writes a command for each half and reads what the command printed, without guessing."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Iterable, List, Mapping, NoReturn, Optional, Protocol, Tuple, Type, TypeVar

from clearway.base.errors import InternalError, Unreadable
from clearway.base.units import Duration
from clearway.probe.codec import CodecError
from clearway.probe.measurement import Measurement
from clearway.probe.records import Half, Outcome, Request
from clearway.probe.wire import MEASUREMENT

AFRESH = Duration(0.1)
"""Time in which a server is started afresh, before its partner may come."""
TAIL = Duration(0.5)
"""Load goes on this long after the window: a receiver prints a row only once the next interval has begun,
and no pair of a round stops while another is still measured."""


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
    alone_until: Optional[Duration] = None
    """Serve halves that hear one new client at a time: until then, relative to the instant, none is the partner. One
    that says nothing would keep it waiting, so the tool is started afresh. None: it hears all at once.
    """
    congestion: Optional[str] = None
    """Serve halves that set it themselves, as their client asks. The kernel keeps users from most of them."""
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
    many_flows: bool = False
    """Whether it sends UDP in many flows and counts each."""
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

    def clients(self, output: Output) -> Tuple[str, ...]:
        """Addresses that a server says were connected to it; none from one that says nothing about them."""
        return ()

    def read(self, request: Request, output: Output) -> Measurement:
        """What the output proves, of the half in `request`.

        Raises Unreadable with the code of what was found instead, for instance one of FOUND_INSTEAD. Exit status proves
        nothing and is only quoted.
        """


FOUND_INSTEAD: Mapping[str, Outcome] = {
    "tool.refused": Outcome.UNREACHABLE,
    "tool.no-route": Outcome.UNREACHABLE,
    "tool.connect-timeout": Outcome.UNREACHABLE,
    "tool.not-connected": Outcome.UNREACHABLE,  # from a tool that gives no reason
    "tool.late-start": Outcome.LATE,
    "tool.failed": Outcome.TOOL_FAILED,
    "tool.cut-short": Outcome.TOOL_FAILED,
    "tool.reset": Outcome.TOOL_FAILED,
}
"""What an engine found instead of a measurement; anything else is UNPARSABLE."""


def proven(engine: Engine, request: Request, output: Output) -> Measurement:
    """What `engine.read` makes of the output. Raises Unreadable also for output of a form that it did not foresee.

    The measurement goes through its codec: numbers that no controller would take are the tool's fault, here.
    """
    try:
        sent = MEASUREMENT.encode(engine.read(request, output))
        return MEASUREMENT.decode(sent)  # type: ignore[no-any-return]
    except Unreadable:
        raise
    except CodecError as error:
        raise Unreadable("tool.unforeseen", tool=engine.name, error=error.reason) from error
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        found = f"{type(error).__name__}: {error}"[:_QUOTE]
        raise Unreadable("tool.unforeseen", tool=engine.name, error=found) from error


P = TypeVar("P")

_QUOTE = 120
"""Characters of a quote: enough to recognise the line, bounded for the wire."""

_UNREACHABLE = (
    (re.compile(r"Connection refused", re.IGNORECASE), "tool.refused"),
    (re.compile(r"Connection timed out|Operation timed out", re.IGNORECASE), "tool.connect-timeout"),
    (re.compile(r"No route to host|(?:Network|Host) is (?:unreachable|down)", re.IGNORECASE), "tool.no-route"),
)


def tools_of(engines: Iterable[Engine]) -> Mapping[str, Tool]:
    """What they run, by program."""
    return {tool.binary: tool for engine in engines for tool in engine.tools}


def whole_lines(text: str) -> List[str]:
    """The lines that were written to their end: a last one without a newline may have lost digits."""
    return text.split("\n")[:-1]


def quote(text: str) -> str:
    """The last line of `text` with words in it, shortened."""
    lines = [line.strip() for line in text.splitlines() if line.strip(" -\t")]
    return lines[-1][:_QUOTE] if lines else ""


def failed(code: str, tool: str, output: Output, text: str = "") -> Unreadable:
    """The error `code` with the last line of what the tool printed: of `text`, else of its standard error."""
    values = {"tool": tool, "quote": quote(text) or quote(output.stderr)}
    return Unreadable(code, **values) if output.exit is None else Unreadable(code, exit=output.exit, **values)


def check_not_reset(tool: str, said: str) -> None:
    """Raise Unreadable if a sender says that connections were reset while it used them."""
    if count := said.count("Connection reset by peer"):
        raise Unreadable("tool.reset", tool=tool, count=count)


def check_server(tool: str, output: Output) -> None:
    """Raise Unreadable unless a server that prints nothing about its clients listened throughout."""
    if not output.listened:
        raise failed("tool.failed", tool, output)


def parameters_of(request: Request, kind: Type[P]) -> P:
    """Raises InternalError if the request is for another protocol."""
    if not isinstance(request.parameters, kind):
        raise InternalError("engine.wrong-parameters", engine=request.engine, found=type(request.parameters).__name__)
    return request.parameters


def malformed(tool: str, line: str) -> Unreadable:
    """The error for a line whose kind is known but whose content is not."""
    return Unreadable("tool.malformed", tool=tool, quote=quote(line))


def refuse_connection(tool: str, output: Output, text: str) -> NoReturn:
    """Raise what kept the tool from connecting, in the kernel's words that it repeats in `text`."""
    code = next((code for pattern, code in _UNREACHABLE if pattern.search(text)), "tool.failed")
    raise failed(code, tool, output, text)
