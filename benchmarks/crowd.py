"""A lab of 64 nodes: how soon its agents are ready, and how much memory the controller of a run on it takes."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from pathlib import Path

from benchmarks.figure import Figure
from benchmarks.flow import WitnessedLab
from clearway.base.units import Rate
from clearway.probe.records import Slot
from clearway.site.base import Ready
from clearway.site.lab.model import LabSpec, Link, dump_lab
from scripts.goal import Goal
from specs import spec_of

TITLE = "Small and large labs"

NODES = 64
MEMORY_GOAL = Goal(most=120)
_READY_GOALS = {4: Goal(most=2), NODES: Goal(most=10)}

_SPEC = spec_of(
    "name: bandwidth, protocol: tcp, streams: 1, direction: forward, duration: 2s, warm-up: 1s,"
    " accept: [throughput >= 50 % of link]",
)
COMMAND = """
import sys
from clearway.cli.main import main
code = main(sys.argv[1:])
with open("/proc/self/status") as status:
    print(*(line for line in status if line.startswith("VmHWM")), file=sys.stderr)
sys.exit(code)
"""
"""The command itself, telling at its end how much memory it had at most."""


async def seconds_until_ready(nodes: int) -> float:
    """From the order to build a lab to the last agent's word that it is ready."""
    site = WitnessedLab(LabSpec(nodes=nodes))
    events = site.events()
    begun = time.monotonic()
    try:
        await site.start([Slot(node.name) for node in site.lab.resolved()])
        for _ in range(nodes):
            event = await anext(events)
            assert isinstance(event, Ready), event
        return time.monotonic() - begun
    finally:
        await site.stop()


async def controller_megabytes(folder: Path) -> float:
    """Peak resident memory of a whole `clearway run` on 64 nodes, reports included.

    Its verdict may be open: 64 workers share the CPUs here, and one that has to wait for them voids its attempt.
    """
    lab, spec = folder / "lab.yaml", folder / "cat.yaml"
    await asyncio.to_thread(lab.write_text, dump_lab(LabSpec(nodes=NODES, link=Link(rate=Rate(5e6)))))
    await asyncio.to_thread(spec.write_text, _SPEC)
    argv = ("run", str(spec), "--lab-file", str(lab), "--report-dir", str(folder / "run"))
    ran = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", COMMAND, *argv), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    stdout, stderr = await ran.communicate()
    assert ran.returncode in (0, 3), (stdout[-2000:], stderr[-2000:])
    lines = (await asyncio.to_thread((folder / "run" / "results.jsonl").read_text)).splitlines()
    assert sum(json.loads(line)["outcome"] == "measured" for line in lines) >= NODES, stdout[-2000:]
    return peak_megabytes(stderr)


def peak_megabytes(stderr: bytes) -> float:
    """What `COMMAND` told at its end."""
    peak = re.search(rb"VmHWM:\s+(\d+) kB", stderr)
    assert peak is not None, stderr
    return int(peak[1]) * 1024 / 1e6


async def figures(folder: Path) -> list[Figure]:
    ready = {nodes: await seconds_until_ready(nodes) for nodes in _READY_GOALS}
    memory = await controller_megabytes(folder)
    return [
        *(Figure(f"{n} nodes ready", taken, "s", (taken,), _READY_GOALS[n]) for n, taken in ready.items()),
        Figure(f"controller's peak memory, {NODES} nodes", memory, "MB", (memory,), MEMORY_GOAL),
    ]
