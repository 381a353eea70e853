"""Who came to a served port, by the kernel's own tables."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

from clearway.engine.base import Listen
from clearway.worker.network import free_ports
from clearway.worker.served_port import ServedPort
from sharing import place

PARTNER, STRANGER = "127.0.0.1", "127.0.0.2"


@contextmanager
def server() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@contextmanager
def connected(port: int, *addresses: str) -> Iterator[None]:
    with ExitStack() as held:
        for address in addresses:
            held.enter_context(socket.create_connection(("127.0.0.1", port), source_address=(address, 0)))
        yield


@contextmanager
def watching(port: int, partner: tuple[str, ...] | None = (PARTNER,), transport: str = "tcp") -> Iterator[ServedPort]:
    with closing(ServedPort(Listen(transport, port), partner)) as watched:
        yield watched


@contextmanager
def watching_server() -> Iterator[tuple[ServedPort, socket.socket]]:
    with socket.create_server(("127.0.0.1", 0)) as listening, watching(listening.getsockname()[1]) as watched:
        yield watched, listening


def known(watched: ServedPort) -> tuple[str, ...]:
    """The kernel says it a moment after it closed a socket."""
    until = time.monotonic() + 5
    while not (found := watched.strangers()) and time.monotonic() < until:
        time.sleep(0.001)
    return found


def seen(*addresses: str, partner: tuple[str, ...] | None = (PARTNER,), reported: tuple[str, ...] = ()) -> list[str]:
    with server() as port, watching(port, partner) as watched, connected(port, *addresses):
        watched.look_at_connected()
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
    with server() as port, watching(port) as watched:
        with connected(port, PARTNER):
            assert not watched.is_taken()
        with connected(port, STRANGER):
            assert watched.is_taken()
        assert watched.strangers() == (STRANGER,), "before the instant the partner is not there yet"
        assert watched.in_the_way(()) == (), "none came after that"


def test_one_that_came_and_went_between_two_looks_is_named() -> None:
    """The kernel says whom it forgets."""
    with watching_server() as (watched, listening):
        for address in (STRANGER, PARTNER):
            with connected(listening.getsockname()[1], address):
                listening.accept()[0].close()
        assert known(watched) == (STRANGER,)


def test_one_that_an_earlier_tool_on_the_port_left_is_no_stranger() -> None:
    """Its client has yet to close its end, which it does while the next tool is served."""
    with socket.create_server(("127.0.0.1", 0)) as listening, ExitStack() as held:
        port = listening.getsockname()[1]
        held.enter_context(connected(port, "127.0.0.9"))
        listening.accept()[0].close()
        with watching(port) as watched:
            held.close()
            with connected(port, PARTNER, STRANGER):
                for _ in range(2):
                    listening.accept()[0].close()
            assert known(watched) == (STRANGER,)


def test_one_that_was_never_accepted_is_named() -> None:
    """It had a place in the queue of a server that hears one at a time."""
    with watching_server() as (watched, listening), connected(listening.getsockname()[1], PARTNER, STRANGER):
        listening.close()
        assert known(watched) == (STRANGER,)


def test_one_for_which_a_server_was_started_afresh_is_not_in_the_way_of_the_next() -> None:
    with watching_server() as (watched, listening), connected(listening.getsockname()[1], STRANGER):
        assert watched.is_taken()
        listening.close()
        watched.count_as_early()
        assert watched.in_the_way(()) == ()
        assert watched.strangers() == (STRANGER,)


def test_others_are_in_the_way_unless_the_partner_was_served() -> None:
    with server() as port, watching(port) as watched, connected(port, STRANGER):
        watched.look_at_connected()
        assert watched.in_the_way(()) == (STRANGER,)
        assert watched.in_the_way(("127.0.0.9",)) == (STRANGER, "127.0.0.9")
        assert watched.in_the_way((STRANGER, PARTNER)) == ()


def test_a_connection_to_another_port_is_nothing() -> None:
    with server() as port, watching(port + 1) as watched:
        with connected(port, PARTNER, STRANGER):
            watched.look_at_connected()
        assert watched.strangers() == ()


def test_a_datagram_socket_that_is_tied_to_a_sender_shows_it() -> None:
    """As iperf's server makes one for each client; one that takes from all shows nothing."""
    (port,) = free_ports(1, after=4100 + place())
    with watching(port, transport="udp") as watched:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
            listening.bind((PARTNER, port))
            assert not watched.is_taken()
            listening.connect((STRANGER, 9))
            watched.look_at_connected()
        assert watched.strangers((PARTNER,)) == (STRANGER,)
