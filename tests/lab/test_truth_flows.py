"""Many flows and one flow, against faults whose truth is known: a bad member of a bundle, and a limit per flow."""

from __future__ import annotations

from pathlib import Path

import pytest

from clearway.base.clock import Clock
from clearway.base.units import Rate, Ratio
from clearway.diagnose.flows import flow_findings
from clearway.ledger.record import Record
from clearway.probe.datagrams import flow_losses
from clearway.probe.records import Finding, Trial
from clearway.site.lab.model import LabSpec, Link
from clearway.site.lab.site import LabSite
from clearway.verdict.judge import judge
from clearway.verdict.model import PairState, State
from faults.kinds import FlowPolicer
from faults.model import both_ways
from faults.plant import planting
from lab.acceptance import accepted

pytestmark = [pytest.mark.lab, pytest.mark.timeout(180)]

LAB = LabSpec(nodes=6, zones=3, link=Link(rate=Rate(100e6)))
"""Zones of two nodes: pairs 1-2, 3-4 and 5-6, whatever the seed."""
SPEC = """
version: 1
attempts: 1
tests:
- {name: eight flows, protocol: tcp, streams: 8, direction: forward, duration: 3s, warm-up: 1s}
- {name: one flow, protocol: tcp, streams: 1, direction: forward, duration: 3s, warm-up: 1s}
- {name: many flows, protocol: udp, flows: 32, rate: 5 Mbit/s, datagram: 200 B, direction: forward, duration: 8s,
   warm-up: 1s, accept: ["flow-loss <= 1 %"]}
"""
# Of 32 flows some meet one member of four in all but one of ten thousand runs.
BAD_MEMBER = """
add table ip member
add chain ip member in { type filter hook prerouting priority -300 ; }
add rule ip member in udp sport & 3 == 3 meta length < 300 numgen random mod 100 < 5 counter drop
add rule ip member in udp sport & 31 == 9 counter drop
"""
LIMIT_PER_FLOW = FlowPolicer("node-3", "node-4")


async def test_a_bad_member_and_a_limit_per_flow_are_found_and_a_clean_pair_is_not_accused(tmp_path: Path) -> None:
    async def plant(site: LabSite) -> None:
        for node in ("node-1", "node-2"):
            ran = await site.execute(node, ("nft", "-f", "-"), text=BAD_MEMBER)
            assert ran.exit == 0, ran
        for name, fault in zip(("there", "back"), both_ways(LIMIT_PER_FLOW), strict=True):
            await planting(site, LAB, fault, name).plant(Clock().now())

    record = await accepted(tmp_path, SPEC, LAB, disturbance=plant, after=-1.0)
    found = list(flow_findings(record))
    # A limit that drops what is too much also makes TCP send it again.
    assert {(one.code, _nodes(one)) for one in found if one.code != "flows.sent-again"} == {
        ("flows.lossy", ("node-1", "node-2")),
        ("flows.single", ("node-3", "node-4")),
    }, found
    assert not any("node-5" in _nodes(one) for one in found), found
    _check_shares(found)
    _check_members(record)


def _nodes(finding: Finding) -> tuple[str, ...]:
    return tuple(sorted(finding.subject.split(" -> ")))


def _check_shares(found: list[Finding]) -> None:
    (single,) = (one for one in found if one.code == "flows.single")
    share = single.values["share"]
    assert isinstance(share, Ratio)
    assert share.si < 0.5


def _check_members(record: Record) -> None:
    """The flows that lose are those whose port meets the bad member, and the pair breaks."""
    (trial,) = (one for one in record.trials if one.probe.test == "many flows" and "node-1" in _pair(one))
    flows = flow_losses(trial)
    assert len(flows) == 32
    for flow in flows:
        dead, lossy = flow.port & 31 == 9, flow.port & 3 == 3
        assert (flow.share == 1.0) is dead, flow
        assert dead or (flow.share > 0.01) is lossy, flow
    (judged,) = judge(record).tests[2].criteria
    assert judged.state is State.FAIL
    standing = {pair.subject[0].node: pair.standing for pair in judged.pairs if not isinstance(pair.subject, str)}
    assert list(standing.values()).count(PairState.BREAKS) == 1


def _pair(trial: Trial) -> tuple[str, ...]:
    return tuple(slot.node for slot in trial.probe.pair)
