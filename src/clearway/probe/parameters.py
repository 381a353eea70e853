"""What a probe is asked to do: one record a protocol, and the time window that all share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Optional, Tuple, Union

from clearway.base.units import Duration, Frequency, Rate, Size
from clearway.probe.json_values import Address, Mtu, Port


@dataclass(frozen=True)
class Window:
    """When to look: `warm_up` after the instant until `warm_up + duration` after it."""

    warm_up: Duration
    duration: Duration

    @cached_property
    def end(self) -> Duration:
        """Time from the instant to the end of the load."""
        return self.warm_up + self.duration


@dataclass(frozen=True)
class TcpParameters:
    """Bulk TCP."""

    kind = "tcp"

    streams: int
    congestion: Optional[str] = None
    """Congestion control to pin, e.g. `cubic`; None leaves the machine's own."""
    buffer: Optional[Size] = None
    """Socket buffer asked for on both ends; None leaves the kernel's autotuning."""
    rate: Optional[Rate] = None
    """What all streams together send at most, payload; None: as fast as the path carries it."""


@dataclass(frozen=True)
class UdpParameters:
    """UDP at a fixed rate, below the link's."""

    kind = "udp"

    rate: Rate
    datagram: Optional[Size] = None
    """Payload of a datagram; None is the path's MTU less the headers, filled in when the round is handed out."""
    buffer: Size = Size(4_000_000)
    """Socket buffer asked for on both ends: the default 208 KB drops at 1 Gbit/s inside the host."""
    flows: Optional[int] = None
    """Sockets that share the rate, each with a port of its own: what spreads load by ports sees as many flows. None is
    one flow, which is not counted by itself."""


@dataclass(frozen=True)
class HttpParameters:
    """HTTP/1.1 GET over keep-alive connections."""

    kind = "http"

    connections: int
    body: Size
    rate: Optional[Frequency] = None
    """Requests per second over all connections; None is a closed loop: as many as go."""
    threads: int = 1


@dataclass(frozen=True)
class RoundTripParameters:
    """Small messages sent back and forth one at a time."""

    kind = "round-trip"

    message: Size
    transport: str = "tcp"
    """`tcp` or `udp`."""


@dataclass(frozen=True)
class Endpoint:
    address: Address
    port: Port

    @property
    def v6(self) -> bool:
        return ":" in self.address


@dataclass(frozen=True)
class PathMtuPeer:
    """Another worker."""

    server: Endpoint
    """Where it answers."""
    most: Mtu
    """The largest IP packet that is tried, in byte: as large as both interfaces allow."""


@dataclass(frozen=True)
class PathMtuParameters:
    """The largest packet that reaches each of these peers; their packets are answered meanwhile. In no file: workers
    are asked so before the first round.
    """

    kind = "path-mtu"

    token: str
    """16 hexadecimal digits that all packets of the run carry: others are not answered."""
    peers: Tuple[PathMtuPeer, ...]
    rate: Rate
    """What the worker sends at most."""


Parameters = Union[TcpParameters, UdpParameters, HttpParameters, RoundTripParameters, PathMtuParameters]


def transport_of(parameters: Parameters) -> str:
    """`tcp` or `udp`: what carries it."""
    if isinstance(parameters, RoundTripParameters):
        return parameters.transport
    return "udp" if isinstance(parameters, UdpParameters) else "tcp"


def connections_of(parameters: Parameters) -> int:
    """TCP connections that a probe asks for."""
    if isinstance(parameters, TcpParameters):
        return parameters.streams
    return parameters.connections if isinstance(parameters, HttpParameters) else 1
