"""Who came to a served port, by the kernel's own tables."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from clearway.engine.base import Listen
from clearway.worker.network import free_ports
from clearway.worker.served_port import ServedPort
from sharing import place

PARTNER, STRANGER = "127.0.0.1", "127.0.0.2"


@contextmanager
def server() -> Iterator[int]:
    (port,) = free_ports(1, after=4000 + place())
    with socket.create_server(("127.0.0.1", port)):
        yield port


@contextmanager
def connected(port: int, *addresses: str) -> Iterator[None]:
    with ExitStack() as held:
        for address in addresses:
            held.enter_context(socket.create_connection(("127.0.0.1", port), source_address=(address, 0)))
        yield


def seen(*addresses: str, partner: tuple[str, ...] | None = (PARTNER,), reported: tuple[str, ...] = ()) -> list[str]:
    with server() as port, connected(port, *addresses):
        watched = ServedPort(Listen("tcp", port), partner)
        watched.look()
        return list(watched.strangers(reported))


def test_who_else_is_connected_is_named() -> None:
    assert seen(PARTNER, STRANGER) == [STRANGER]
    assert seen(PARTNER) == []


def test_one_that_the_kernel_has_forgotten_is_named_by_what_the_tool_reported() -> None:
    assert seen(PARTNER, reported=("127.0.0.9%lo", "nonsense")) == ["127.0.0.9"]


def test_where_the_partner_was_not_seen_its_address_may_be_translated() -> None:
    assert seen(STRANGER) == []
    assert seen(PARTNER, STRANGER, partner=None) == []


def test_only_so_many_are_named() -> None:
    assert len(seen(PARTNER, *(f"127.0.1.{number}" for number in range(1, 20)))) == 8


def test_a_place_is_taken_by_another_than_the_partner_and_free_again_without_it() -> None:
    with server() as port:
        watched = ServedPort(Listen("tcp", port), (PARTNER,))
        with connected(port, PARTNER):
            assert not watched.is_taken()
        with connected(port, STRANGER):
            assert watched.is_taken()
        assert watched.strangers() == (STRANGER,), "before the instant the partner is not there yet"
        assert watched.in_the_way(()) == (), "none came after that"


def test_others_are_in_the_way_unless_the_partner_was_served() -> None:
    with server() as port, connected(port, STRANGER):
        watched = ServedPort(Listen("tcp", port), (PARTNER,))
        watched.look()
        assert watched.in_the_way(()) == (STRANGER,)
        assert watched.in_the_way(("127.0.0.9",)) == (STRANGER, "127.0.0.9")
        assert watched.in_the_way((STRANGER, PARTNER)) == ()


def test_a_connection_to_another_port_is_nothing() -> None:
    with server() as port, connected(port, PARTNER, STRANGER):
        watched = ServedPort(Listen("tcp", port + 1), (PARTNER,))
        watched.look()
        assert watched.strangers() == ()


def test_a_datagram_socket_that_is_tied_to_a_sender_shows_it() -> None:
    """As iperf's server makes one for each client; one that takes from all shows nothing."""
    (port,) = free_ports(1, after=4100 + place())
    watched = ServedPort(Listen("udp", port), (PARTNER,))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind((PARTNER, port))
        assert not watched.is_taken()
        listening.connect((STRANGER, 9))
        watched.look()
    assert watched.strangers((PARTNER,)) == (STRANGER,)
