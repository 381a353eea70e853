"""What goes wrong on purpose: never PASS for what was not measured, the reason right, the rest measured."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from clearway.base.units import Rate
from clearway.ledger.record import Record
from clearway.probe.records import Outcome, Role, Slot
from clearway.site.base import NotFit
from clearway.site.lab.model import LabSpec, Link
from clearway.site.lab.site import LabSite
from clearway.verdict.attempt import outcome
from clearway.verdict.judge import judge
from clearway.verdict.model import CriterionVerdict, PairState, PairValue, State
from clearway.verdict.trials import TrialIndex
from harness.leftovers import host_traces
from lab.acceptance import accepted
from specs import spec_of

pytestmark = [pytest.mark.lab, pytest.mark.timeout(180)]

LAB = LabSpec(nodes=4, zones=1, link=Link(rate=Rate(100e6)))
TCP = spec_of(
    "name: bandwidth, protocol: tcp, streams: 2, direction: forward, duration: 2s, warm-up: 1s,"
    " accept: [throughput >= 50 Mbit/s]",
    attempts=1,
)
UDP = spec_of(
    "name: loss, protocol: udp, rate: 40 Mbit/s, direction: forward, duration: 2s, warm-up: 1s, accept: [loss <= 1 %]",
    attempts=1,
)
HTTP = spec_of(
    "name: latency, protocol: http, rate: 500/s, connections: 4, direction: forward, duration: 3s, warm-up: 1s,"
    " background: {streams: 2}, accept: [latency p99 <= 1s]",
    attempts=1,
)


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    before = host_traces()
    yield
    assert host_traces() == before


def leaf(record: Record) -> CriterionVerdict:
    return judge(record).tests[0].criteria[0]


def with_node(verdict: CriterionVerdict, node: str) -> list[PairValue]:
    return [pair for pair in verdict.pairs if node in {slot.node for slot in pair.subject if isinstance(slot, Slot)}]


def codes(pairs: list[PairValue]) -> set[str]:
    return {reason.code for pair in pairs for reason in pair.reasons}


@pytest.mark.fault(
    "host",
    "a worker is killed in the middle",
    'Its pair is undecided, with "worker lost" as the reason; the others are measured.',
)
async def test_an_agent_killed_in_the_middle_leaves_its_pair_undecided_and_the_rest_measured(tmp_path: Path) -> None:
    async def kill(site: LabSite) -> None:
        site.kill_agent(Slot("node-2"))

    record = await accepted(tmp_path, TCP, LAB, disturbance=kill)
    verdict = leaf(record)
    lost = with_node(verdict, "node-2")
    assert verdict.state is State.INCONCLUSIVE
    assert {pair.standing for pair in lost} == {PairState.UNDECIDED}
    assert outcome_of(record, "node-2") is Outcome.WORKER_LOST
    assert [pair.standing for pair in verdict.pairs if pair not in lost] == [PairState.HOLDS]


@pytest.mark.fault("road", "a link is cut in the middle", "The pair breaks or is undecided, and the others hold.")
async def test_a_link_cut_in_the_middle_is_never_a_pass(tmp_path: Path) -> None:
    async def cut(site: LabSite) -> None:
        ran = await site.execute("node-2", ("ip", "link", "set", "eth0", "down"))
        assert ran.exit == 0, ran

    verdict = leaf(await accepted(tmp_path, TCP, LAB, disturbance=cut))
    cut_off = with_node(verdict, "node-2")
    assert {pair.standing for pair in cut_off} <= {PairState.UNDECIDED, PairState.BREAKS}
    assert [pair.standing for pair in verdict.pairs if pair not in cut_off] == [PairState.HOLDS]


@pytest.mark.fault(
    "road", "a path is dead from the start", "Rejected: the receiver listened, the sender could not connect."
)
async def test_a_link_that_is_dead_from_the_start_is_proven_unreachable(tmp_path: Path) -> None:
    async def block(site: LabSite) -> None:
        rule = "add table ip wall\nadd chain ip wall in { type filter hook prerouting priority -400 ; policy drop ; }\n"
        ran = await site.execute("node-2", ("nft", "-f", "-"), text=rule)
        assert ran.exit == 0, ran

    record = await accepted(tmp_path, TCP, LAB, disturbance=block, after=-1.0)
    (dead,) = with_node(leaf(record), "node-2")
    assert dead.standing is PairState.BREAKS
    assert codes([dead]) == {"verdict.unreachable"}
    assert leaf(record).state is State.FAIL


@pytest.mark.fault(
    "road", "a path goes silent in the middle", "What did not arrive is loss, also where the tool says 0 %."
)
async def test_a_path_that_goes_silent_after_two_megabytes_counts_as_loss(tmp_path: Path) -> None:
    """iperf's own last row says `0 %` there: the receiver never hears of what it did not get."""
    rules = """
add table ip wall
add chain ip wall in { type filter hook prerouting priority -400 ; }
add rule ip wall in meta l4proto udp quota over 2000000 bytes drop
"""

    async def silence(site: LabSite) -> None:
        ran = await site.execute("node-2", ("nft", "-f", "-"), text=rules)
        assert ran.exit == 0, ran

    record = await accepted(tmp_path, UDP, LAB, disturbance=silence, after=-0.5)
    (silent,) = with_node(leaf(record), "node-2")
    assert silent.standing is PairState.BREAKS
    assert silent.value is not None
    assert silent.value.si > 0.5
    assert leaf(record).state is State.FAIL


