"""HTTP over TCP: h2load asks, nginx answers; every request's time is read from h2load's raw log.

h2load reports neither a refused connection nor a server that dies: what it measured has to be found in the log,
from before the window's begin until its end.
"""

from __future__ import annotations

from pathlib import Path
from typing import Mapping

from clearway.base.errors import Unreadable
from clearway.base.units import Duration
from clearway.engine.base import TAIL, Engine, Listen, Output, Tool, ToolCommand, check_server, failed, parameters_of
from clearway.engine.h2load_log import TOOL, LoadSummary, read_log, summary_of
from clearway.probe.measurement import Histogram, Http
from clearway.probe.parameters import HttpParameters, Window
from clearway.probe.records import Half, Request

H2LOAD = Tool(TOOL, "nghttp2-client", (TOOL, "--version"), (1, 44))
"""1.44 brought `--rps`; the log of requests is older."""
NGINX = Tool("nginx", "nginx-light", ("nginx", "-v"), (1, 19, 5))
"""1.19.5 brought `-e`, which keeps it from opening a log of the system."""

_LEAD = Duration(0.3)
"""Requests flow this long before the instant, so that the load is there at it: 15 times what spawning takes."""
_MARGIN = Duration(0.2)
"""The log begins this long before the window: what h2load sends in its warm-up is in no log."""
_LATE = Duration(0.15)
"""A start as late as this still leaves 50 ms of log before the window. Spawning takes 12 to 20 ms on the lab."""
_PATIENCE = Duration(3.0)
"""Time to exit after the load. It took 20 ms (h2load 1.52), even from a server that had stopped answering: the rest is
for a busy machine and a log of millions of rows."""
_DRAIN = Duration(0.5)
"""The server listens this much longer than the load, so that the client's lateness never meets a closed port."""
_SILENCE = Duration(0.1)
"""Without a stated rate each connection sends again as soon as it is answered: all of them silent for so long means
that h2load did not run."""
_ROUNDING = 2
"""Requests that a connection may be behind by its place in the order."""
_SPARE_CONNECTIONS = 64
"""nginx counts its listening sockets too, and a port scan may take some: enough for both."""
_LOG, _BODY, _CONFIGURATION = "requests.tsv", "body", "nginx.conf"


class H2load(Engine):
    """The latencies are the client's; the serve half proves that the server ran throughout."""

    name = TOOL
    protocols = ("http",)
    default_for = protocols
    tools = (H2LOAD, NGINX)
    needs = (Half.SERVE, Half.SEND)

    def serve(self, request: Request) -> ToolCommand:
        body = "x" * int(parameters_of(request, HttpParameters).body.si)
        return ToolCommand(
            argv=("nginx", "-p", ".", "-e", "stderr", "-c", _CONFIGURATION),
            launch=Duration(0),
            ends=request.window.end + TAIL + _DRAIN,
            files={_CONFIGURATION: _configuration(request), _BODY: body},
            listen=Listen("tcp", request.server.port),
        )

    def send(self, request: Request) -> ToolCommand:
        parameters, window = parameters_of(request, HttpParameters), request.window
        warm_up = _LEAD + window.warm_up - _MARGIN
        clients = ("-c", str(parameters.connections), "-t", str(min(parameters.threads, parameters.connections)))
        # `--rps` is the rate of one connection (man h2load).
        rate = None if parameters.rate is None else parameters.rate.si / parameters.connections
        pace = () if rate is None else ("--rps", f"{rate:.6g}")
        times = ("--warm-up-time", _milliseconds(warm_up), "-D", _milliseconds(_logged(window)))
        return ToolCommand(
            argv=(TOOL, "--h1", *clients, *pace, *times, "--log-file", _LOG, _url(request)),
            launch=Duration(0) - _LEAD,
            ends=window.end + TAIL + _PATIENCE,
            collect=(_LOG,),
            late_after=_LATE,
        )

    def read(self, request: Request, output: Output) -> Http:
        if request.half is Half.SERVE:
            check_server("nginx", output)
            return Http(Histogram(), {}, Duration(0))
        summary = summary_of(output)
        if _LOG not in output.files:
            raise failed("tool.no-rows", TOOL, output)
        log = read_log(Path(output.files[_LOG]), request.start, request.window)
        if log.rows != summary.done:
            raise Unreadable("tool.cut-short", tool=TOOL, reached=log.last, wanted=request.window.end)
        _check_coverage(request, log.first, log.last)
        return Http(log.latency, {**log.errors, **_behind(request, summary)}, log.span)


def _check_coverage(request: Request, first: Duration, last: Duration) -> None:
    """Raise Unreadable unless requests began from before the window until its end, by no more than a usual gap."""
    window, gap = request.window, _gap(parameters_of(request, HttpParameters))
    if first > window.warm_up + gap:
        raise Unreadable("tool.late-start", tool=TOOL, quote=f"first request at {first}, window from {window.warm_up}")
    if last < window.end - gap:
        raise Unreadable("tool.cut-short", tool=TOOL, reached=last, wanted=window.end)


def _gap(parameters: HttpParameters) -> Duration:
    """Longest time without a new request that proves nothing: h2load sends on all connections at once."""
    if parameters.rate is None:
        return _SILENCE
    return max(_SILENCE, Duration(2 * parameters.connections / parameters.rate.si))


def _behind(request: Request, summary: LoadSummary) -> Mapping[str, int]:
    """Requests that the slowest connection is behind the fastest, if by more than a pause after the window explains.

    h2load doesn't count requests that stay without an answer: with a stated rate they show as a connection behind.
    """
    parameters = parameters_of(request, HttpParameters)
    if parameters.rate is None:
        return {}
    behind = (summary.fastest - summary.slowest) * _logged(request.window).si
    explained = parameters.rate.si / parameters.connections * TAIL.si + _ROUNDING
    return {"unanswered": round(behind)} if behind > explained else {}


def _logged(window: Window) -> Duration:
    return _MARGIN + window.duration + TAIL


def _url(request: Request) -> str:
    server = request.server
    host = f"[{server.address}]" if server.v6 else server.address
    return f"http://{host}:{server.port}/{_BODY}"


def _milliseconds(span: Duration) -> str:
    return f"{span.si * 1000:.0f}ms"


def _configuration(request: Request) -> str:
    """One process, so that ending it ends all; nothing written but what temporary folders need."""
    listen = f"[::]:{request.server.port}" if request.server.v6 else str(request.server.port)
    connections = 2 * parameters_of(request, HttpParameters).connections + _SPARE_CONNECTIONS
    return _NGINX.format(listen=listen, connections=connections)


# `user root root` keeps nginx from changing owners, which a user namespace forbids; without root it is ignored.
_NGINX = """\
daemon off;
master_process off;
user root root;
pid nginx.pid;
error_log stderr crit;
events {{ worker_connections {connections}; }}
http {{
    access_log off;
    sendfile on;
    tcp_nodelay on;
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
    open_file_cache max=4 inactive=1h;
    default_type application/octet-stream;
    client_body_temp_path client_body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    server {{
        listen {listen} backlog=4096;
        root .;
    }}
}}
"""
