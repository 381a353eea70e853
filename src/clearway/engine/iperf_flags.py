"""The flags that iperf 2 and iperf 3 have in common."""

from __future__ import annotations

from typing import Optional, Tuple

from clearway.base.errors import InternalError
from clearway.base.units import Size
from clearway.engine.reading import parameters_of
from clearway.probe.parameters import TcpParameters, UdpParameters
from clearway.probe.records import Request


def datagram_of(request: Request) -> int:
    """Payload bytes of a datagram. Raises InternalError for a request without one."""
    parameters = request.parameters
    if not isinstance(parameters, UdpParameters) or parameters.datagram is None:
        raise InternalError("engine.no-datagram-size", probe=request.probe)
    return int(parameters.datagram.si)


def udp_flags(request: Request) -> Tuple[str, ...]:
    """Of the sender."""
    parameters = parameters_of(request, UdpParameters)
    rate = ("-b", f"{parameters.rate.si:.0f}", "-l", str(datagram_of(request)))
    return ("-u", *rate, *buffer_flags(parameters.buffer))


def tcp_flags(request: Request, congestion_flag: str) -> Tuple[str, ...]:
    """Of the sender. `-b` is the rate of one stream, so each gets its part."""
    parameters = parameters_of(request, TcpParameters)
    congestion = () if parameters.congestion is None else (congestion_flag, parameters.congestion)
    pace = () if parameters.rate is None else ("-b", f"{parameters.rate.si / parameters.streams:.0f}")
    return ("-P", str(parameters.streams), *pace, *congestion, *buffer_flags(parameters.buffer))


def buffer_flags(size: Optional[Size]) -> Tuple[str, ...]:
    return () if size is None else ("-w", f"{size.si:.0f}")
