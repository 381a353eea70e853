"""How large packets may be is known before the first round: black holes by road, direction and size; nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.path_mtu import ABOVE, PreparedLab, Probed, black_hole, probed, routed
from clearway.base.units import Ratio, Size
from clearway.campaign.acceptance import begin, measuring
from clearway.diagnose import diagnose
from clearway.probe.path_mtu import RoadState
from clearway.report.compose import compose
from clearway.site.lab.model import LabSpec, LinkException
from clearway.site.lab.site import LabSite
from clearway.spec.load import read_spec
from clearway.verdict.judge import judge
from clearway.verdict.model import PairState, State
from faults.kinds import BlackHole, Loss, Outage
from faults.model import Ends, Fault
from faults.plant import planting

pytestmark = [pytest.mark.lab, pytest.mark.truth, pytest.mark.timeout(120)]

LAB = LabSpec(nodes=4)
ROAD = HERE, THERE = "node-1", "node-2"
SMALL_MESSAGES = """
version: 1
tests:
- {name: round trip, protocol: round-trip, scope: any, duration: 1s, warm-up: 0.5s, accept: ["path-mtu >= 1450 B"]}
"""


async def with_fault(folder: Path, fault: Fault, lab: LabSpec = LAB) -> Probed:
    async def plant(site: LabSite) -> None:
        await planting(site, lab, fault, "fault").plant(0.0)

    return await probed(folder, lab, plant)


def states(found: Probed) -> dict[tuple[str, str], RoadState]:
    """Of the roads that are not whole, by sender and receiver."""
    roads = found.record.road_mtus.values()
    return {(one.sender.node, one.receiver.node): one.state for one in roads if one.state is not RoadState.WHOLE}


async def test_on_a_clean_network_every_road_is_whole_and_nothing_is_named(tmp_path: Path) -> None:
    found = await probed(tmp_path / "run", LAB)
    assert len(found.record.road_mtus) == 12
    assert (states(found), found.findings) == ({}, ())


@pytest.mark.fault(
    "road",
    "packets above a size vanish in one direction, and nothing reports it",
    "Before any load: the road, its direction and the largest size that passes, in the first lines.",
)
async def test_a_black_hole_is_named_before_any_bandwidth_is_measured(tmp_path: Path) -> None:
    found = await probed(tmp_path / "run", LAB, black_hole(LAB, *ROAD))
    assert found.names(*ROAD, ABOVE), found.findings
    assert found.record.rounds == ()
    (line,) = (line for line in first_lines(found) if "Black hole" in line)
    assert f"the road {HERE} -> {THERE}: IP packets above {ABOVE} byte vanish" in line
    assert first_lines(found)[1] == line


def first_lines(found: Probed) -> tuple[str, ...]:
    record = found.record
    return compose(record, diagnose(record, judge(record)), "en").first_lines


async def test_a_criterion_breaks_on_a_black_hole_that_small_messages_do_not_notice(tmp_path: Path) -> None:
    lab = LabSpec(nodes=2, zones=1)
    site = PreparedLab(lab, black_hole(lab, *ROAD))
    job = await begin(read_spec(SMALL_MESSAGES), site, tmp_path / "run")
    async with measuring(job, site) as run:
        await run.measure_all()
    (criterion,) = judge(run.record).criteria
    assert criterion.state is State.FAIL
    found = {
        pair.subject[0].node: (pair.standing, pair.value)
        for pair in criterion.pairs
        if not isinstance(pair.subject, str)
    }
    assert found == {HERE: (PairState.BREAKS, Size(ABOVE)), THERE: (PairState.HOLDS, Size(1500))}


@pytest.mark.fault(
    "road",
    "a router on the way carries less than the interfaces allow, and reports it",
    "A smaller path MTU, with its size; no black hole.",
)
async def test_what_a_router_reports_is_a_smaller_path_and_no_black_hole(tmp_path: Path) -> None:
    found = await probed(tmp_path / "run", LAB, routed(LAB, *ROAD, mtu=1300))
    (finding,) = found.findings
    assert (finding.code, finding.values["size"]) == ("path-mtu.reduced", 1300)
    assert states(found) == {ROAD: RoadState.REPORTED}


@pytest.mark.fault(
    "road", "nodes have different MTUs", "The nodes that differ are named; their roads are no black holes."
)
async def test_nodes_with_another_mtu_are_named(tmp_path: Path) -> None:
    lab = LabSpec(nodes=4, exceptions=(LinkException(node="node-3", mtu=1400),))
    found = await probed(tmp_path / "run", lab)
    (finding,) = found.findings
    assert (finding.code, finding.values["nodes"], finding.values["mtu"]) == ("path-mtu.mixed", ("node-3",), 1400)
    assert {
        road.mtu for road in found.record.road_mtus.values() if "node-3" in (road.sender.node, road.receiver.node)
    } == {Size(1400)}


async def test_a_dead_road_is_no_black_hole_and_its_path_mtu_is_not_known(tmp_path: Path) -> None:
    found = await with_fault(tmp_path / "run", Outage(*ROAD))
    assert states(found) == {ROAD: RoadState.SILENT, ROAD[::-1]: RoadState.SILENT}
    assert {finding.code for finding in found.findings} == {"path-mtu.silent"}
    assert {road.mtu for road in found.record.road_mtus.values() if road.state is RoadState.SILENT} == {None}


async def test_loss_by_chance_is_no_black_hole(tmp_path: Path) -> None:
    found = await with_fault(tmp_path / "run", Loss(*ROAD, share=Ratio(0.1)))
    assert (states(found), found.findings) == ({}, ())


@dataclass(frozen=True)
class BlackHole6(BlackHole):
    """Of IPv6, whose head has the length behind it."""

    def traffic(self, ends: Ends) -> str:
        return f"ip6 daddr {ends.receiver.address}"

    def rule(self, name: str, ends: Ends) -> str:
        return f"ip6 length > {self.above.si - 40:.0f} counter name hit drop"


async def test_a_black_hole_of_ipv6_is_named_too(tmp_path: Path) -> None:
    found = await with_fault(tmp_path / "run", BlackHole6(*ROAD), LabSpec(nodes=4, ip=6))
    assert found.names(*ROAD, ABOVE), found.findings
