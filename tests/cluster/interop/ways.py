"""The ways to run a network test on a cluster: ClusterLoader2's controller or our door, with workers of either."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from clearway.site.kubernetes.options import IMAGE
from cluster.door.doors import Doors
from cluster.interop.peer import built_controller, built_worker
from cluster.interop.their_image import write_their_image
from harness.cluster import Cluster

NETWORK = "testing/network"
MAY_BE_NOUGHT = frozenset({"Lost_Packets", "Latency"})
"""No loss is what is hoped for; one-way latency is the difference of two clocks."""
THEIRS = "clearway.test/netperfbenchmark:1"
_WITHIN = 180.0


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


def our_workers(ground: Ground) -> Way:
    """ClusterLoader2's controller with our workers."""
    ground.cluster.load_image(ground.archive)
    return by_controller(ground, IMAGE)


def their_workers(ground: Ground) -> Way:
    """Our door with ClusterLoader2's workers."""
    load_their_image(ground)
    return by_door(ground, "--settings=clusterloader2-workers", f"--worker-image={THEIRS}")


def by_controller(ground: Ground, image: str) -> Way:
    """As a user of ClusterLoader2 starts it; the nodes have the image. Raises NotMendable."""
    program = built_controller(ground.source, ground.folder, image)

    def run(protocol: str, pairs: int) -> Said:
        reports = _fresh(ground.folder, f"controller-{protocol}")
        own = (f"--kubeconfig={ground.cluster.kubeconfig}", f"--report-dir={reports}", "--enable-exec-service=false")
        argv = (str(program), *_asked(protocol, pairs, ground.folder), *own)
        ended = subprocess.run(argv, cwd=program.parent, capture_output=True, text=True, timeout=_WITHIN, check=False)
        return Said(ended.returncode, ended.stdout + ended.stderr, list(_figures(reports)))

    return run


def by_door(ground: Ground, *how: str) -> Way:
    """As it is started with ours, but for these flags."""

    def run(protocol: str, pairs: int) -> Said:
        doors = Doors(_fresh(ground.folder, f"door-{protocol}"), ground.cluster.kubeconfig)
        ended = doors.run(*_asked(protocol, pairs, ground.folder), *how)
        return Said(ended.status, ended.out + ended.err, list(_figures(doors.report_dir)))

    return run


def load_their_image(ground: Ground) -> None:
    """ClusterLoader2's workers, on every node. Raises NotMendable."""
    theirs = ground.folder / "theirs.tar"
    program = built_worker(ground.source, ground.folder)
    with tempfile.TemporaryDirectory() as layout:
        write_their_image(program, ground.archive, theirs, THEIRS, Path(layout))
    ground.cluster.load_image(theirs)


def _fresh(folder: Path, name: str) -> Path:
    """A folder of its own for each test."""
    path = next(one for number in count(1) if not (one := folder / f"{name}-{number}").exists())
    path.mkdir()
    return path


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
