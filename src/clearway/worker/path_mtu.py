"""How large packets to other workers may be: they are sent uncut, from the worker itself, and answered by the others.

Each packet says whose it is and how large. The answer repeats its head alone, so a small way back is enough. The socket
option that sets "don't fragment" and leaves out what the kernel has learned of a path is the one for such probes: the
kernel's memory would hide a router that reports nothing.
"""

from __future__ import annotations

import errno
import select
import socket
import struct
import threading
import time
from contextlib import ExitStack
from typing import Dict, Iterable, List, NamedTuple, Optional, Sequence, Tuple

from clearway.base.clock import Clock
from clearway.engine.base import parameters_of
from clearway.probe.measurement import PathMtus
from clearway.probe.parameters import PathMtuParameters
from clearway.probe.records import Outcome, Reason, Request, Result, family_of
from clearway.worker.mtu_sweep import Sweep

_HEAD = struct.Struct("!4s8sBHI")
"""Mark, token, question or answer, the peer's place in the sender's list, size of the IP packet."""
_MARK, _QUESTION, _ANSWER = b"CWMT", 0, 1
_ERROR = struct.Struct("=IBBBBII")
"""sock_extended_err of <linux/errqueue.h>: errno, origin, type, code, pad, info, data. Info is the size reported."""
_BUFFER = 4_000_000
"""Bytes asked of a socket: the questions of many workers come at once."""
_LARGEST = 65_535
_TICK = 0.1
"""Seconds within which a cancelled half ends."""


class _Family(NamedTuple):
    """What Linux calls things of one version of IP, in <linux/in.h> and <linux/in6.h>; Python has no names for most."""

    family: socket.AddressFamily
    level: int
    headers: int
    """Bytes of IP and UDP around a datagram."""
    everywhere: str
    on: Tuple[Tuple[int, int], ...]
    """Options and their values: MTU_DISCOVER is PMTUDISC_PROBE, RECVERR is on."""
    error: int


_FAMILIES = {
    "ipv4": _Family(socket.AF_INET, socket.IPPROTO_IP, 28, "0.0.0.0", ((10, 3), (11, 1)), 11),  # noqa: S104
    "ipv6": _Family(socket.AF_INET6, socket.IPPROTO_IPV6, 48, "::", ((26, 1), (23, 3), (25, 1), (62, 1)), 25),
}


class PathMtuHalf:
    """Serves one request: asks its peers, and answers theirs until it is cancelled or its window is over."""

    def __init__(self, request: Request, clock: Clock, cancelled: threading.Event) -> None:
        self._request, self._clock, self._cancelled = request, clock, cancelled
        self._parameters = parameters_of(request, PathMtuParameters)

    def result(self) -> Result:
        """Once all is known, or the window is over. Others are answered beyond that."""
        families = {family_of(peer.server.address) for peer in self._parameters.peers} | {
            family_of(self._request.server.address)
        }
        try:
            sockets = {name: _listening(_FAMILIES[name], self._request.server.port) for name in sorted(families)}
        except OSError:
            values = {"tool": self._parameters.kind, "port": self._request.server.port}
            return self._request.result(Outcome.TOOL_FAILED, Reason("worker.not-listening", values))
        token, ends = bytes.fromhex(self._parameters.token), time.monotonic() + self._until_end()
        _Answering(sockets, token, ends, self._cancelled).start()
        found = Asking(self._parameters, self._request.window.warm_up.si).found(ends, self._cancelled)
        if self._cancelled.is_set():
            return self._request.result(Outcome.NOT_RUN, Reason("worker.cancelled"))
        return self._request.result(Outcome.MEASURED, measurement=found)

    def _until_end(self) -> float:
        return self._clock.until(self._request.start) + self._request.window.end.si


