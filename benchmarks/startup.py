"""How long `clearway --help` takes: what a person waits for before anything happens."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from benchmarks.figure import Figure
from scripts.goal import Goal

TITLE = "clearway --help"

RUNS = 9
GOAL = Goal(most=150)


async def figures(folder: Path) -> list[Figure]:
    times = [await asyncio.to_thread(_milliseconds) for _ in range(RUNS + 1)][1:]
    return [Figure("median of 9, a first one left out", median(times), "ms", times, GOAL)]


def _milliseconds() -> float:
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-m", "clearway", "--help"], check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - begun) * 1e3
