"""iperf 2.1: bulk TCP over many streams, and UDP of one flow or many.

The classic 2.0 won't do: it lacks `--txstart-time`, which holds a connected client back until the instant,
and its intervals don't begin there.
"""

from __future__ import annotations

from typing import Tuple

from clearway.base.units import Duration, Rate
from clearway.engine.base import AFRESH, TAIL, Engine, Listen, Output, Tool, ToolCommand, parameters_of
from clearway.engine.iperf import Grid, buffer_flags, bulk_grid_of, datagram_of, fine_grid_of, tcp_flags, udp_flags
from clearway.engine.iperf2.rows import addresses_of_peers, without_reopened, without_strangers
from clearway.engine.iperf2.tcp import read_tcp_receiver, read_tcp_sender
from clearway.engine.iperf2.udp import read_udp_receiver, read_udp_sender
from clearway.engine.iperf2.udp_flows import read_udp_flows_receiver, read_udp_flows_sender
from clearway.probe.measurement import Measurement, Udp
from clearway.probe.parameters import TcpParameters, UdpParameters
from clearway.probe.records import Half, Request

IPERF = Tool("iperf", "iperf", ("iperf", "-v"), (2, 1, 8))
"""2.1.8 is that of Debian 12, whose rows are read here; 2.0 lacks `--txstart-time`."""

_CONNECT = Duration(-0.6)
"""Clients connect this long before the instant, so that handshakes are over when data begins. A lost SYN, which
Linux repeats after 1 s, makes the start late."""
_TCP_DRAIN = Duration(0.5)
"""How long the receiver outlives the load. What it then gets lies outside the window."""
_TCP_PATIENCE = Duration(5.0)
"""How long a client may take to give up on a path that went dead with its buffers full."""
_UDP_DRAIN = Duration(1.0)
"""Time for the last datagrams and the closing exchange, after which the receiver prints its totals."""
_UDP_PATIENCE = Duration(4.0)
"""A client asks ten times, 250 ms apart, for the receiver's totals before it gives up."""
_TCP_GRACE = Duration(0.1)
"""All rows are there by then; leaving by itself would take the receiver 0.7 s."""
_UDP_GRACE = Duration(2.0)
"""A receiver that got no closing datagram prints its totals only when it is asked to leave."""
_FORMAT = ("-e", "-f", "b")
"""Exact bytes: the default text rounds to three digits."""
_FAST, _SLOW, _LONGEST = Duration(0.01), Duration(0.02), Duration(0.5)
"""Intervals that jitter is sampled by: a receiver with few datagrams in each falls behind with rows of 10 ms,
and then answers the sender's last word so late that it is repeated many times."""
_MANY = 40
"""Datagrams in an interval that keep it in step."""
_GAPS = 4
"""Gaps between datagrams in an interval: a receiver that waits half an interval in vain counts the last one again."""


class Iperf2(Engine):
    """Both halves are needed: the receiver knows what arrived, the sender what was sent, and when."""

    name = "iperf2"
    protocols = ("tcp", "udp")
    default_for = protocols
    tools = (IPERF,)
    needs = (Half.SERVE, Half.SEND)
    many_flows = True

    def serve(self, request: Request) -> ToolCommand:
        udp = isinstance(request.parameters, UdpParameters)
        address, port = request.server.address, request.server.port
        argv = ("iperf", "-s", "-B", address, "-p", str(port), *_family(request), *_FORMAT, *_serving(request))
        return ToolCommand(
            argv=argv,
            launch=Duration(0),
            ends=request.window.end + TAIL + (_UDP_DRAIN if udp else _TCP_DRAIN),
            listen=Listen("udp" if udp else "tcp", port),
            alone_until=None if udp else _CONNECT - AFRESH,
            grace=_UDP_GRACE if udp else _TCP_GRACE,
        )

    def send(self, request: Request) -> ToolCommand:
        udp = isinstance(request.parameters, UdpParameters)
        server, load = request.server, request.window.end + TAIL
        target = ("iperf", "-c", server.address, "-p", str(server.port), *_family(request))
        when = ("-t", _seconds(load), "--txstart-time", f"{request.start:.6f}")
        return ToolCommand(
            argv=(*target, *when, *_FORMAT, *_sending(request)),
            launch=_CONNECT,
            ends=load + (_UDP_PATIENCE if udp else _TCP_PATIENCE),
            watch_start=True,
        )

    def clients(self, output: Output) -> Tuple[str, ...]:
        return addresses_of_peers(output)

    def read(self, request: Request, output: Output) -> Measurement:
        grid, serves = _grid(request), request.half is Half.SERVE
        output = without_strangers(output, request.partner or ()) if serves else output
        if isinstance(request.parameters, TcpParameters):
            return (read_tcp_receiver if serves else read_tcp_sender)(grid, request.parameters, output)
        return _read_udp(request, grid, output)


def _read_udp(request: Request, grid: Grid, output: Output) -> Udp:
    flows, datagram = parameters_of(request, UdpParameters).flows, datagram_of(request)
    if request.half is Half.SERVE:
        own = without_reopened(output)
        if flows is None:
            return read_udp_receiver(grid, datagram, own)
        return read_udp_flows_receiver(grid, datagram, flows, own)
    return read_udp_sender(datagram, output) if flows is None else read_udp_flows_sender(datagram, flows, output)


def _grid(request: Request) -> Grid:
    parameters = request.parameters
    if isinstance(parameters, UdpParameters) and parameters.flows is None:
        return fine_grid_of(request.window, _jitter_interval(parameters.rate, datagram_of(request)))
    return bulk_grid_of(request.window)


def _jitter_interval(rate: Rate, datagram: int) -> Duration:
    gap = Duration(datagram * 8 / rate.si)
    shortest = _FAST if _FAST.over(gap) >= _MANY else _SLOW
    return min(max(shortest, gap * _GAPS), _LONGEST)


def _family(request: Request) -> Tuple[str, ...]:
    return ("-V",) if request.server.v6 else ()


def _every(grid: Grid) -> Tuple[str, ...]:
    return ("-i", _seconds(grid.interval))


def _serving(request: Request) -> Tuple[str, ...]:
    parameters = request.parameters
    if isinstance(parameters, UdpParameters):
        # Without -l the receiver cuts longer datagrams off and miscounts their bytes.
        size = ("-u", "-l", str(datagram_of(request)))
        return (*_every(_grid(request)), *size, *buffer_flags(parameters.buffer))
    tcp = parameters_of(request, TcpParameters)
    return (*_every(_grid(request).fine(tcp.streams)), *buffer_flags(tcp.buffer))


def _sending(request: Request) -> Tuple[str, ...]:
    if isinstance(request.parameters, UdpParameters):
        return udp_flags(request)
    return (*_every(_grid(request)), *tcp_flags(request, "-Z"))


def _seconds(span: Duration) -> str:
    return f"{span.si:.4f}".rstrip("0").rstrip(".")