def mute_iperf(folder: Path, version: str) -> dict[str, str]:
    """A PATH on which `iperf` tells its version and otherwise prints nothing and exits 0."""
    folder.mkdir()
    fake = folder / "iperf"
    fake.write_text(f'#!/bin/sh\n[ "$1" = -v ] && echo "{version}"\nexit 0\n')
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    return {"PATH": f"{folder}:{os.environ['PATH']}"}


@pytest.mark.fault("tool", "a tool prints nothing and exits 0", "The pair is undecided: no measurement, and no 0.")
async def test_a_tool_that_prints_nothing_and_exits_0_has_measured_nothing(tmp_path: Path) -> None:
    env = mute_iperf(tmp_path / "bin", "iperf version 2.1.8 (12 August 2022) pthreads")
    verdict = leaf(await accepted(tmp_path / "run", TCP, LAB, agent_env={"node-2": env}))
    mute = with_node(verdict, "node-2")
    assert verdict.state is State.INCONCLUSIVE
    assert [pair.value for pair in mute] == [None]
    assert [pair.standing for pair in verdict.pairs if pair not in mute] == [PairState.HOLDS]


@pytest.mark.fault("tool", "a tool is too old", "The run ends before any traffic and names node, tool and package.")
async def test_a_tool_that_is_not_what_it_should_be_is_found_before_any_traffic(tmp_path: Path) -> None:
    env = mute_iperf(tmp_path / "bin", "iperf version 2.0.13 (21 Jan 2019) pthreads")
    with pytest.raises(NotFit) as caught:
        await accepted(tmp_path / "run", TCP, LAB, agent_env={"node-3": env})
    (finding,) = caught.value.findings
    assert (finding.code, finding.subject) == ("preflight.tool-too-old", "node-3/0")
    assert finding.values["package"] == "iperf"
    assert not (tmp_path / "run" / "rounds.jsonl").exists()


async def killed(site: LabSite, pattern: str) -> None:
    """End the tools of that name all over the lab, as the kernel's OOM killer would."""
    ran = await site.execute(None, ("pkill", "-KILL", "-f", pattern))
    assert ran.exit == 0, ran


@pytest.mark.fault("tool", "a server is killed in the middle", "No pair holds.")
async def test_a_web_server_killed_in_the_middle_is_never_a_good_latency(tmp_path: Path) -> None:
    record = await accepted(
        tmp_path, HTTP, LAB, disturbance=lambda site: killed(site, "^(nginx: master|nginx)"), after=2.0
    )
    verdict = leaf(record)
    assert verdict.state is not State.PASS
    assert not any(pair.standing is PairState.HOLDS for pair in verdict.pairs)


@pytest.mark.fault("tool", "the load beside a latency test dies", "Undecided: this was not maximum load.")
async def test_latency_whose_background_dies_is_undecided_and_says_so(tmp_path: Path) -> None:
    record = await accepted(tmp_path, HTTP, LAB, disturbance=lambda site: killed(site, "^iperf -c"), after=2.0)
    verdict = leaf(record)
    assert verdict.state is State.INCONCLUSIVE
    assert codes(list(verdict.pairs)) <= {"verdict.background-void", "verdict.background-weak"}
    backgrounds = [trial for trial in record.trials if trial.probe.role is Role.BACKGROUND]
    assert backgrounds
    assert not any(outcome(trial) is Outcome.MEASURED for trial in backgrounds)


@pytest.mark.fault(
    "host", "a clock is two seconds off", "The worker starts with the others; the report has the offset."
)
async def test_a_node_whose_clock_is_two_seconds_off_starts_with_the_others(tmp_path: Path) -> None:
    record = await accepted(tmp_path, TCP, LAB, agent_env={"node-2": {"CLEARWAY_CLOCK_SHIFT": "2.0"}})
    (offset,) = [o for o in record.observations if o.kind == "clock" and o.subject == "node-2/0"]
    assert offset.values["ahead"].si == pytest.approx(2.0, abs=0.2)
    assert judge(record).state is State.PASS


def outcome_of(record: Record, node: str) -> Outcome:
    index = TrialIndex(record)
    (pair,) = [pair for pair in index.pairs("bandwidth") if node in {slot.node for slot in pair}]
    return outcome(index.attempts["bandwidth", pair][-1])