def _listening(family: _Family, port: int) -> socket.socket:
    one = socket.socket(family.family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    try:
        if family.family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        one.bind((family.everywhere, port))
    except OSError:
        one.close()
        raise
    return one


class _Answering(threading.Thread):
    """Answers what carries the token, until the instant or until it is cancelled."""

    def __init__(
        self, sockets: Dict[str, socket.socket], token: bytes, ends: float, cancelled: threading.Event
    ) -> None:
        super().__init__(name="answers", daemon=True)
        self._sockets = {one.fileno(): (one, _FAMILIES[name].headers) for name, one in sockets.items()}
        self._token, self._ends, self._cancelled = token, ends, cancelled

    def run(self) -> None:
        poll = select.poll()
        for descriptor in self._sockets:
            poll.register(descriptor, select.POLLIN)
        while not self._cancelled.is_set() and time.monotonic() < self._ends:
            for descriptor, _ in poll.poll(_TICK * 1000):
                self._answer_all(*self._sockets[descriptor])
        for one, _ in self._sockets.values():
            one.close()

    def _answer_all(self, one: socket.socket, headers: int) -> None:
        while (came := _received(one)) is not None:
            data, sender = came
            head = _head(data, self._token)
            if head is not None and head.kind == _QUESTION and head.size == len(data) + headers:
                _send(one, _HEAD.pack(_MARK, self._token, _ANSWER, head.peer, head.size), sender)


class _Head(NamedTuple):
    kind: int
    peer: int
    size: int


def _head(data: bytes, token: bytes) -> Optional[_Head]:
    """None of what is not of this run."""
    if len(data) < _HEAD.size:
        return None
    mark, found, *rest = _HEAD.unpack_from(data)
    return _Head(*rest) if (mark, found) == (_MARK, token) else None


def _received(one: socket.socket) -> Optional[Tuple[bytes, Tuple[object, ...]]]:
    """None once nothing is left, or where the kernel says instead that an earlier packet came to nothing."""
    try:
        return one.recvfrom(_LARGEST)
    except OSError:
        return None


def _sent(one: socket.socket, data: bytes, to: Tuple[object, ...]) -> bool:
    try:
        one.sendto(data, to)
    except OSError:
        return False
    return True


def _send(one: socket.socket, data: bytes, to: Tuple[object, ...]) -> None:
    """The kernel may refuse once because of an earlier packet that came to nothing. Refused twice is a lost try."""
    if not _sent(one, data, to):
        _sent(one, data, to)


class Asking:
    """Asks all peers at once, at most at the rate asked for, and gathers answers and reports."""

    def __init__(self, parameters: PathMtuParameters, patience: float) -> None:
        self._peers, self._token = parameters.peers, bytes.fromhex(parameters.token)
        self._pace = 8 / parameters.rate.si
        now = time.monotonic()
        self._sweeps = [Sweep(peer.most, now, patience) for peer in self._peers]
        self._ready = now
        """When the next packet may be sent."""
        self._sockets: Dict[str, socket.socket] = {}

    def found(self, ends: float, cancelled: threading.Event) -> PathMtus:
        with ExitStack() as stack:
            for name in sorted({family_of(peer.server.address) for peer in self._peers}):
                self._sockets[name] = stack.enter_context(_asking(_FAMILIES[name]))
            while not cancelled.is_set() and (now := time.monotonic()) < ends:
                self._hear()  # all that came before `now`: nothing is given up whose answer waits to be read
                if not self._open:
                    break
                self._ask(now)
                self._wait(min(ends, now + _TICK))
        return PathMtus(tuple(sweep.found for sweep in self._sweeps))

    @property
    def _open(self) -> List[Sweep]:
        return [sweep for sweep in self._sweeps if not sweep.over]

    def _ask(self, now: float) -> None:
        for number, sweep in enumerate(self._sweeps):
            if self._ready > now:
                return
            for size in sweep.due(now):
                self._send(number, size)
                self._ready = max(self._ready, now) + size * self._pace

    def _send(self, number: int, size: int) -> None:
        peer = self._peers[number]
        family = _FAMILIES[family_of(peer.server.address)]
        head = _HEAD.pack(_MARK, self._token, _QUESTION, number, size)
        data = head.ljust(size - family.headers, b"\0")
        _send(self._sockets[family_of(peer.server.address)], data, (peer.server.address, peer.server.port))

    def _wait(self, until: float) -> None:
        """For what comes, at most until something is due to be sent."""
        due = min((sweep.next_at for sweep in self._open), default=until)
        wait = max(0.0, min(until, max(due, self._ready)) - time.monotonic())
        poll = select.poll()
        for one in self._sockets.values():
            poll.register(one, select.POLLIN)
        poll.poll(wait * 1000)

    def _hear(self) -> None:
        self._hear_reports()
        for one in self._sockets.values():
            while (came := _received(one)) is not None:
                head = _head(came[0], self._token)
                if head is not None and head.kind == _ANSWER and head.peer < len(self._sweeps):
                    self._sweeps[head.peer].answered(head.size, time.monotonic())

    def _hear_reports(self) -> None:
        for name, one in self._sockets.items():
            for address, port, most in _reports(one, _FAMILIES[name]):
                for peer, sweep in zip(self._peers, self._sweeps):
                    if (peer.server.address, peer.server.port) == (address, port):
                        sweep.refused(most, time.monotonic())


def _asking(family: _Family) -> socket.socket:
    one = socket.socket(family.family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    for option, value in family.on:
        one.setsockopt(family.level, option, value)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
    return one


def _reports(one: socket.socket, family: _Family) -> Iterable[Tuple[str, int, int]]:
    """Address and port that packets were sent to, and how large they may be at most, of each report that is waiting."""
    while True:
        try:
            _, extra, _, sent_to = one.recvmsg(_HEAD.size, 512, socket.MSG_ERRQUEUE)
        except OSError:
            return
        if (most := _size_in(extra, family)) is not None:
            yield sent_to[0], sent_to[1], most


def _size_in(extra: Sequence[Tuple[int, int, bytes]], family: _Family) -> Optional[int]:
    for level, kind, data in extra:
        if (level, kind) == (family.level, family.error) and len(data) >= _ERROR.size:
            number, _, _, _, _, info, _ = _ERROR.unpack_from(data)
            return int(info) if number == errno.EMSGSIZE else None
    return None
