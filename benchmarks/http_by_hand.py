"""HTTP latency at a stated rate over a full road, against h2load and nginx by hand.

Both meet the same bulk TCP, whose windows are fixed: so the queue that they wait in is the same for both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks import by_hand
from benchmarks.by_hand import Route
from benchmarks.figure import Figure, Paired
from benchmarks.flow import WitnessedLab
from benchmarks.in_turns import in_turns
from clearway.base.units import Duration, Rate
from clearway.site.lab.model import LabSpec, Link
from scripts.goal import Goal
from specs import spec_of

TITLE = "HTTP latency under load against h2load by hand"

RUNS = 9
GOAL = Goal(0.8, 1.2)

_LAB = LabSpec(nodes=2, zones=1, link=Link(rate=Rate(200e6)))
_SPEC = spec_of(
    "name: latency, protocol: http, rate: 500/s, connections: 25, direction: forward, duration: 3s, warm-up: 1s,"
    " repeats: {min: %d}",
    gap="6s",
)
_REQUESTS = "-c 25 --rps 20"
_BULK = "-P 4 -w 64K"


async def paired(folder: Path, runs: int) -> Mapping[str, Paired]:
    """p50, p90 and p99 of `runs` turns, in seconds."""
    turns = await in_turns(folder / "run", _LAB, _SPEC % runs, partial(_h2load, folder / "by-hand"), _bulk)
    return {
        name: Paired(turns.told("latency", name), [by_hand.percentile(one, percent) for one in turns.by_hand])
        for name, percent in (("p50", 50), ("p90", 90), ("p99", 99))
    }


async def _h2load(folder: Path, site: WitnessedLab, route: Route) -> Sequence[float]:
    return await by_hand.h2load(site, route, folder, _REQUESTS)


def _bulk(site: WitnessedLab, route: Route) -> None:
    by_hand.bulk(site, route, _BULK)


async def figures(folder: Path) -> list[Figure]:
    return [_figure(name, pairs) for name, pairs in (await paired(folder, RUNS)).items()]


def _figure(name: str, pairs: Paired) -> Figure:
    ours, theirs = (Duration(median(values)) for values in (pairs.ours, pairs.by_hand))
    note = f"{ours}, by hand {theirs}"
    return Figure(f"{name}, ratio of medians", pairs.of_medians, "by hand", pairs.ratios, GOAL, note)
