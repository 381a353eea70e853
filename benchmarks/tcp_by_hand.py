"""Throughput on a shaped link, against iperf by hand."""

from __future__ import annotations

from pathlib import Path
from statistics import median

from benchmarks import by_hand
from benchmarks.by_hand import Route
from benchmarks.figure import Figure, Paired
from benchmarks.flow import WitnessedLab
from benchmarks.in_turns import in_turns
from clearway.base.units import Rate
from clearway.site.lab.model import LabSpec, Link
from scripts.goal import Goal
from specs import spec_of

TITLE = "Throughput on a 1 Gbit/s link against iperf by hand"

RUNS = 9
GOAL = Goal(least=0.99)

_LAB = LabSpec(nodes=2, zones=1, link=Link(rate=Rate(1e9)))
_SPEC = spec_of(
    "name: bandwidth, protocol: tcp, streams: 8, congestion: cubic, direction: forward, duration: 3s, warm-up: 1s,"
    " repeats: {min: %d}",
    gap="7s",
)


async def paired(folder: Path, runs: int) -> Paired:
    """Goodput of `runs` turns, bit/s."""
    turns = await in_turns(folder, _LAB, _SPEC % runs, _iperf)
    return Paired(turns.told("throughput", "mean"), turns.by_hand)


async def _iperf(site: WitnessedLab, route: Route) -> float:
    return await by_hand.iperf(site, route, "-P 8 -Z cubic", warm_up=1, seconds=3)


async def figures(folder: Path) -> list[Figure]:
    pairs = await paired(folder / "run", RUNS)
    ours, theirs = (Rate(median(values)) for values in (pairs.ours, pairs.by_hand))
    return [
        Figure("lower 95 % bound of the paired ratio", pairs.lower_bound, "by hand", pairs.ratios, GOAL),
        Figure("ratio of medians", pairs.of_medians, "by hand", pairs.ratios, None, f"{ours}, by hand {theirs}"),
    ]
