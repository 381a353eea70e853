"""How long a large run takes to judge: 9,940 results of a mesh of 71 nodes, of which one sends and one receives slowly.

`python -m benchmarks.analysis DIR` does it once, in a process of its own, and prints what it took as JSON.
"""

from __future__ import annotations

import asyncio
import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import median

from benchmarks.figure import Figure
from clearway.base.garbage import no_search_for_garbage
from clearway.campaign.conclusion import render_all
from clearway.diagnose import diagnose
from clearway.ledger.read import read_run
from clearway.ledger.record import Record
from clearway.ledger.write import Ledger
from clearway.probe.records import Probe, Result, Round
from clearway.report.compose import compose
from clearway.spec.load import read_spec
from clearway.verdict.judge import judge
from making import GBIT, after, inventory, measured, planned
from scripts.goal import Goal

TITLE = "the analysis of 9,940 results"
RUNS = 5
SPEC = """
version: 1
tests:
- name: bandwidth
  protocol: tcp
  pairing: mesh
  accept: [throughput >= 500 Mbit/s for 90 % of pairs, throughput min >= 1 Mbit/s]
"""
NODES = 71
NOISE = 0.01
SLOW_TO_SEND, SLOW_TO_RECEIVE = ("node-3", 0.7), ("node-6", 0.8)
STEPS = ("reading", "verdict and diagnosis", "report in all formats")
GOALS = {"verdict and diagnosis": Goal(most=2), "memory": Goal(most=300)}


def record() -> Record:
    rng = random.Random(1)

    def answer(round_: Round, probe: Probe) -> tuple[Result, ...]:
        rate = 0.95 * GBIT * rng.gauss(1, NOISE)
        for slot, (node, share) in ((probe.client, SLOW_TO_SEND), (probe.server, SLOW_TO_RECEIVE)):
            rate *= share if slot.node == node else 1
        return measured(round_, probe, rate)

    plan = planned(read_spec(SPEC), inventory(NODES))
    return after(plan, plan.plan, answer)


def analysis(folder: Path) -> Mapping[str, float]:
    """Seconds of CPU for each step, and megabytes in all."""
    times = [time.process_time()]
    run = read_run(folder)
    times.append(time.process_time())
    with no_search_for_garbage():  # as `conclude` does it
        verdict = diagnose(run, judge(run))
        times.append(time.process_time())
        document = compose(run, verdict, "en")
    render_all(document)
    times.append(time.process_time())
    seconds = dict(zip(STEPS, (after - before for before, after in pairwise(times)), strict=True))
    return {**seconds, "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


async def figures(folder: Path) -> list[Figure]:
    run, whole = folder / "run", record()
    ledger = Ledger.create(run, whole)
    for round_ in whole.rounds:
        ledger.append(round_)
    for result in whole.results:
        ledger.append(result)
    return await asyncio.to_thread(_figures, run)


def _figures(run: Path) -> list[Figure]:
    command = [sys.executable, "-m", "benchmarks.analysis", str(run)]
    taken = [json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout) for _ in range(RUNS)]
    return [_figure(name, [one[name] for one in taken]) for name in (*STEPS, "memory")]


def _figure(name: str, runs: Sequence[float]) -> Figure:
    unit = "MB" if name == "memory" else "s of CPU"
    return Figure(f"{name}: median of {RUNS}", median(runs), unit, runs, GOALS.get(name))


if __name__ == "__main__":
    print(json.dumps(analysis(Path(sys.argv[1]))))
