"""Path MTU: labs in which large packets vanish on one road in one direction, clean labs, and 64 nodes at once.

`python -m benchmarks.path_mtu FOLDER HOLES CLEAN` carries out so many of each and prints a line for each run.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figure import Figure
from clearway.base.units import Size
from clearway.campaign.acceptance import begin, measuring
from clearway.diagnose.path_mtu import path_mtu_findings
from clearway.ledger.record import Record
from clearway.probe.observations import CLOCK, PATH_MTU
from clearway.probe.path_mtu import RoadState
from clearway.probe.paths import NO_SERVICES, WantedServices
from clearway.probe.records import Finding, Slot
from clearway.site.lab.model import LabSpec
from clearway.site.lab.site import LabSite
from clearway.site.lab.topology import NODE_DEVICE, Addresses
from clearway.spec.load import read_spec
from faults.kinds import BlackHole
from faults.plant import planting
from scripts.goal import Goal

TITLE = "path MTU of eight nodes with a black hole and without, and of 64 nodes"
RUNS = 3
NODES, MANY = 8, 64
ABOVE = 1400
_SPEC = """
version: 1
tests:
- {name: bandwidth, protocol: tcp, pairing: mesh, scope: any}
"""
Preparation = Callable[[LabSite], Awaitable[object]]


class PreparedLab(LabSite):
    """A lab in which something is done once it is built, before anything is probed."""

    def __init__(self, lab: LabSpec, preparation: Preparation | None = None) -> None:
        super().__init__(lab, log=lambda finding: None)
        self._preparation = preparation

    async def start(self, slots: Sequence[Slot], services: WantedServices = NO_SERVICES) -> None:
        await super().start(slots, services)
        if self._preparation is not None:
            await self._preparation(self)


@dataclass(frozen=True)
class Probed:
    """What the preflight of one run found."""

    record: Record
    findings: tuple[Finding, ...]

    @property
    def seconds(self) -> float:
        """From the last worker that was ready."""
        begun = max(seen.at for seen in self.record.observed(CLOCK))
        return max(seen.at for seen in self.record.observed(PATH_MTU)) - begun

    def names(self, sender: str, receiver: str, size: int) -> bool:
        """Whether this road, this direction and this size are named, and nothing else."""
        if len(self.findings) != 1 or self.findings[0].code != "path-mtu.black-hole":
            return False
        values = self.findings[0].values
        return (values["place"].values, values["size"]) == ({"sender": sender, "receiver": receiver}, size)


async def probed(folder: Path, lab: LabSpec, preparation: Preparation | None = None) -> Probed:
    """A run of a mesh that ends before its first round."""
    site = PreparedLab(lab, preparation)
    job = await begin(read_spec(_SPEC), site, folder)
    async with measuring(job, site) as run:
        record = run.record
    return Probed(record, tuple(path_mtu_findings(record)))


def black_hole(lab: LabSpec, sender: str, receiver: str, above: int = ABOVE) -> Preparation:
    """Larger packets vanish on the road from one node to another."""

    async def plant(site: LabSite) -> None:
        await planting(site, lab, BlackHole(sender, receiver, above=Size(above)), "hole").plant(0.0)

    return plant


async def known_neighbours(site: LabSite) -> None:
    """Nodes know each other's hardware address for good.

    In a lab all nodes share one kernel, whose table of neighbours is full with 1,024 that come and go: 32 nodes.
    """
    script = """
    for node in $(ls /run/netns); do
      echo "$node $(ip -n $node -o link show %(device)s | sed 's/.*ether \\([^ ]*\\) .*/\\1/') \
$(ip -n $node -o -4 address show %(device)s | sed 's/.*inet \\([^/]*\\).*/\\1/')"
    done > /run/known
    for node in $(ls /run/netns); do
      grep -v "^$node " /run/known | while read name mac address; do
        echo "neigh replace $address lladdr $mac dev %(device)s nud permanent"
      done | ip -n $node -batch -
    done
    """
    ran = await site.execute(None, ("sh", "-ec", script % {"device": NODE_DEVICE}), timeout=120)
    assert ran.exit == 0, ran


def routed(lab: LabSpec, sender: str, receiver: str, mtu: int) -> Preparation:
    """From one node to another by way of a router, which carries less and says so."""

    async def build(site: LabSite) -> None:
        (there,) = [Addresses(lab.ip).of(node) for node in lab.resolved() if node.name == receiver]
        fabric = f"""
        echo 1 > /proc/sys/net/ipv4/ip_forward
        echo 0 > /proc/sys/net/ipv4/conf/all/send_redirects
        echo 0 > /proc/sys/net/ipv4/conf/fabric/send_redirects
        ip address add 198.18.0.250/24 dev fabric
        ip route add {there}/32 dev fabric mtu lock {mtu}
        """
        for node, commands in ((None, fabric), (sender, f"ip route add {there}/32 via 198.18.0.250")):
            ran = await site.execute(node, ("sh", "-ec", commands))
            assert ran.exit == 0, ran

    return build


async def _holes(folder: Path, runs: int) -> AsyncIterator[tuple[str, str, Probed]]:
    """Each run has its hole on another road."""
    for number in range(runs):
        first = number % NODES
        second = (first + 1 + number // NODES % (NODES - 1)) % NODES
        sender, receiver = f"node-{first + 1}", f"node-{second + 1}"
        lab = LabSpec(nodes=NODES)
        yield sender, receiver, await probed(folder / f"hole-{number + 1:02}", lab, black_hole(lab, sender, receiver))


async def _clean(folder: Path, runs: int) -> AsyncIterator[Probed]:
    for number in range(runs):
        yield await probed(folder / f"clean-{number + 1:02}", LabSpec(nodes=NODES))


async def many(folder: Path) -> Probed:
    """All roads of 64 nodes at once."""
    return await probed(folder, LabSpec(nodes=MANY), known_neighbours)


async def figures(folder: Path) -> list[Figure]:
    holes = [one.names(sender, receiver, ABOVE) async for sender, receiver, one in _holes(folder, RUNS)]
    clean = [one async for one in _clean(folder, RUNS)]
    large = await many(folder / "many")
    whole = [float(road.state is RoadState.WHOLE) for road in large.record.road_mtus.values()]
    return [
        Figure("road, direction and size named", sum(holes), "runs", list(map(float, holes)), Goal(RUNS, RUNS)),
        Figure("named without a fault", sum(bool(one.findings) for one in clean), "runs", [], Goal(0, 0)),
        Figure("8 nodes", max(one.seconds for one in clean), "s", [one.seconds for one in clean]),
        Figure("64 nodes, 4,032 roads", large.seconds, "s", [large.seconds], Goal(most=5)),
        Figure("of these known", sum(whole), "roads", [], Goal(MANY * (MANY - 1), MANY * (MANY - 1))),
    ]


async def main(folder: Path, holes: int, clean: int) -> int:
    named = false = 0
    async for sender, receiver, one in _holes(folder, holes):
        named += (right := one.names(sender, receiver, ABOVE))
        print(f"{sender} -> {receiver}: {'named' if right else one.findings}; {one.seconds:.2f} s", flush=True)
    async for one in _clean(folder, clean):
        false += bool(one.findings)
        print(f"clean: {one.findings or 'nothing named'}; {one.seconds:.2f} s", flush=True)
    print(f"named: {named} of {holes}; false: {false} of {clean}")
    return 0 if named == holes and not false else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
