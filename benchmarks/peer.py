"""The same network test by ClusterLoader2 and by our door, in turns on one cluster.

`CLEARWAY_CL2` names a copy of kubernetes/perf-tests. Controller and worker are built from it, mended where they can't
work as they stand (tests/cluster/interop/peer.py), and measure as a user of it would see; ours with the same settings.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.figure import Figure, Goal, Paired
from benchmarks.worker_image import worker_image
from cluster.harness.spec import ClusterSpec
from cluster.harness.starting import running_cluster
from cluster.interop.ways import THEIRS, Ground, Way, by_controller, by_door, load_their_image

TITLE = "TCP 1:1 by ClusterLoader2 and by our door, two nodes, 10 s"

NEEDS = "CLEARWAY_CL2"
TURNS = 3
TIME_GOAL = Goal(most=1)
"""Ours takes no longer."""
_METRIC = "Throughput"
_OURS = ("--settings=clusterloader2",)


@dataclass(frozen=True)
class Test:
    """One network test, from the call to its end."""

    seconds: float
    throughput: float
    """In kbytes/sec, over all pairs."""


async def figures(folder: Path) -> list[Figure]:
    ours, theirs = await asyncio.to_thread(in_turns, Path(os.environ[NEEDS]), folder)
    seconds = Paired([one.seconds for one in ours], [one.seconds for one in theirs])
    throughput = Paired([one.throughput for one in ours], [one.throughput for one in theirs])
    return [
        *_side_by_side("wall time", "s", seconds, TIME_GOAL),
        *_side_by_side("throughput", "kbytes/sec", throughput),
    ]


def in_turns(source: Path, folder: Path) -> tuple[list[Test], list[Test]]:
    """Ours and theirs, one after the other."""
    ours, theirs = [], []
    with running_cluster(ClusterSpec(nodes=2)) as cluster:
        ground = Ground(source, worker_image(), folder, cluster)
        cluster.load_image(ground.archive)
        load_their_image(ground)
        by_us, by_them = by_door(ground, *_OURS), by_controller(ground, THEIRS)
        for _ in range(TURNS):
            theirs.append(measured(by_them))
            ours.append(measured(by_us))
    return ours, theirs


def measured(way: Way) -> Test:
    begun = time.monotonic()
    said = way("tcp", 1)
    seconds = time.monotonic() - begun
    assert said.sound, said.text
    found = [figure.values["Value"] for figure in said.figures if figure.metric == _METRIC and "Value" in figure.values]
    (throughput,) = found
    return Test(seconds, throughput)


def _side_by_side(name: str, unit: str, pairs: Paired, goal: Goal | None = None) -> Sequence[Figure]:
    return (
        Figure(f"{name}, ours", median(pairs.ours), unit, pairs.ours),
        Figure(f"{name}, ClusterLoader2", median(pairs.by_hand), unit, pairs.by_hand),
        Figure(f"{name}, ours to theirs", pairs.of_medians, "of theirs", pairs.ratios, goal),
    )
