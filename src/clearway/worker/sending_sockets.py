"""What TCP knows of the connections of a send half to its server: what each waited for, and what it sent again."""

from __future__ import annotations

import struct
import time
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from statistics import median
from typing import Callable, Dict, List, Optional

from clearway.base.units import Duration, Rate, Size
from clearway.probe.measurement import TcpSockets
from clearway.probe.parameters import TcpParameters
from clearway.probe.records import Half, Request
from clearway.worker import sock_diag
from clearway.worker.sock_diag import ESTABLISHED, Query

_PAUSE = 0.5
"""Seconds between looks, at least: all that is read are running totals."""
_SHARE = 300
"""A look takes at most one part in so many of a core: the kernel goes through all its sockets."""
_MICROSECOND = 1e-6
_KNOWN = struct.Struct("=16xI40xI4xI8xI16xI44xI4xIQQQQ")
"""From the begin of linux/tcp.h's `struct tcp_info`, of Linux 4.10 and later."""
_FIELDS = (
    "segment",
    "path_mtu",
    "round_trip",
    "window",
    "sent_again",
    "least_round_trip",
    "segments",
    "delivery_rate",
    "busy",
    "receiver_limited",
    "buffer_limited",
)
_IN_USE = 0.1
"""Share of the segments of the socket that sent most: a tool's control connection sends fewer."""


@dataclass(frozen=True)
class _TcpInfo:
    """Of one socket. Sizes in byte, times in microseconds, the window in segments, the rate in byte per second."""

    segment: int
    path_mtu: int
    round_trip: int
    window: int
    sent_again: int
    least_round_trip: int
    segments: int
    delivery_rate: int
    busy: int
    receiver_limited: int
    buffer_limited: int


class SendingSockets:
    """Looks are taken while the tool runs: the kernel forgets a socket as it is closed.

    A half that sends no bulk TCP has none.
    """

    def __init__(self, request: Request) -> None:
        self._sends = request.half is Half.SEND and isinstance(request.parameters, TcpParameters)
        self._server = ip_address(request.server.address)
        self._query = Query("tcp", request.server.port, frozenset((ESTABLISHED,)), remote=True, info=True)
        self._last: Dict[int, _TcpInfo] = {}
        self._next = 0.0

    def look(self) -> None:
        """Read all of them, unless the last look was a moment ago."""
        begun, used = time.monotonic(), time.thread_time()
        if not self._sends or begun < self._next:
            return
        with suppress(OSError):
            for one in sock_diag.find(self._query):
                if one.end.address == self._server and len(one.info) >= _KNOWN.size:
                    self._last[one.inode] = info_of(one.info)
        self._next = begun + max(_PAUSE, _SHARE * (time.thread_time() - used))

    @property
    def seen(self) -> Optional[TcpSockets]:
        """All that were seen together, by the last look at each; None: none was, or this kernel does not say."""
        return together(list(self._last.values()))


def info_of(packed: bytes) -> _TcpInfo:
    """The kernel's `struct tcp_info`, which grows at its end."""
    return _TcpInfo(**dict(zip(_FIELDS, _KNOWN.unpack_from(packed))))


def together(sockets: List[_TcpInfo]) -> Optional[TcpSockets]:
    """Sums, but for what each has by itself: that is of the median one."""
    most = max((one.segments for one in sockets), default=0)
    used = [one for one in sockets if one.segments and one.segments >= _IN_USE * most]
    if not used:
        return None

    def total(part: Callable[[_TcpInfo], int]) -> int:
        return sum(map(part, used))

    def middle(part: Callable[[_TcpInfo], int]) -> float:
        return median(map(part, used))

    return TcpSockets(
        sockets=len(used),
        segments=total(lambda one: one.segments),
        sent_again=total(lambda one: one.sent_again),
        busy=Duration(total(lambda one: one.busy) * _MICROSECOND),
        receiver_limited=Duration(total(lambda one: one.receiver_limited) * _MICROSECOND),
        buffer_limited=Duration(total(lambda one: one.buffer_limited) * _MICROSECOND),
        round_trip=Duration(middle(lambda one: one.round_trip) * _MICROSECOND),
        least_round_trip=Duration(min(one.least_round_trip for one in used) * _MICROSECOND),
        window=Size(middle(lambda one: one.window * one.segment)),
        segment=Size(middle(lambda one: one.segment)),
        path_mtu=Size(middle(lambda one: one.path_mtu)),
        delivery_rate=Rate(total(lambda one: one.delivery_rate) * 8),
    )
