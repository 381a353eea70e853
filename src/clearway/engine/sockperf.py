"""sockperf: one small message there and back at a time, every round trip with its own time in a log.

It waits two seconds between connecting and its first message, drops what the first 400 ms brought, and begins
its log's clock shortly after it is launched. It speaks no IPv6.
"""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Iterator, List, Mapping, Tuple

from clearway.base.errors import Unreadable
from clearway.base.units import Duration
from clearway.engine.base import (
    TAIL,
    Engine,
    Listen,
    Output,
    Tool,
    ToolCommand,
    check_server,
    failed,
    malformed,
    parameters_of,
    refuse_connection,
)
from clearway.probe.histogram import Histogram
from clearway.probe.measurement import RoundTrip
from clearway.probe.parameters import RoundTripParameters, Window
from clearway.probe.records import Endpoint, Half, Request

TOOL = "sockperf"
SOCKPERF = Tool(TOOL, TOOL, (TOOL, "--version"), (3, 7))
"""3.7 is that of Debian 12; nothing older was tried."""

_SETTLING = Duration(2.5)
"""From launch to the first message that is logged: 2.40 s were measured (sockperf 3.7), of which 2 s are waiting and
0.4 s its own warm-up."""
_MARGIN = Duration(0.3)
"""The log begins this long before the window."""
_UNLOGGED = Duration(0.5)
"""What is dropped at both ends of a run: 0.45 s of 2 s were missing from the log (sockperf 3.7)."""
_LATE = Duration(0.15)
"""A start as late as this still leaves 150 ms of log before the window."""
_PATIENCE = Duration(3.0)
"""Its run may end 1.5 s after the window, because it is rounded up to whole seconds; leaving took another 0.23 s, even
from a server that had stopped answering."""
_DRAIN = Duration(1.5)
"""With the load's tail the server listens 2 s longer than the window, and so longer than the client runs."""
_SILENCE = Duration(0.2)
"""Longest time without a message that proves nothing: Linux's shortest retransmission time-out, after one lost segment.
"""
_MESSAGES_PER_SECOND = 1_000
"""Enough for a p99 within a second, too few to load a path or a core."""
_LOG, _SOCKETS = "messages.csv", "sockets"

_CONNECTED = "send on:"
_COLOUR = re.compile(r"\x1b\[[\d;]*m")
_COUNTED = re.compile(
    r"\[Valid Duration\] RunTime=[\d.]+ sec; SentMessages=([0-9]{1,18}); ReceivedMessages=([0-9]{1,18})"
)
_ROW = re.compile(r"[0-9]{1,18}, ([0-9]{1,18}\.\d{9}), ([0-9]{1,18}\.\d{9}), ([0-9]{1,18}\.\d{3})\n")
_HEADER = "packet, txTime(sec), rxTime(sec), rtt(usec)\n"


class Sockperf(Engine):
    """Only the client measures; the serve half proves that the server ran throughout."""

    name = TOOL
    protocols = ("round-trip",)
    default_for = protocols
    ipv6 = False
    tools = (SOCKPERF,)
    needs = (Half.SERVE, Half.SEND)

    def serve(self, request: Request) -> ToolCommand:
        parameters, server = parameters_of(request, RoundTripParameters), request.server
        options, files = _listening(parameters, server)
        return ToolCommand(
            argv=(TOOL, "server", *options),
            launch=Duration(0),
            ends=request.window.end + TAIL + _DRAIN,
            files=files,
            listen=Listen(parameters.transport, server.port),
        )

    def send(self, request: Request) -> ToolCommand:
        parameters, server = parameters_of(request, RoundTripParameters), request.server
        target = (*_transport(parameters), "-i", server.address, "-p", str(server.port))
        load = ("-m", f"{parameters.message.si:.0f}", "--mps", str(_MESSAGES_PER_SECOND))
        run = ("-t", str(_running(request.window)), "--full-rtt", "--full-log", _LOG)
        return ToolCommand(
            argv=(TOOL, "ping-pong", *target, *load, *run),
            launch=_launch(request.window),
            ends=request.window.end + _PATIENCE,
            collect=(_LOG,),
            late_after=_LATE,
        )

    def read(self, request: Request, output: Output) -> RoundTrip:
        if request.half is Half.SERVE:
            check_server(TOOL, output)
            return RoundTrip(Histogram(), 0, 0)
        received = _counted(output)
        messages = _messages(output)
        if len(messages) != received:
            raise Unreadable("tool.totals-differ", tool=TOOL, counted=len(messages), told=received)
        return _inside(messages, request.window)


