"""Real faults of the road are evidence that no clean attempt takes back; a worker's own standstill is void."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.flow import Beside, Moment, WitnessedLab, accepted
from clearway.base.units import Rate, Ratio
from clearway.ledger.record import Record
from clearway.probe.records import Reason, Role, RoundReason
from clearway.site.lab.model import LabSpec, Link
from clearway.verdict import doubts
from clearway.verdict.doubts import Doubt
from clearway.verdict.judge import judge
from clearway.verdict.model import PairState, State
from clearway.verdict.trials import TrialIndex
from faults.kinds import ArpSilence, Loss, Outage, Reset
from faults.rounds import FaultyLab, InRounds, as_planned
from lab.undisturbed import undisturbed

pytestmark = [pytest.mark.lab, pytest.mark.timeout(180)]

LAB = LabSpec(nodes=2, zones=1, link=Link(rate=Rate(100e6)))
ROAD = ("node-1", "node-2")
TCP = """
version: 1
seed: 1
tests:
- {name: bandwidth, protocol: tcp, streams: 8, direction: forward, duration: 2s, warm-up: 1s,
   accept: ["throughput >= 50 Mbit/s"]}
"""
HTTP = """
version: 1
seed: 1
tests:
- {name: latency, protocol: http, rate: 400/s, connections: 8, direction: forward, duration: 5s, warm-up: 1s,
   background: {streams: 2}, accept: ["latency p99 <= 5s"]}
"""
"""The limit is far from what a busy machine makes of a lab: the evidence decides, not the value."""
EVERY_SECOND_FLOW = "tcp sport & 2 == 2"
"""The kernel gives even ports to a program that connects, one after the other."""


async def judged(folder: Path, spec: str, fault: InRounds) -> Record:
    """A run whose fault acted on packets."""

    async def run(inside: Path) -> Record:
        site = FaultyLab(LAB, [fault])
        record = await accepted(inside, spec, site, site.beside)
        assert all(site.hits.values()), site.hits
        return record

    return await undisturbed(folder, run)


def seen(record: Record) -> list[Doubt]:
    index = TrialIndex(record)
    return [doubt for trial in record.trials if trial.probe.role is Role.JUDGED for doubt in index.doubts(trial)]


def retries(record: Record) -> int:
    return sum(round_.why is RoundReason.RETRY for round_ in record.rounds)


def standing(record: Record) -> tuple[PairState, tuple[Reason, ...]]:
    (pair,) = judge(record).criteria[0].pairs
    return pair.standing, pair.reasons


@pytest.mark.fault("road", "ARP is silent at first contact", "The pair can't hold: connections had no answer.")
async def test_silence_to_arp_at_first_contact_is_not_retried_away(tmp_path: Path) -> None:
    record = await judged(tmp_path, TCP, InRounds(ArpSilence(*ROAD, after=-0.75, length=1.0), as_planned("bandwidth")))
    (doubt,) = seen(record)
    assert doubt.kind is doubts.CONNECTED_LATE
    assert (doubt.reason.code, doubt.reason.values["count"]) == ("worker.connect-late", 8)
    assert retries(record) == 1
    assert standing(record) == (PairState.UNDECIDED, (doubt.reason,))


@pytest.mark.fault(
    "road",
    "a path is dead in the first round only",
    "Rejected: a proof that nothing got through is not outvoted by a later attempt.",
)
async def test_a_road_that_was_dead_in_the_first_round_is_not_retried_away(tmp_path: Path) -> None:
    record = await judged(tmp_path, HTTP, InRounds(Outage(*ROAD, after=2.0, length=2.5), as_planned("latency")))
    assert doubts.BACKGROUND_WEAK in {doubt.kind for doubt in seen(record)}
    assert retries(record) == 0
    assert standing(record)[0] is PairState.UNDECIDED


@pytest.mark.fault("road", "some flows never connect", 'Rejected: "2 of 8 connections were never answered".')
async def test_flows_that_were_never_connected_break_their_pair_and_are_counted(tmp_path: Path) -> None:
    fault = Loss(*ROAD, share=Ratio(1), what=EVERY_SECOND_FLOW)
    record = await judged(tmp_path, TCP, InRounds(fault, as_planned("bandwidth")))
    (doubt,) = seen(record)
    assert doubt.kind is doubts.UNANSWERED
    assert 0 < doubt.reason.values["count"] < doubt.reason.values["connections"] == 8
    assert standing(record) == (PairState.BREAKS, (doubt.reason,))
    assert retries(record) == 0


@pytest.mark.fault(
    "road", "some flows connect and carry nothing", 'Rejected: "2 of 8 flows connected and then carried nothing".'
)
async def test_flows_that_connected_and_then_carried_nothing_break_their_pair(tmp_path: Path) -> None:
    """The others fill the link, so their sum does not show it."""
    fault = Loss(*ROAD, share=Ratio(1), what=f"{EVERY_SECOND_FLOW} meta length > 200")
    record = await judged(tmp_path, TCP, InRounds(fault, as_planned("bandwidth")))
    (doubt,) = seen(record)
    assert doubt.kind is doubts.SILENT_FLOWS
    assert 0 < doubt.reason.values["count"] < doubt.reason.values["flows"] == 8
    assert standing(record) == (PairState.BREAKS, (doubt.reason,))


@pytest.mark.fault(
    "road", "connections are reset while they carry data", "The pair can't hold; if it happens again, rejected."
)
async def test_connections_that_were_reset_are_not_retried_away(tmp_path: Path) -> None:
    record = await judged(tmp_path, TCP, InRounds(Reset(*ROAD, after=1.5, length=0.2), as_planned("bandwidth")))
    (doubt,) = seen(record)
    assert doubt.kind is doubts.RESET
    assert (doubt.reason.code, doubt.reason.values["count"]) == ("tool.reset", 8)
    assert retries(record) == 1
    assert standing(record) == (PairState.UNDECIDED, (doubt.reason,))


STOPPED = 2.0
# The agent is the one Python process in its node's network.
STOP_THE_AGENT = f"""
for process in /proc/[0-9]*; do
    [ "$(readlink $process/ns/net)" = "$(readlink /proc/self/ns/net)" ] || continue
    grep -q python $process/comm && agents="$agents ${{process#/proc/}}"
done
kill -STOP $agents
sleep {STOPPED}
kill -CONT $agents
"""


@pytest.mark.fault("host", "a worker stands still", "The attempt is void, and measured again.")
async def test_a_worker_that_stood_still_voids_its_attempt_and_a_clean_one_is_accepted(tmp_path: Path) -> None:
    async def stop(site: WitnessedLab, moment: Moment) -> None:
        if moment.number == 0:
            await site.told("node-1", ("sh", "-c", f"sleep 3; {STOP_THE_AGENT}"))

    site = WitnessedLab(LAB)
    record = await accepted(tmp_path, HTTP, site, Beside(site, as_begun=stop))
    found = [doubt for doubt in seen(record) if doubt.kind is doubts.STARVED]
    assert found[0].reason.code == "verdict.cpu-paused"
    assert found[0].reason.values["time"].si > STOPPED / 2
    # A hypervisor may take the CPU of a later attempt too.
    assert {doubt.reason.code for doubt in found[1:]} <= {"verdict.cpu-stolen"}
    assert retries(record) == len(found)
    assert judge(record).state is State.PASS
