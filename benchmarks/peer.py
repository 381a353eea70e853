"""The same network tests by ClusterLoader2 and by our door, in turns on one cluster.

`CLEARWAY_CL2` names a copy of kubernetes/perf-tests. Controller and worker are built from it, mended where they can't
work as they stand (tests/cluster/interop/peer.py), and measure as a user of it would see; ours with the same settings.
One pair has links as fast as they go, and gives the throughput. Ten pairs have slow links, so that two cores have time
for them and for the capture that says when each began.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.fabric import captured
from benchmarks.figure import Figure, Paired
from benchmarks.spread import spread
from benchmarks.worker_image import worker_image
from clearway.base.units import Rate
from cluster.interop.ways import THEIRS, Ground, Said, Way, by_controller, by_door, load_their_image
from harness.cluster import Cluster
from harness.spec import ClusterSpec
from harness.starting import running_cluster
from scripts.goal import Goal

TITLE = "TCP 1:1 and 10:10 by ClusterLoader2 and by our door, 6 nodes, 10 s"

NEEDS = "CLEARWAY_CL2"
TURNS = 3
NODES, CROWD = 6, 10
"""Its workers ask for half a core each, so ten pairs need more than two nodes."""
NO_WORSE = Goal(most=1)
"""Ours takes no longer, and its senders begin no further apart."""
_SLOW = Rate(100e6)
_METRIC = "Throughput"
_OURS = ("--settings=clusterloader2",)


@dataclass(frozen=True)
class Turn:
    """A test of one pair, and then one of ten pairs at once. Seconds are from the call of a test to its end."""

    pair_seconds: float
    throughput: float
    """Of the one pair, in kbytes/sec."""
    crowd_seconds: float
    spread: float
    """Of the ten: from the first sender's first full packet to the last one's, in milliseconds."""


async def figures(folder: Path) -> list[Figure]:
    ours, theirs = await asyncio.to_thread(in_turns, Path(os.environ[NEEDS]), folder)

    def paired(value: Callable[[Turn], float]) -> Paired:
        return Paired([value(turn) for turn in ours], [value(turn) for turn in theirs])

    return [
        *_side_by_side("wall time, 1 pair", "s", paired(lambda turn: turn.pair_seconds), NO_WORSE),
        *_side_by_side("throughput, 1 pair", "kbytes/sec", paired(lambda turn: turn.throughput)),
        *_side_by_side(f"wall time, {CROWD} pairs", "s", paired(lambda turn: turn.crowd_seconds), NO_WORSE),
        *_side_by_side(f"start spread, {CROWD} pairs", "ms", paired(lambda turn: turn.spread), NO_WORSE),
    ]


def in_turns(source: Path, folder: Path) -> tuple[list[Turn], list[Turn]]:
    """Ours and theirs, one after the other."""
    ours, theirs = [], []
    with running_cluster(ClusterSpec(nodes=NODES)) as cluster:
        ground = Ground(source, worker_image(), folder, cluster)
        cluster.load_image(ground.archive)
        load_their_image(ground)
        by_us, by_them = by_door(ground, *_OURS), by_controller(ground, THEIRS)
        for number in range(TURNS):
            theirs.append(turn(cluster, by_them, folder / f"theirs-{number}.pcap"))
            ours.append(turn(cluster, by_us, folder / f"ours-{number}.pcap"))
    return ours, theirs


def turn(cluster: Cluster, way: Way, packets: Path) -> Turn:
    return Turn(*pair(way), *crowd(cluster, way, packets))


def pair(way: Way) -> tuple[float, float]:
    """Seconds and throughput."""
    seconds, said = timed(way, 1)
    throughputs = (figure.values for figure in said.figures if figure.metric == _METRIC)
    (throughput,) = (values["Value"] for values in throughputs if "Value" in values)
    return seconds, throughput


def crowd(cluster: Cluster, way: Way, packets: Path) -> tuple[float, float]:
    """Seconds and spread."""
    cluster.shape(_SLOW)
    try:
        with captured(cluster, packets) as capture:
            seconds, _ = timed(way, CROWD)
    finally:
        cluster.shape(None)
    starts = capture.first_load()
    assert len(starts) == CROWD, starts
    return seconds, spread(starts.values()) * 1e3


def timed(way: Way, pairs: int) -> tuple[float, Said]:
    """A test that measured everything, and the seconds from the call to its end."""
    begun = time.monotonic()
    said = way("tcp", pairs)
    seconds = time.monotonic() - begun
    assert said.sound, said.text
    return seconds, said


def _side_by_side(name: str, unit: str, pairs: Paired, goal: Goal | None = None) -> Sequence[Figure]:
    return (
        Figure(f"{name}, ours", median(pairs.ours), unit, pairs.ours),
        Figure(f"{name}, ClusterLoader2", median(pairs.by_hand), unit, pairs.by_hand),
        Figure(f"{name}, ours to theirs", pairs.of_medians, "of theirs", pairs.ratios, goal),
    )
