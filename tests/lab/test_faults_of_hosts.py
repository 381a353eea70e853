"""What is wrong with a host is not the road's doing, and no figure: its pairs are undecided, the others measured."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from clearway.base.units import Rate
from clearway.ledger.record import Record
from clearway.probe.records import Slot
from clearway.site.lab.model import LabSpec, Link
from clearway.site.lab.site import LabSite
from clearway.verdict.judge import judge
from clearway.verdict.model import PairState, PairValue
from lab.acceptance import accepted
from specs import spec_of

pytestmark = [pytest.mark.lab, pytest.mark.timeout(180)]

LAB = LabSpec(nodes=10, zones=5, link=Link(rate=Rate(100e6)))
"""A zone, and so a pair, for each fault, and one without any."""
SPEC = spec_of(
    "name: before, protocol: tcp, streams: 1, direction: forward, duration: 1s, warm-up: 1s",
    "name: bandwidth, protocol: tcp, streams: 8, duration: 1s, warm-up: 1s, accept: [throughput >= 20 Mbit/s]",
    attempts=1,
    gap="3s",
)
AGENT = 'for p in /proc/[0-9]*; do [ "$(readlink $p/cwd)" = {home} ] && echo ${{p#/proc/}}; done'
FULL_DISK = "mount -t tmpfs -o size=4k full {home}/clearway-* && ! cat /dev/zero >{home}/clearway-*/fill"
FEW_DESCRIPTORS = f"prlimit --nofile=10 --pid $({AGENT})"
FEW_PORTS = "echo 30000 30001 >/proc/sys/net/ipv4/ip_local_port_range"
ONE_WAY = "nft 'add table ip wall; add chain ip wall in { type filter hook prerouting priority -400 ; policy drop ; }'"

FAULTS: Mapping[str, tuple[str | None, str]] = {
    "node-1": (None, FULL_DISK.format(home="/run/clearway/node-1/0")),
    "node-3": (None, FEW_DESCRIPTORS.format(home="/run/clearway/node-3/0")),
    "node-5": ("node-5", FEW_PORTS),
    "node-7": ("node-7", ONE_WAY),
}


async def plant(site: LabSite) -> None:
    for place, command in FAULTS.values():
        ran = await site.execute(place, ("sh", "-c", command))
        assert ran.exit == 0, (command, ran)


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Record:
    return asyncio.run(accepted(tmp_path_factory.mktemp("hosts"), SPEC, LAB, disturbance=plant, after=3.5))


def pairs(record: Record) -> Mapping[tuple[str, ...], PairValue]:
    """By the names of sender and receiver."""
    judged = judge(record).tests[1].criteria[0].pairs
    return {tuple(slot.node for slot in pair.subject if isinstance(slot, Slot)): pair for pair in judged}


def codes(record: Record, sender: str, receiver: str) -> set[str]:
    """Why the pair does not hold; nothing if it does."""
    pair = pairs(record)[sender, receiver]
    assert pair.standing is (PairState.UNDECIDED if pair.reasons else PairState.HOLDS)
    return {reason.code for reason in pair.reasons}


@pytest.mark.fault("host", "the disk of a worker is full", "Undecided: the disk of the worker is full.")
def test_a_full_disk_of_either_worker_is_the_reason(record: Record) -> None:
    assert codes(record, "node-1", "node-2") == {"worker.disk-full"}
    assert codes(record, "node-2", "node-1") == {"worker.disk-full"}


@pytest.mark.fault("host", "a worker has no descriptors left", "Undecided: too many open files.")
def test_a_worker_without_descriptors_is_the_reason(record: Record) -> None:
    assert codes(record, "node-3", "node-4") == {"worker.no-descriptors"}
    assert codes(record, "node-4", "node-3") == {"worker.no-descriptors"}


@pytest.mark.fault(
    "host", "a sender has no ports left", "Undecided: no port left to send from. The road is not called unreachable."
)
def test_a_sender_without_ports_is_the_reason_and_never_an_unreachable_road(record: Record) -> None:
    assert codes(record, "node-5", "node-6") == {"worker.no-ports"}


def test_the_other_pairs_of_the_same_round_hold(record: Record) -> None:
    for sender, receiver in (("node-6", "node-5"), ("node-9", "node-10"), ("node-10", "node-9")):
        assert codes(record, sender, receiver) == set()


@pytest.mark.fault("road", "one way of a path is blocked", "Both directions of TCP are unreachable, and rejected.")
def test_a_node_that_gets_nothing_is_unreachable_both_ways(record: Record) -> None:
    """It sends, but the answers are lost: the road is dead, not the worker."""
    broken = {nodes: pair for nodes, pair in pairs(record).items() if pair.standing is PairState.BREAKS}
    assert broken.keys() == {("node-7", "node-8"), ("node-8", "node-7")}
    assert {reason.code for pair in broken.values() for reason in pair.reasons} == {"verdict.unreachable"}
