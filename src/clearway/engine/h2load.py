"""HTTP over TCP: h2load asks, nginx answers; every request's time is read from h2load's raw log.

h2load reports neither a refused connection nor a server that dies: what it measured has to be found in the log. It
runs without a warm-up of its own, because what it sends in one is in no log, and connections made in one are not timed.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Optional

from clearway.base.errors import Unreadable
from clearway.base.units import Duration
from clearway.engine.answers import Answers
from clearway.engine.base import TAIL, Engine, Listen, Output, Tool, ToolCommand, check_server, failed, parameters_of
from clearway.engine.h2load_log import TOOL, LoadSummary, RequestLog, summary_of
from clearway.engine.h2load_pacing import Schedule, ScheduledRequest
from clearway.probe.histogram import Histogram
from clearway.probe.measurement import Connecting, Http
from clearway.probe.parameters import HttpParameters
from clearway.probe.records import Half, Request

H2LOAD = Tool(TOOL, "nghttp2-client", (TOOL, "--version"), (1, 44))
"""1.44 brought `--rps`; the log of requests is older."""
NGINX = Tool("nginx", "nginx-light", ("nginx", "-v"), (1, 19, 5))
"""1.19.5 brought `-e`, which keeps it from opening a log of the system."""

_LEAD = Duration(0.3)
"""Requests flow this long before the instant, so that the load is there at it: 15 times what spawning takes."""
_LATE = Duration(0.15)
"""A start as late as this still lies before the window. Spawning takes 12 to 20 ms on the lab."""
_PATIENCE = Duration(3.0)
"""Time to exit after the load. It took 20 ms (h2load 1.52), even from a server that had stopped answering: the rest is
for a busy machine and a log of millions of rows."""
_DRAIN = Duration(0.5)
"""The server listens this much longer than the load, so that the client's lateness never meets a closed port."""
_SILENCE = Duration(0.1)
"""Without a stated rate each connection sends again as soon as it is answered: all of them silent for so long at the
end means that h2load did not run, or lost its server."""
_TRIED_AGAIN = Duration(0.9)
"""A connection that took this much longer than another lost its first packet: Linux sends it again after 1 s."""
_SPARE_CONNECTIONS = 1024
"""For strangers, and for nginx's own sockets. Where there are more, nginx closes those first that wait the longest for
a request, and strangers' are closed soon."""
_LOG, _CONFIGURATION, _SERVED = "requests.tsv", "nginx.conf", "served"


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
            files={_CONFIGURATION: _configuration(request), f"{_SERVED}/{_name(request)}": body},
            listen=Listen("tcp", request.server.port),
        )

    def send(self, request: Request) -> ToolCommand:
        parameters, window = parameters_of(request, HttpParameters), request.window
        clients = ("-c", str(parameters.connections), "-t", str(min(parameters.threads, parameters.connections)))
        # `--rps` is the rate of one connection (man h2load).
        rate = None if parameters.rate is None else parameters.rate.si / parameters.connections
        pace = () if rate is None else ("--rps", f"{rate:.6g}")
        length = ("-D", _milliseconds(_LEAD + window.end + TAIL))
        return ToolCommand(
            argv=(TOOL, "--h1", *clients, *pace, *length, "--log-file", _LOG, _url(request)),
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
        log = RequestLog(Path(output.files[_LOG]), request.start, request.window.end + TAIL + _PATIENCE)
        paced = parameters_of(request, HttpParameters).rate is not None
        found = (_from_due if paced else _from_sending)(request, log, summary).record(summary.connecting)
        _check(request, log, summary)
        return found


def _from_due(request: Request, log: RequestLog, summary: LoadSummary) -> Answers:
    """With a stated rate, a request counts from the instant at which it was due, sent or not."""
    parameters = parameters_of(request, HttpParameters)
    assert parameters.rate is not None
    rows, stop = log.by_start(), (request.window.end + TAIL).si
    begin = log.first if log.rows else Duration(0) - _LEAD
    period = parameters.connections / parameters.rate.si
    schedule = Schedule(begin.si, period, parameters.connections, _settling(summary.connecting))
    answers = Answers(request.window, stop, scheduled=True)
    for asked in schedule.requests(rows):
        answers.take(asked)
    for due in schedule.unanswered(stop):
        answers.take_unanswered(due)
    return answers


def _settling(connecting: Optional[Connecting]) -> float:
    spread = (connecting.most - connecting.least).si if connecting else 0.0
    return spread if spread < _TRIED_AGAIN.si else 0.0


def _from_sending(request: Request, log: RequestLog, summary: LoadSummary) -> Answers:
    """Without a rate each connection asks again once it is answered: a request is due when it is sent."""
    stop = (request.window.end + TAIL).si
    last, answers = 0.0, Answers(request.window, stop, scheduled=False)
    for row in log.as_written():
        last = max(last, row.end)
        answers.take(ScheduledRequest(row.start, row.end, row.status, waited=False))
    if last < (request.window.end - _SILENCE).si:
        raise Unreadable("tool.cut-short", tool=TOOL, reached=Duration(last), wanted=request.window.end)
    return answers


def _check(request: Request, log: RequestLog, summary: LoadSummary) -> None:
    """Raise Unreadable unless the log is whole, and h2load began before the window, however long connecting took."""
    if log.rows != summary.done:
        raise Unreadable("tool.cut-short", tool=TOOL, reached=log.last, wanted=request.window.end)
    began = log.first - (summary.connecting.least if summary.connecting else Duration(0))
    if log.rows and began > request.window.warm_up + _LATE:
        quote = f"first request at {log.first}, window from {request.window.warm_up}"
        raise Unreadable("tool.late-start", tool=TOOL, quote=quote)


def _url(request: Request) -> str:
    return f"http://{_authority(request)}/{_name(request)}"


def _name(request: Request) -> str:
    """What only the partner asks for. By this name nginx knows it, also where its address is translated on the way."""
    return sha256(f"{request.round} {request.probe} {request.attempt}".encode()).hexdigest()[:16]


def _authority(request: Request) -> str:
    server = request.server
    return f"[{server.address}]:{server.port}" if server.v6 else f"{server.address}:{server.port}"


def _milliseconds(span: Duration) -> str:
    return f"{span.si * 1000:.0f}ms"


def _configuration(request: Request) -> str:
    """One process, so that ending it ends all; nothing written but what temporary folders need."""
    connections = 2 * parameters_of(request, HttpParameters).connections + _SPARE_CONNECTIONS
    return _NGINX.format(listen=_authority(request), connections=connections, name=_name(request), served=_SERVED)


# `user root root` keeps nginx from changing owners, which a user namespace forbids; without root it is ignored.
# A connection without a request is closed after some seconds: a lost packet, sent again after 1 s and 3 s, still comes.
# 444 closes a connection without an answer.
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
        root {served};
        client_header_timeout 5s;
        location = /{name} {{ }}
        location / {{ return 444; }}
    }}
}}
"""
