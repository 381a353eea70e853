"""What a worker finds out about the ports of its network."""

from __future__ import annotations

import socket
from contextlib import ExitStack, suppress

import pytest

from clearway.probe.records import Endpoint
from clearway.worker.network import SocketDrops, free_ports, unanswered
from sharing import place


def test_workers_that_share_a_network_are_given_different_ports() -> None:
    first, second = free_ports(128), free_ports(128, after=128)
    assert len(first) == len(second) == 128
    assert not set(first) & set(second)


def test_a_port_that_is_taken_is_not_announced() -> None:
    (port,) = free_ports(1)
    with socket.create_server(("", port)):
        assert port not in free_ports(128)


def receiver(port: int, buffer: int | None = None, *, shared: bool = False) -> socket.socket:
    found = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    if shared:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if buffer is not None:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    found.bind(("127.0.0.1", port))
    return found


def send(port: int, count: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(count):
            sender.sendto(bytes(1000), ("127.0.0.1", port))


def waiting(held: socket.socket) -> int:
    """Datagrams in a socket's buffer."""
    held.setblocking(False)
    count = 0
    with suppress(BlockingIOError):
        while held.recv(2000):
            count += 1
    return count


def test_what_a_full_socket_drops_is_counted_for_its_port_alone() -> None:
    own, foreign = free_ports(2, after=2000 + 2 * place())
    drops = SocketDrops(own)
    with receiver(own, 4096) as full, receiver(foreign, 2048):
        send(own, 100)
        send(foreign, 100)
        drops.sample()
        assert drops.total == 100 - waiting(full) > 0


def test_the_count_of_a_closed_socket_is_kept_and_added_to_the_next_ones() -> None:
    (port,) = free_ports(1, after=2000 + 2 * place())
    drops = SocketDrops(port)
    kept = 0
    for _ in range(2):
        with receiver(port, 2048, shared=True) as full:
            send(port, 50)
            drops.sample()
            drops.sample()
            kept += waiting(full)
    drops.sample()
    assert drops.total == 100 - kept > 0


def test_a_socket_that_was_never_seen_has_no_count() -> None:
    (port,) = free_ports(1, after=2000 + 2 * place())
    drops = SocketDrops(port)
    drops.sample()
    assert drops.total is None
    with receiver(port):
        drops.sample()
    assert drops.total == 0


@pytest.mark.parametrize(("family", "address"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_connections_without_an_answer_are_counted_apart(family: socket.AddressFamily, address: str) -> None:
    """A server whose queue is full leaves the next ones unanswered."""
    with socket.socket(family) as server:
        server.bind((address, 0))
        server.listen(0)
        endpoint = Endpoint(address, server.getsockname()[1])
        with ExitStack() as clients:
            for _ in range(4):
                client = clients.enter_context(socket.socket(family))
                client.setblocking(False)
                client.connect_ex((address, endpoint.port))
            assert 0 < unanswered(endpoint) < 4
    assert unanswered(endpoint) == 0


def test_a_connection_without_an_answer_is_counted_for_its_own_server_alone() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server, ExitStack() as clients:
        port = server.getsockname()[1]
        for _ in range(4):
            client = clients.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
        assert unanswered(Endpoint("127.0.0.1", port)) > 0
        assert unanswered(Endpoint("127.0.0.2", port)) == 0
        assert unanswered(Endpoint("127.0.0.1", port - 1)) == 0
