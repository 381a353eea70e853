"""The door as a user calls it, on a cluster in this process whose workers answer as a test says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from api_server import Json
from clearway.base.units import Duration, Size
from clearway.cli.clusterloader2 import main
from clearway.probe.measurement import Tcp
from clearway.probe.records import Half, Outcome, Request, Result, Timing


def answered(request: Request) -> Result:
    """A worker that measured 1 Gbit/s for the whole window."""
    interval = Duration(0.5)
    count = round(request.window.duration.si / interval.si)
    series = tuple(Size(62_500_000) for _ in range(count))
    flow = Tcp(interval=interval, series=series, by_stream=(Size(62_500_000 * count),))
    timing = Timing(Duration(-1.0), Duration(-0.9) if request.half is Half.SERVE else None)
    found = flow if request.half is Half.SERVE else Tcp(retransmits=0)
    return Result(
        request.round, request.probe, request.attempt, request.half, Outcome.MEASURED, measurement=found, timing=timing
    )


def silent(request: Request) -> Result:
    """A worker whose tool printed nothing."""
    return Result(request.round, request.probe, request.attempt, request.half, Outcome.UNPARSABLE)


def call(kubeconfig: Path, *words: str) -> int:
    return main([f"--kubeconfig={kubeconfig}", "--report-dir=out", *words])


def pod_of(job: Json) -> Json:
    found: Json = job["spec"]["template"]["spec"]
    return found


def container(job: Json) -> Json:
    (found,) = pod_of(job)["containers"]
    only: Json = found
    return only


def perf_data(folder: Path) -> Any:
    """What is in the one file of results."""
    (path,) = (folder / "out").glob("NetworkPerformanceMetrics_*.json")
    return json.loads(path.read_text())


def failures(folder: Path) -> list[str]:
    root = ET.parse(folder / "out" / "junit.xml").getroot()
    return [failure.text or "" for failure in root.iter("failure")]