def _counted(output: Output) -> int:
    """Messages that came back, by the summary. Raises Unreadable with the reason if there is none."""
    text = _COLOUR.sub("", output.stdout + output.stderr)
    counted = _COUNTED.search(text)
    if counted is not None and int(counted.group(2)):
        return int(counted.group(2))
    if error := re.search(r"connect socket \(.*\)", text):
        refuse_connection(TOOL, output, error.group(0))
    if output.exit is None and _CONNECTED not in text:
        refuse_connection(TOOL, output, "Connection timed out")
    if error := re.search(r"'-i' Invalid address.*", text):
        raise failed("tool.no-ipv6", TOOL, output, error.group(0))
    if error := re.search(r"ERROR: .*", text):
        raise failed("tool.cut-short", TOOL, output, error.group(0))
    raise failed("tool.no-rows", TOOL, output, text)


def _messages(output: Output) -> List[Tuple[float, float]]:
    """Time of sending, in seconds since the launch, and round trip in seconds."""
    if _LOG not in output.files:
        raise failed("tool.no-rows", TOOL, output)
    return list(_rows(Path(output.files[_LOG])))


def _rows(path: Path) -> Iterator[Tuple[float, float]]:
    with path.open(encoding="ascii", errors="replace") as lines:
        for line in lines:
            if line == _HEADER:
                break
        for line in lines:
            if line.startswith("---"):
                return
            row = _ROW.fullmatch(line)
            if row is None:
                raise malformed(TOOL, line)
            yield float(row.group(1)), float(row.group(3)) / 1e6


def _inside(messages: List[Tuple[float, float]], window: Window) -> RoundTrip:
    """The round trips that began inside the window. Raises Unreadable unless they cover it."""
    launch, begin, end = _launch(window).si, window.warm_up.si, window.end.si
    sent = [(at + launch, took) for at, took in messages]
    first, last = sent[0][0], max(at + took for at, took in sent)
    if first > begin + _SILENCE.si:
        raise Unreadable("tool.late-start", tool=TOOL, quote=f"first message at {first:.3f} s, window from {begin:g} s")
    if last < end - _SILENCE.si:
        raise Unreadable("tool.cut-short", tool=TOOL, reached=Duration(last), wanted=window.end)
    inside = [took for at, took in sent if begin <= at < end]
    return RoundTrip(Histogram.of(inside), sent=len(inside), received=len(inside))


def _launch(window: Window) -> Duration:
    return window.warm_up - _MARGIN - _SETTLING


def _running(window: Window) -> int:
    """Whole seconds, as sockperf takes them."""
    return math.ceil((_UNLOGGED + _MARGIN + window.duration + TAIL).si)


def _transport(parameters: RoundTripParameters) -> Tuple[str, ...]:
    return ("--tcp",) if parameters.transport == "tcp" else ()


def _listening(parameters: RoundTripParameters, server: Endpoint) -> Tuple[Tuple[str, ...], Mapping[str, str]]:
    """Options and files. A TCP server that is given its port by option waits for its first connection alone.

    From a list of sockets it answers all, so that a stranger who connects and says nothing does not keep the client
    waiting. A port whose last connection is still fading away (TIME_WAIT) has to be asked for.
    """
    if parameters.transport == "tcp":
        sockets = {_SOCKETS: f"T:{server.address}:{server.port}\n"}
        return ("-f", _SOCKETS, "-F", "epoll", "--uc-reuseaddr"), sockets
    return ("-i", server.address, "-p", str(server.port)), {}
