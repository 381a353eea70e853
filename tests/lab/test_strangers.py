"""A stranger in a third network comes to every server of a run: no result changes, and the report names it."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from clearway.base.errors import SiteError
from clearway.base.units import Rate
from clearway.diagnose import diagnose
from clearway.ledger.record import Record
from clearway.probe.records import Outcome
from clearway.site.lab.model import LabSpec, Link
from clearway.site.lab.site import LabSite
from clearway.verdict.attempt import outcome, void_reason
from clearway.verdict.judge import judge
from clearway.verdict.model import State
from lab.acceptance import accepted
from specs import spec_of

pytestmark = [pytest.mark.lab, pytest.mark.timeout(180)]

LAB = LabSpec(nodes=3, link=Link(rate=Rate(100e6)))
MEASURED, STRANGER, STRANGER_ADDRESS = ("198.18.0.1", "198.18.0.2"), "node-3", "198.18.0.3"
"""One pair is measured: node-2 sends to node-1; an HTTP server is where the data comes from."""

HANGING_ON = """
import socket, sys, time
addresses, held, until = sys.argv[1:], [], time.monotonic() + 30
datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
while time.monotonic() < until:
    for place in [(address, port) for port in range(20000, 20128) for address in addresses]:
        datagrams.sendto(b"nonsense" * 8, place)
        for _ in range(20):
            caller = socket.socket()
            caller.settimeout(0.2)
            if caller.connect_ex(place) or len(held) > 600:
                caller.close()
                break
            held.append(caller)
            if len(held) % 2:
                try:
                    caller.sendall(b"GET /nginx.conf HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
                except OSError:
                    pass
    time.sleep(1)
"""
"""Once a second it comes to all ports and keeps every connection that it gets: to half of them it says nothing, to half
of them what is not asked for."""


_STRANGERS: list[asyncio.Future[None]] = []


async def hang_on(site: LabSite) -> None:
    """From before the servers listen until the run is over, and its networks with it."""

    async def come() -> None:
        with suppress(SiteError):
            await site.execute(STRANGER, (sys.executable, "-c", HANGING_ON, *MEASURED), timeout=60)

    _STRANGERS.append(asyncio.ensure_future(come()))


async def visited(folder: Path, test: str) -> Record:
    asked = f"name: visited, pairing: incast, server: node-1, pairs: 1, duration: 3s, warm-up: 2s, {test}"
    return await accepted(folder, spec_of(asked), LAB, disturbance=hang_on, after=-60)


def seen(record: Record) -> set[tuple[str, str]]:
    """Whom the observations name, and at whose server."""
    return {(one.subject, one.values["addresses"]) for one in record.observations if one.kind == "strangers"}


@pytest.mark.fault(
    "road",
    "a stranger connects to the server of a measurement",
    "No figure changes, and the report names its address.",
)
@pytest.mark.parametrize(
    "test",
    [
        "protocol: http, rate: 200/s, connections: 4, accept: [latency median <= 1 s]",
        "protocol: round-trip, transport: tcp, accept: [round-trip median <= 1 s]",
    ],
    ids=["nginx", "sockperf"],
)
async def test_a_stranger_at_a_server_that_answers_all_changes_nothing_and_is_named(tmp_path: Path, test: str) -> None:
    record = await visited(tmp_path, test)
    assert {outcome(trial) for trial in record.trials} <= {Outcome.MEASURED, Outcome.LATE}
    assert seen(record) == {(str(trial.probe.server), STRANGER_ADDRESS) for trial in record.trials}
    verdict = diagnose(record, judge(record))
    assert verdict.state is not State.FAIL
    assert "run.strangers" in [finding.code for finding in verdict.findings]


@pytest.mark.fault(
    "road",
    "a stranger takes the place of iperf's or iperf3's partner",
    "The attempt is void, says who took it, and is measured again. The road is not called unreachable.",
)
@pytest.mark.parametrize("engine", ["iperf2", "iperf3"])
async def test_a_stranger_before_the_partner_never_makes_the_road_unreachable(tmp_path: Path, engine: str) -> None:
    asked = f"protocol: tcp, engine: {engine}, streams: 2, accept: [throughput >= 1 Mbit/s]"
    record = await visited(tmp_path, asked)
    voids = [void_reason(trial) for trial in record.trials if outcome(trial) not in (Outcome.MEASURED, Outcome.LATE)]
    assert Outcome.UNREACHABLE not in map(outcome, record.trials)
    taken = [reason for reason in voids if reason.code == "worker.server-taken"]
    assert all(reason.values["addresses"] == STRANGER_ADDRESS for reason in taken)
    verdict = judge(record)
    assert verdict.state is not State.FAIL
    assert len(voids) < len(record.trials) or verdict.state is State.INCONCLUSIVE
