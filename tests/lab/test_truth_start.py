"""When clearway says that a sender began, a capture of its packets says so too."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from statistics import median

import pytest

from benchmarks.flow import WitnessedLab
from benchmarks.spread import starts
from clearway.site.lab.model import LabSpec

pytestmark = [pytest.mark.lab, pytest.mark.truth, pytest.mark.slow]

USUALLY, AT_WORST = 0.5, 5.0
"""Milliseconds from a packet's leaving its node until it is seen in the fabric; the kernel may put its arrival off."""

PROGRAM = """
import json, socket, threading, time
from clearway.probe.records import Endpoint
from clearway.worker import start

def crowded(watch, program, attach=start._attach):
    stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for _ in range(%d):
        stranger.sendto(bytes(1400), ("198.18.0.2", 7009))
    attach(watch, program)

start._attach = crowded
instant, sent = time.time() + 0.3, []

def send():
    time.sleep(instant + 0.1 - time.time())
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sent.append(time.time())
    sender.sendto(bytes(1400), ("198.18.0.2", 7000))
    sent.append(time.time())

thread = threading.Thread(target=send)
thread.start()
found = start.first_data(Endpoint("198.18.0.2", %d), "udp", instant)
thread.join()
print(json.dumps([*sent, instant, found]))
"""
WITHOUT_SEEING_PACKETS = ("setpriv", "--bounding-set", "-net_raw", "--inh-caps", "-net_raw")


async def test_the_first_data_reported_is_the_first_data_captured(tmp_path: Path) -> None:
    """The same kernel stamps both: the worker sees a packet leave, the capture sees it arrive in the fabric."""
    found = [start for round_ in await starts(tmp_path / "run", rounds=3) for start in round_]
    assert found, "no round in which all pairs were measured: the machine was too busy"
    assert [start for start in found if start.told is None or not 0 <= start.told <= start.captured] == []
    ways = [start.captured - (start.told or 0) for start in found]
    assert median(ways) <= USUALLY, ways
    assert max(ways) <= AT_WORST, ways


@pytest.mark.parametrize("rights", [(), WITHOUT_SEEING_PACKETS], ids=["by stamps", "by counters"])
async def test_a_worker_knows_when_its_first_data_left(rights: tuple[str, ...]) -> None:
    """By stamps it is the moment of sending; by counters no later, and not before the instant."""
    sent, instant, found = await answer(rights, port=7000)
    assert found is not None
    assert instant <= found <= sent[1]
    if not rights:
        assert sent[0] <= found


async def test_data_for_another_receiver_is_no_start() -> None:
    _, _, found = await answer((), port=7001)
    assert found is None


async def test_what_others_send_while_the_watch_is_set_up_does_not_make_a_start_late() -> None:
    """So much that it fills what the kernel keeps for the watch."""
    sent, _, found = await answer((), port=7000, strangers=200)
    assert found is not None
    assert sent[0] <= found <= sent[1]


async def answer(
    rights: tuple[str, ...], port: int, strangers: int = 0
) -> tuple[tuple[float, float], float, float | None]:
    """Between which times a datagram was sent to port 7000, the instant, and when that was by the watch on `port`.

    Strangers' datagrams come in before the watch looks only for its own.
    """
    site = WitnessedLab(LabSpec(nodes=2))
    try:
        await site.start(())
        printed = await site.told("node-1", (*rights, sys.executable, "-c", PROGRAM % (strangers, port)))
    finally:
        await site.stop()
    before, after, instant, found = json.loads(printed)
    return (before, after), instant, found
