"""The door as a user calls it, on a cluster in this process whose workers answer as a test says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from api_objects import Json
from clearway.base.units import Duration, Size
from clearway.cli.clusterloader2 import main
from clearway.probe.measurement import Tcp, Timing, Udp
from clearway.probe.parameters import UdpParameters
from clearway.probe.records import Half, Outcome, Request, Result


def answered(request: Request) -> Result:
    """A worker that measured 1 Gbit/s for the whole window, or that nothing of UDP was lost."""
    found = _udp(request) if isinstance(request.parameters, UdpParameters) else _tcp(request)
    timing = Timing(Duration(-1.0), Duration(-0.9) if request.half is Half.SERVE else None)
    return request.result(Outcome.MEASURED, measurement=found, timing=timing)


def _udp(request: Request) -> Udp:
    if request.half is Half.SERVE:
        return Udp(received=10_000, lost_by_sequence=0, reordered=0, jitter=(Duration(0.0001),) * 100)
    assert isinstance(request.parameters, UdpParameters)
    return Udp(sent=10_000, sending_time=request.window.end, sent_rate=request.parameters.rate)


def _tcp(request: Request) -> Tcp:
    interval = Duration(0.5)
    count = round(request.window.duration.si / interval.si)
    series = tuple(Size(62_500_000) for _ in range(count))
    flow = Tcp(interval=interval, series=series, by_stream=(Size(62_500_000 * count),))
    return flow if request.half is Half.SERVE else Tcp(retransmits=0)


def silent(request: Request) -> Result:
    """A worker whose tool printed nothing."""
    return request.result(Outcome.UNPARSABLE)


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
