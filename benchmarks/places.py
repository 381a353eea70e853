"""Where a fault lies: meshes of eight lab nodes, one of them slow or none, and what the runs name.

`python -m benchmarks.places FOLDER RUNS` carries out so many of each and prints a line for each run.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figure import Figure
from benchmarks.flow import Beside, WitnessedLab, accepted
from clearway.base.units import Rate
from clearway.diagnose import diagnose
from clearway.site.lab.model import LabSpec, Link, LinkException
from clearway.verdict.judge import judge
from clearway.verdict.suspect import Suspect
from scripts.goal import Goal

TITLE = "meshes of eight nodes with a slow node and without"
RUNS = 3
NODES = 8
LINK, LEFT = Rate(100e6), 0.7
"""A fault takes 30 % of a node's link. The spec says what links should carry: a slow one that is known is no fault."""
_SPEC = """
version: 1
link: 100 Mbit/s
tests:
- {name: bandwidth, protocol: tcp, pairing: mesh, scope: any, streams: 4, duration: 2s, warm-up: 1s}
"""


@dataclass(frozen=True)
class Named:
    """What one run named."""

    slow: str | None
    """The slow node."""
    suspects: tuple[Suspect, ...]
    rounds_more: int
    """Beyond the plan."""

    @property
    def accused(self) -> set[str]:
        """Nodes whose sending or receiving is named; of any other place all that it names."""
        return {name for one in self.suspects for name in one.place.names}

    @property
    def confirmed(self) -> bool:
        return all(one.is_confirmed for one in self.suspects)

    @property
    def is_right(self) -> bool:
        return self.accused == ({self.slow} if self.slow else set())


async def named(folder: Path, slow: str | None) -> Named:
    """One run of a mesh in which this node is slow both ways."""
    exceptions = (LinkException(node=slow, rate=LINK * LEFT),) if slow else ()
    lab = LabSpec(nodes=NODES, zones=1, link=Link(rate=LINK), exceptions=exceptions)
    site = WitnessedLab(lab)
    record = await accepted(folder, _SPEC, site, Beside(site))
    found = diagnose(record, judge(record)).suspects
    return Named(slow, found, len(record.rounds) - len(record.plan))


async def _all(folder: Path, runs: int) -> AsyncIterator[Named]:
    for number in range(runs):
        yield await named(folder / f"slow-{number + 1:02}", f"node-{number % NODES + 1}")
        yield await named(folder / f"clean-{number + 1:02}", None)


async def figures(folder: Path) -> list[Figure]:
    found = [one async for one in _all(folder, RUNS)]
    right = [float(one.is_right and one.confirmed) for one in found if one.slow]
    clean = [float(one.is_right) for one in found if not one.slow]
    more = [float(one.rounds_more) for one in found if one.slow]
    return [
        Figure("slow node named and confirmed", sum(right), "runs", right, Goal(len(right), len(right))),
        Figure("without a slow node, and none named", sum(clean), "runs", clean, Goal(len(clean), len(clean))),
        Figure("rounds for it, retries among them", max(more), "rounds", more),
    ]


async def main(folder: Path, runs: int) -> int:
    wrong = 0
    async for one in _all(folder, runs):
        wrong += not one.is_right
        places = ", ".join(f"{s.place.kind.value} {' '.join(s.place.names)} ({s.standing.value})" for s in one.suspects)
        print(f"slow: {one.slow or 'none'}; named: {places or 'none'}; {one.rounds_more} rounds more", flush=True)
    print(f"right: {2 * runs - wrong} of {2 * runs}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]))))
