"""What TCP knows of a probe's sockets, read from real ones."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from typing import Any

import pytest

from clearway.base.units import Rate
from clearway.probe.codec import of
from clearway.probe.measurement import TcpSockets
from clearway.probe.parameters import UdpParameters
from clearway.probe.records import Endpoint, Half, Request
from clearway.worker import sock_diag
from clearway.worker.sending_sockets import SendingSockets, together
from making import request


@pytest.fixture
def held() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def port(held: ExitStack) -> int:
    """A server that reads nothing."""
    server = held.enter_context(socket.create_server(("127.0.0.1", 0)))
    found: int = server.getsockname()[1]
    return found


def asked(port: int, half: Half = Half.SEND, **changed: Any) -> Request:
    return request(half, **{"server": Endpoint("127.0.0.1", port), **changed})


def sending(held: ExitStack, port: int) -> socket.socket:
    """All that fits into the buffers on the way is on the way."""
    found = held.enter_context(socket.create_connection(("127.0.0.1", port)))
    found.setblocking(False)
    with suppress(BlockingIOError):
        while True:
            found.send(bytes(65_536))
    return found


def test_a_receiver_that_reads_nothing_is_what_the_sender_waits_for(held: ExitStack, port: int) -> None:
    sending(held, port)
    seen = None
    looking = SendingSockets(asked(port))
    while seen is None or seen.receiver_limited.si < 0.2:
        time.sleep(0.05)
        looking._next = 0.0
        looking.look()
        seen = looking.seen
    assert seen.sockets == 1
    assert seen.segments > 0
    assert seen.receiver_limited <= seen.busy
    assert seen.receiver_limited.over(seen.busy) > seen.buffer_limited.over(seen.busy)
    assert seen.segment.si <= seen.path_mtu.si
    assert 0 < seen.least_round_trip.si <= 1
    assert of(TcpSockets).decode(of(TcpSockets).encode(seen)) == seen


def test_what_was_seen_last_stays_when_the_socket_is_closed(held: ExitStack, port: int) -> None:
    sender = sending(held, port)
    looking = SendingSockets(asked(port))
    looking.look()
    sender.close()
    looking._next = 0.0
    looking.look()
    assert looking.seen is not None


def test_sockets_of_other_servers_and_halves_are_not_counted(held: ExitStack, port: int) -> None:
    sending(held, port)
    others = (
        asked(port - 1),
        asked(port, server=Endpoint("127.0.0.2", port)),
        asked(port, half=Half.SERVE),
        asked(port, parameters=UdpParameters(Rate(1e6))),
    )
    for one in others:
        looking = SendingSockets(one)
        looking.look()
        assert looking.seen is None


def test_a_look_is_not_repeated_at_once(held: ExitStack, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    looking = SendingSockets(asked(port))
    looking.look()
    monkeypatch.setattr(sock_diag, "find", None)
    looking.look()


def test_a_kernel_that_can_not_be_asked_leaves_it_unknown(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(query: object) -> list[object]:
        raise OSError(93, "Protocol not supported")

    monkeypatch.setattr(sock_diag, "find", refuse)
    looking = SendingSockets(asked(port))
    looking.look()
    assert looking.seen is None
    assert together([]) is None
