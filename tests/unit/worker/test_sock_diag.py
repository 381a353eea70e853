"""Sockets by netlink and by /proc: the same answer, from real sockets."""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest

from clearway.engine.base import Listen
from clearway.probe.records import Endpoint
from clearway.worker import sock_diag
from clearway.worker.network import SocketDrops, free_ports, in_tables, is_open, peers, sockets, unanswered
from clearway.worker.sock_diag import ASKING, ESTABLISHED, LEFT, LISTENING, Closings, Query, find
from sharing import place

HOME = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}
FAMILIES = pytest.mark.parametrize("family", HOME, ids=["ipv4", "ipv6"])


@pytest.fixture
def held() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture(params=["netlink", "proc"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the kernel is asked, and where it can't be, as in gVisor."""

    def refuse(query: Query) -> list[sock_diag.Socket]:
        raise OSError(93, "Protocol not supported")

    if request.param == "proc":
        monkeypatch.setattr(sock_diag, "find", refuse)
    else:
        monkeypatch.setattr("clearway.worker.network.in_tables", None)


def server(held: ExitStack, family: socket.AddressFamily, backlog: int = 5) -> tuple[socket.socket, int]:
    listening = held.enter_context(socket.create_server((HOME[family], 0), family=family, backlog=backlog))
    return listening, listening.getsockname()[1]


def client(held: ExitStack, family: socket.AddressFamily, port: int) -> socket.socket:
    found = held.enter_context(socket.socket(family))
    found.settimeout(5)
    found.connect((HOME[family], port))
    return found


def asking(held: ExitStack, family: socket.AddressFamily, port: int) -> None:
    """A server's queue of no length leaves some of them without an answer."""
    for _ in range(4):
        caller = held.enter_context(socket.socket(family))
        caller.setblocking(False)
        caller.connect_ex((HOME[family], port))


def receiver(held: ExitStack, family: socket.AddressFamily) -> tuple[socket.socket, int]:
    found = held.enter_context(socket.socket(family, socket.SOCK_DGRAM))
    found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    found.bind((HOME[family], 0))
    return found, found.getsockname()[1]


def overrun(held: ExitStack, family: socket.AddressFamily, port: int) -> None:
    sender = held.enter_context(socket.socket(family, socket.SOCK_DGRAM))
    for _ in range(100):
        sender.sendto(bytes(1000), (HOME[family], port))


def alike(query: Query) -> list[sock_diag.Socket]:
    """What both ways answer. Each has its order, and /proc may show a socket twice while others come and go."""

    def order(one: sock_diag.Socket) -> tuple[int, int]:
        return one.state, one.inode

    found = sorted(set(find(query)), key=order)
    assert found == sorted(set(in_tables(query)), key=order)
    return found


@FAMILIES
def test_both_ways_know_the_same_connections(held: ExitStack, family: socket.AddressFamily) -> None:
    listening, port = server(held, family)
    client(held, family, port)
    held.enter_context(listening.accept()[0])
    client(held, family, port).close()
    assert sorted(one.state for one in alike(Query("tcp", port))) == [ESTABLISHED, LEFT, LISTENING]
    assert len(alike(Query("tcp", port, frozenset((ESTABLISHED,)), remote=True))) == 1
    assert alike(Query("tcp", port, frozenset((ASKING,)))) == []


@FAMILIES
def test_both_ways_know_the_same_drops(held: ExitStack, family: socket.AddressFamily) -> None:
    _, port = receiver(held, family)
    overrun(held, family, port)
    (found,) = alike(Query("udp", port))
    assert found.drops is not None
    assert found.drops > 0
    assert found.inode > 0


def test_a_server_of_both_families_shows_a_client_of_ipv4_by_its_usual_address(way: None, held: ExitStack) -> None:
    server = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
    port = held.enter_context(server).getsockname()[1]
    client(held, socket.AF_INET, port)
    assert peers(Listen("tcp", port)) == {"127.0.0.1"}


@FAMILIES
def test_a_port_is_open_while_something_listens(way: None, held: ExitStack, family: socket.AddressFamily) -> None:
    listening, port = server(held, family)
    client(held, family, port)
    assert is_open(Listen("tcp", port))
    assert not is_open(Listen("udp", port))
    listening.close()
    assert not is_open(Listen("tcp", port)), "its client's connection may stay"


@FAMILIES
def test_datagrams_are_counted_in_either_way(way: None, held: ExitStack, family: socket.AddressFamily) -> None:
    receiving, port = receiver(held, family)
    assert is_open(Listen("udp", port))
    drops = SocketDrops(port)
    overrun(held, family, port)
    drops.sample()
    assert drops.total is not None
    assert drops.total > 0
    receiving.close()
    assert not is_open(Listen("udp", port))


@FAMILIES
def test_what_waits_for_an_answer_is_known_in_either_way(
    way: None, held: ExitStack, family: socket.AddressFamily
) -> None:
    _, port = server(held, family, backlog=0)
    asking(held, family, port)
    assert 0 < unanswered(Endpoint(HOME[family], port)) < 4
    assert unanswered(Endpoint(HOME[family], port - 1)) == 0


def test_a_kernel_that_refuses_says_so_and_the_tables_are_read(
    monkeypatch: pytest.MonkeyPatch, held: ExitStack
) -> None:
    """An error at the end of an answer, as of a kernel without the module, is no empty answer."""
    _, port = server(held, socket.AF_INET)
    monkeypatch.setitem(sock_diag._PROTOCOLS, "tcp", 250)
    with pytest.raises(OSError, match="sock_diag"):
        find(Query("tcp", port))
    assert [one.state for one in sockets(Query("tcp", port))] == [LISTENING]


def from_port(port: int) -> None:
    """A socket of that local port, closed."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as brief:
        brief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        brief.bind(("127.0.0.1", port))


@pytest.mark.parametrize("others", [False, True])
def test_more_closed_sockets_than_the_kernel_keeps_are_known_to_be_incomplete(*, others: bool) -> None:
    """Those of other ports take up no room."""
    own, foreign = free_ports(2, after=4100 + 2 * place())
    with closing(Closings("udp", own)) as heard:
        assert heard.take() == (set(), True)
        assert heard._kernel is not None
        for _ in range(2000):
            from_port(foreign if others else own)
        waiting = select.poll()
        waiting.register(heard._kernel, 0)
        assert bool(waiting.poll(500 if others else 20_000)) is not others
        assert heard.take()[1] is others


def test_a_kernel_that_names_no_closed_sockets_has_never_named_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sock_diag, "_SOCK_DIAG", 30)
    with closing(Closings("tcp", 1)) as heard:
        assert heard.take() == (set(), False)
