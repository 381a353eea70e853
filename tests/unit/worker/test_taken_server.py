"""A stranger that comes after the last look before the partner: who took the server is named, and it runs again."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from clearway.base.clock import Clock
from clearway.campaign.next import next_round
from clearway.probe.records import Endpoint, Half, Outcome, Probe, Request, Result, Round, RoundReason
from clearway.verdict.attempt import outcome, void_reason
from clearway.verdict.judge import judge
from clearway.verdict.model import State
from clearway.worker.heartbeat import Heartbeat
from clearway.worker.network import free_ports
from clearway.worker.probe_half import HalfContext, ProbeHalf
from clearway.worker.served_port import ServedPort
from making import after, inventory, planned, request, tcp_spec
from sharing import place

PARTNER, STRANGER = "127.0.0.1", "127.0.0.2"


@pytest.fixture
def stranger(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """It connects right after the look, says nothing, and stays."""
    look = ServedPort.is_taken
    with ExitStack() as held:

        def come(watched: ServedPort) -> bool:
            taken = look(watched)
            server = (PARTNER, watched._listen.port)
            held.enter_context(socket.create_connection(server, source_address=(STRANGER, 0)))
            return taken

        monkeypatch.setattr(ServedPort, "is_taken", come)
        yield


def both_halves(engine: str, folder: Path) -> tuple[Result, Result]:
    (port,) = free_ports(1, after=4400 + place())
    start = time.time() + 1.5
    about = {"server": Endpoint(PARTNER, port), "start": start, "deadline": start + 15, "partner": (PARTNER,)}
    asked = request(Half.SERVE, duration=1.0, engine=engine, **about)

    def result(half: Request) -> Result:
        return ProbeHalf(half, HalfContext(Clock(), folder, threading.Event(), Heartbeat())).result()

    with ThreadPoolExecutor(2) as workers:
        serve, send = workers.map(result, (asked, replace(asked, half=Half.SEND)))
    return serve, send


@pytest.mark.slow
@pytest.mark.fault(
    "road",
    "a stranger comes to iperf's or iperf3's server in the last moment before the partner",
    "The attempt is void, says who took it, and is measured again.",
)
@pytest.mark.parametrize("engine", ["iperf2", "iperf3"])
def test_a_stranger_in_the_last_moment_is_named_and_the_attempt_is_repeated(
    engine: str, stranger: None, tmp_path: Path
) -> None:
    serve, send = both_halves(engine, tmp_path)
    run = planned(tcp_spec("throughput >= 500 Mbit/s"), inventory(2))

    def answer(round_: Round, probe: Probe) -> tuple[Result, ...]:
        return tuple(replace(half, round=round_.id, probe=probe.id) for half in (serve, send))

    record = after(run, run.plan, answer)
    (trial,) = record.trials
    assert outcome(trial) is not Outcome.UNREACHABLE
    reason = void_reason(trial)
    assert (reason.code, reason.values["addresses"]) == ("worker.server-taken", STRANGER)
    assert judge(record).state is State.INCONCLUSIVE
    again = next_round(record)
    assert again is not None
    assert again.why is RoundReason.RETRY
