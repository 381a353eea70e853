"""How far apart senders begin on a Kubernetes of six nodes: by a capture in its fabric, and by clearway's own word."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from statistics import median

from benchmarks.fabric import captured
from benchmarks.figure import Figure
from benchmarks.spread import Start, spread, starts_in
from benchmarks.worker_image import worker_image
from clearway.base.units import Rate
from clearway.ledger.read import read_run
from harness.cluster import Cluster
from harness.spec import ClusterSpec
from harness.starting import running_cluster
from scripts.goal import Goal

TITLE = "Spread of first data on Kubernetes, 12 pairs on 6 nodes"

NODES, WORKERS, ROUNDS = 6, 4, 5
PAIRS = NODES * WORKERS // 2
GOAL = Goal(most=10)
_LINK = Rate(100e6)
"""So that two cores have time for 24 ends."""
_SPEC = f"""
version: 1
seed: 1
workers-per-node: {WORKERS}
tests:
- {{name: start, protocol: tcp, streams: 1, direction: forward, duration: 1s, warm-up: 500ms,
   repeats: {{min: {ROUNDS}, max: {ROUNDS}}}}}
"""


async def figures(folder: Path) -> list[Figure]:
    rounds = await asyncio.to_thread(starts, folder)
    seen = [spread(start.captured for start in round_) for round_ in rounds]
    told = [spread(start.told for start in round_) for round_ in rounds]
    apart = [abs(start.told - start.captured) for round_ in rounds for start in round_ if start.told is not None]
    return [
        Figure("captured in the fabric", median(seen), "ms", seen, GOAL, "peer CL2: 127 ms for 10 pairs"),
        Figure("clearway's own figure", median(told), "ms", told),
        Figure("own figure less captured, worst of the middle half", sorted(apart)[len(apart) * 3 // 4], "ms", apart),
    ]


def starts(folder: Path) -> list[list[Start]]:
    """Every pair's start in each round, measured or not."""
    with running_cluster(ClusterSpec(nodes=NODES, rate=_LINK)) as cluster:
        cluster.load_image(worker_image())
        with captured(cluster, folder / "packets") as capture:
            _run(cluster, folder)
        record, segments = read_run(folder / "run"), capture.segments()
    found = [starts_in(record, round_, segments) for round_ in record.rounds]
    assert all(len(round_) == PAIRS for round_ in found), [len(round_) for round_ in found]
    return found


def _run(cluster: Cluster, folder: Path) -> None:
    spec = folder / "cat.yaml"
    spec.write_text(_SPEC, encoding="utf-8")
    flags = (f"--kubeconfig={cluster.kubeconfig}", f"--report-dir={folder / 'run'}")
    argv = (sys.executable, "-m", "clearway", "run", str(spec), *flags)
    ran = subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False)
    assert ran.returncode == 0, ran.stderr[-2000:]
