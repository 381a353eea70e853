"""Two halves of path MTU over the loopback: real sockets, which also hear what is not for them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from clearway.base.clock import Clock
from clearway.base.units import Duration, Rate
from clearway.probe.measurement import FoundMtu, PathMtus
from clearway.probe.parameters import Endpoint, PathMtuParameters, PathMtuPeer, Window
from clearway.probe.records import Half, Outcome, Request, Result
from clearway.worker.path_mtu import PathMtuHalf

TOKEN, OTHER = "00112233445566ff", "ff66554433221100"
HERE = ("127.0.0.1", "::1")


def free_port() -> int:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as one:
        one.bind(("::", 0))
        port: int = one.getsockname()[1]
        return port


def request(port: int, *peers: PathMtuPeer, token: str = TOKEN) -> Request:
    window, now = Window(Duration(0.5), Duration(4.0)), Clock().now()
    parameters = PathMtuParameters(token, peers, Rate(32e6))
    server = Endpoint(HERE[0], port)
    return Request("r", "p", 1, Half.SEND, "path-mtu", parameters, window, server, now, now + 5)


@pytest.fixture
def cancelled() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def both(cancelled: threading.Event, *requests: Request) -> list[Result]:
    halves = [PathMtuHalf(one, Clock(), cancelled) for one in requests]
    results: list[Result] = []
    threads = [threading.Thread(target=lambda half=half: results.append(half.result())) for half in halves]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def found(result: Result) -> tuple[FoundMtu, ...]:
    assert isinstance(result.measurement, PathMtus), result
    return result.measurement.peers


@pytest.mark.parametrize("address", HERE)
def test_two_workers_find_that_all_passes(cancelled: threading.Event, address: str) -> None:
    one, two = free_port(), free_port()
    asked = (request(mine, PathMtuPeer(Endpoint(address, other), 9000)) for mine, other in ((one, two), (two, one)))
    for result in both(cancelled, *asked):
        assert found(result) == (FoundMtu(9000, None, settled=True),)


def test_a_worker_of_another_run_gets_no_answer(cancelled: threading.Event) -> None:
    one, two = free_port(), free_port()
    asks = request(one, PathMtuPeer(Endpoint(HERE[0], two), 1500))
    other = request(two, token=OTHER)
    results = both(cancelled, asks, other)
    assert (FoundMtu(None, None, settled=False),) in [found(result) for result in results]


def test_a_port_that_is_taken_is_said(cancelled: threading.Event) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("", 0))
        (result,) = both(cancelled, request(taken.getsockname()[1]))
    assert result.outcome is Outcome.TOOL_FAILED
    assert result.reason is not None
    assert result.reason.code == "worker.not-listening"


def test_a_cancelled_half_is_not_run(cancelled: threading.Event) -> None:
    cancelled.set()
    (result,) = both(cancelled, request(free_port(), PathMtuPeer(Endpoint(HERE[0], free_port()), 1500)))
    assert result.outcome is Outcome.NOT_RUN


def test_an_answer_is_never_larger_than_its_question(cancelled: threading.Event) -> None:
    """What is spread to strangers would be worth an attack."""
    port = free_port()
    both(cancelled, request(port))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.settimeout(2)
        stranger.sendto(b"CWMT" + bytes.fromhex(OTHER) + bytes(7 + 100), (HERE[0], port))
        question = b"CWMT" + bytes.fromhex(TOKEN) + b"\0" + b"\0\1" + (128).to_bytes(4, "big")
        stranger.sendto(question.ljust(100, b"\0"), (HERE[0], port))
        answer = stranger.recv(65_535)
    assert answer == question[:12] + b"\1" + question[13:]
