"""ClusterLoader2's controller with clearway's worker image: `python -m cluster.interop PERF-TESTS WORKER-ARCHIVE`.

Every figure that its controller reports has to be there and above nought: its own exit status proves nothing.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from clearway.site.kubernetes.image import IMAGE
from cluster.harness.cluster import Cluster
from cluster.harness.spec import ClusterSpec
from cluster.harness.starting import running_cluster
from cluster.interop.peer import NotMendable, built_controller

NETWORK = "testing/network"
PROTOCOLS = ("tcp", "udp", "http")
MAY_BE_NOUGHT = frozenset({"Lost_Packets", "Latency"})
"""No loss is what is hoped for; one-way latency is the difference of two clocks."""
_WITHIN = 180.0


@dataclass(frozen=True)
class Figure:
    metric: str
    unit: str
    values: dict[str, float]

    @property
    def measured(self) -> bool:
        return bool(self.values) and (self.metric in MAY_BE_NOUGHT or all(value > 0 for value in self.values.values()))


def run(program: Path, cluster: Cluster, protocol: str, pairs: int) -> tuple[int, float, list[Figure]]:
    """Exit status, seconds and figures of one network test, as a user of ClusterLoader2 starts it."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as place:
        reports, ratio = Path(place) / "reports", Path(place) / "ratio.yaml"
        ratio.write_text(f"CL2_NUMBER_OF_SERVERS: {pairs}\nCL2_NUMBER_OF_CLIENTS: {pairs}\n", encoding="utf-8")
        ended = subprocess.run(
            (
                program,
                f"--kubeconfig={cluster.kubeconfig}",
                f"--testconfig={NETWORK}/config.yaml",
                f"--testoverrides={NETWORK}/{protocol}_protocol_override.yaml",
                f"--testoverrides={ratio}",
                *("--provider=skeleton", f"--report-dir={reports}", "--v=2", "--enable-exec-service=false"),
            ),
            cwd=program.parent,
            capture_output=True,
            text=True,
            timeout=_WITHIN,
            check=False,
        )
        figures = list(_figures(reports))
    if not figures or not all(figure.measured for figure in figures):
        sys.stderr.write(ended.stdout[-6000:] + ended.stderr[-6000:])
    return ended.returncode, time.monotonic() - begun, figures


def _figures(reports: Path) -> Iterator[Figure]:
    for path in reports.glob("NetworkPerformanceMetrics_*.json"):
        for item in json.loads(path.read_text(encoding="utf-8"))["dataItems"]:
            yield Figure(item["labels"]["Metric"], item["unit"], item["data"])


def told(protocol: str, pairs: int, seconds: float, figures: list[Figure]) -> Iterator[str]:
    yield f"{protocol} {pairs}:{pairs}: {seconds:.0f} s"
    for figure in figures:
        values = ", ".join(f"{name} {value:g}" for name, value in figure.values.items()) or "no value"
        yield f"  {figure.metric}: {values} {figure.unit}{'' if figure.measured else '  <- not measured'}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m cluster.interop", description=__doc__)
    parser.add_argument("source", type=Path, help="a copy of kubernetes/perf-tests")
    parser.add_argument("archive", type=Path, help="the worker image's archive, as `make image` names it")
    parser.add_argument("--protocol", choices=PROTOCOLS, action="append", help="only this one; can be repeated")
    parser.add_argument("--pairs", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, running_cluster(ClusterSpec(nodes=2)) as cluster:
        try:
            program = built_controller(asked.source, Path(folder), IMAGE)
        except NotMendable as error:
            sys.stderr.write(f"interop: {error}\n")
            return 2
        cluster.load_image(asked.archive)
        sound = True
        for protocol in asked.protocol or PROTOCOLS:
            status, seconds, figures = run(program, cluster, protocol, asked.pairs)
            sound &= status == 0 and bool(figures) and all(figure.measured for figure in figures)
            print("\n".join(told(protocol, asked.pairs, seconds, figures)), flush=True)
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
