"""The main job on a real Kubernetes, from no cluster to none again."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

from clearway.base.units import Rate
from harness.cgroups import clusters_with_cgroups, processes_of
from harness.failure import HarnessError
from harness.leftovers import Watched, host_traces
from harness.spec import ClusterSpec
from harness.starting import start_cluster

_RATE = Rate(500e6)
"""Of every node's link, as in the built-in lab: two busy cores still fill it, so the shaper decides the figures."""
_CONGESTION = "reno"
"""The one that every kernel allows to pods; it keeps the shaper's queue filled as cubic does."""
_WITHIN = 300.0
"""Seconds for the run."""


def demonstrate(image: Path, report_dir: Path) -> int:
    """A run of the profile `lab` on a cluster made for it; returns the run's exit code.

    Raises HarnessError if anything of the cluster is left on this machine.
    """
    before, begun = _traces(), time.monotonic()
    with closing(start_cluster(ClusterSpec(nodes=2, rate=_RATE))) as cluster:
        _say(f"two nodes ready after {time.monotonic() - begun:.0f} s; loads {image.name}")
        cluster.load_image(image)
        watched = Watched(processes_of(cluster.machinery.folder.name))
        status = subprocess.run(_run(cluster.kubeconfig, report_dir), timeout=_WITHIN, check=False).returncode
    watched.wait_for_end()
    if left := _traces() - before:
        raise HarnessError(f"left behind: {', '.join(sorted(left))}")
    _say(f"gone, and nothing is left; {time.monotonic() - begun:.0f} s in all")
    return status


def _run(kubeconfig: Path, report_dir: Path) -> tuple[str, ...]:
    site = (f"--kubeconfig={kubeconfig}", f"--report-dir={report_dir}")
    link, congestion = f"--set=link={_RATE.si:.0f} bit/s", f"--set=tests.bandwidth.congestion={_CONGESTION}"
    return (sys.executable, "-m", "clearway", "run", *site, "--profile=lab", link, congestion)


def _traces() -> set[str]:
    return host_traces() | {f"cgroup {name}" for name in clusters_with_cgroups()}


def _say(text: str) -> None:
    print(f"cluster: {text}", file=sys.stderr, flush=True)
