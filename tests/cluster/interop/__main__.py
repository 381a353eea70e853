"""Both ways round on a cluster made for it: `python -m cluster.interop PERF-TESTS WORKER-ARCHIVE`.

`controller`: ClusterLoader2's controller with clearway's worker image. `door`: clearway's door with ClusterLoader2's
worker image. Every figure that is told has to be there and above nought: an exit status by itself proves nothing.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from clearway.site.kubernetes.image import IMAGE
from cluster.door.doors import Doors
from cluster.harness.cluster import Cluster
from cluster.harness.spec import ClusterSpec
from cluster.harness.starting import running_cluster
from cluster.interop.peer import NotMendable, built_controller, built_worker
from cluster.interop.their_image import write_their_image

NETWORK = "testing/network"
PROTOCOLS = ("tcp", "udp", "http")
MAY_BE_NOUGHT = frozenset({"Lost_Packets", "Latency"})
"""No loss is what is hoped for; one-way latency is the difference of two clocks."""
TOLD: Mapping[str, tuple[str, ...]] = {"controller": PROTOCOLS, "door": ("tcp",)}
"""Its worker crashes on the UDP rows of our iperf 2.1.8, and of HTTP it tells a mean."""
THEIRS = "clearway.test/netperfbenchmark:1"
_WITHIN = 180.0
_QUOTED = 6_000
"""Characters of what was said, where something is missing."""


@dataclass(frozen=True)
class Figure:
    metric: str
    unit: str
    values: dict[str, float]

    @property
    def measured(self) -> bool:
        return bool(self.values) and (self.metric in MAY_BE_NOUGHT or all(value > 0 for value in self.values.values()))


@dataclass(frozen=True)
class Ground:
    """What both ways need."""

    source: Path
    archive: Path
    folder: Path
    cluster: Cluster


@dataclass(frozen=True)
class Said:
    """What a command left behind."""

    status: int
    text: str
    figures: list[Figure]

    @property
    def sound(self) -> bool:
        return self.status == 0 and bool(self.figures) and all(figure.measured for figure in self.figures)


Way = Callable[[str, int], Said]
"""A network test over a protocol with so many pairs."""


def by_controller(ground: Ground) -> Way:
    """As a user of ClusterLoader2 starts it."""
    program = built_controller(ground.source, ground.folder, IMAGE)
    ground.cluster.load_image(ground.archive)

    def run(protocol: str, pairs: int) -> Said:
        reports = ground.folder / f"controller-{protocol}"
        own = (f"--kubeconfig={ground.cluster.kubeconfig}", f"--report-dir={reports}", "--enable-exec-service=false")
        argv = (str(program), *_asked(protocol, pairs, ground.folder), *own)
        ended = subprocess.run(argv, cwd=program.parent, capture_output=True, text=True, timeout=_WITHIN, check=False)
        return Said(ended.returncode, ended.stdout + ended.stderr, list(_figures(reports)))

    return run


def by_door(ground: Ground) -> Way:
    """As it is started with ours, but for the workers."""
    theirs = ground.folder / "theirs.tar"
    program = built_worker(ground.source, ground.folder)
    with tempfile.TemporaryDirectory() as layout:
        write_their_image(program, ground.archive, theirs, THEIRS, Path(layout))
    ground.cluster.load_image(theirs)

    def run(protocol: str, pairs: int) -> Said:
        place = ground.folder / f"door-{protocol}"
        place.mkdir()
        doors = Doors(ground.cluster.kubeconfig, place)
        workers = ("--settings=clusterloader2-workers", f"--worker-image={THEIRS}")
        ended = doors.run(*_asked(protocol, pairs, ground.folder), *workers)
        return Said(ended.status, ended.out + ended.err, list(_figures(doors.report_dir)))

    return run


WAYS: Mapping[str, Callable[[Ground], Way]] = {"controller": by_controller, "door": by_door}


def _asked(protocol: str, pairs: int, folder: Path) -> tuple[str, ...]:
    ratio = folder / f"ratio-{pairs}.yaml"
    ratio.write_text(f"CL2_NUMBER_OF_SERVERS: {pairs}\nCL2_NUMBER_OF_CLIENTS: {pairs}\n", encoding="utf-8")
    overrides = (f"{NETWORK}/{protocol}_protocol_override.yaml", ratio)
    given = (f"--testoverrides={path}" for path in overrides)
    return (f"--testconfig={NETWORK}/config.yaml", *given, "--provider=skeleton", "--v=2")


def _figures(reports: Path) -> Iterator[Figure]:
    for path in reports.glob("NetworkPerformanceMetrics_*.json"):
        for item in json.loads(path.read_text(encoding="utf-8"))["dataItems"]:
            yield Figure(item["labels"]["Metric"], item["unit"], item["data"])


def told(test: str, seconds: float, said: Said) -> Iterator[str]:
    yield f"{test}: exit {said.status}, {seconds:.0f} s"
    for figure in said.figures:
        values = ", ".join(f"{name} {value:g}" for name, value in figure.values.items()) or "no value"
        yield f"  {figure.metric}: {values} {figure.unit}{'' if figure.measured else '  <- not measured'}"
    if not said.sound:
        yield said.text[-_QUOTED:]


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m cluster.interop", description=__doc__)
    parser.add_argument("source", type=Path, help="a copy of kubernetes/perf-tests")
    parser.add_argument("archive", type=Path, help="the worker image's archive, as `make image` names it")
    parser.add_argument("--way", choices=WAYS, action="append", help="only this one")
    parser.add_argument("--protocol", choices=PROTOCOLS, action="append", help="only this one; can be repeated")
    parser.add_argument("--pairs", type=int, default=1)
    return parser.parse_args()


def main() -> int:
    asked, sound = _parsed(), True
    with tempfile.TemporaryDirectory() as folder, running_cluster(ClusterSpec(nodes=2)) as cluster:
        ground = Ground(asked.source, asked.archive, Path(folder), cluster)
        for way in asked.way or WAYS:
            try:
                run = WAYS[way](ground)
            except NotMendable as error:
                sys.stderr.write(f"interop: {error}\n")
                return 2
            for protocol in asked.protocol or TOLD[way]:
                begun = time.monotonic()
                said = run(protocol, asked.pairs)
                sound &= said.sound
                test = f"{way} {protocol} {asked.pairs}:{asked.pairs}"
                print("\n".join(told(test, time.monotonic() - begun, said)), flush=True)
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
