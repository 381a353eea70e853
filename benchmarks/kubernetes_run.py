"""A whole run on a small Kubernetes: how long a user waits, and throughput against iperf by hand between pods."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.by_hand import bytes_within
from benchmarks.figure import Figure, Paired
from benchmarks.flow import measured_trials
from benchmarks.in_turns import value_of
from benchmarks.worker_image import worker_image
from clearway.base.units import Rate
from clearway.ledger.read import read_run
from clearway.site.kubernetes.cluster_scope import manifests
from cluster.toolbox import execute, start_pods, toolbox
from harness.cluster import Cluster
from harness.spec import ClusterSpec
from harness.starting import running_cluster
from scripts.goal import Goal

TITLE = "A run on Kubernetes: two nodes, one pair, 10 s"

TURNS, TURNS_UNSHAPED = 7, 3
STREAMS = 8
"""Without a shaper they take both cores of the API server's machine too: the brake would stop them."""
WARM_UP, DURATION = 2, 8
LINK = Rate(1e9)
INSTALLED_GOAL, INSTALLING_GOAL = Goal(most=16), Goal(most=19)
THROUGHPUT_GOAL = Goal(least=0.98)
NAMESPACE = "clearway"
_BY_HAND = "by-hand"
_PORT = "5901"
_SPEC = f"""
version: 1
seed: 1
tests:
- {{name: bandwidth, protocol: tcp, direction: forward, streams: %d, congestion: reno,
   duration: {DURATION}s, warm-up: {WARM_UP}s, repeats: {{min: 1, max: 1}}, accept: ["throughput >= 1 Mbit/s"]}}
"""


@dataclass(frozen=True)
class Run:
    """One call of clearway."""

    reported: float
    """Seconds from its start until the verdict stands on standard output."""
    ended: float
    """Seconds until it has cleaned up and ended."""
    throughput: float
    """Bit/s."""


async def figures(folder: Path) -> list[Figure]:
    return await asyncio.to_thread(measured, folder)


def measured(folder: Path) -> list[Figure]:
    """Everything on one cluster, which by-hand figures share."""
    with running_cluster(ClusterSpec(nodes=2, rate=LINK)) as cluster:
        cluster.load_image(worker_image())
        installing = [run(cluster, folder / f"installing-{turn}", STREAMS) for turn in range(3)]
        for manifest in manifests(NAMESPACE):
            cluster.kubectl("apply", "--server-side", "--filename=-", text=json.dumps(manifest))
        _start_by_hand(cluster)
        shaped, installed = in_turns(cluster, folder / "shaped", TURNS, STREAMS)
        cluster.shape(None)
        unshaped, _ = in_turns(cluster, folder / "unshaped", TURNS_UNSHAPED, STREAMS, "--no-brake")
    return [
        _waiting("start to report, kind installed", [one.reported for one in installed], INSTALLED_GOAL),
        _waiting("start to report, kind not installed", [one.reported for one in installing], INSTALLING_GOAL),
        _waiting("start to end, kind installed", [one.ended for one in installed]),
        _waiting("start to end, kind not installed", [one.ended for one in installing]),
        _compared("throughput at 1 Gbit/s, lower 95 % bound of the paired ratio", shaped, THROUGHPUT_GOAL),
        _compared("throughput unshaped, lower 95 % bound of the paired ratio", unshaped),
    ]


def in_turns(cluster: Cluster, folder: Path, turns: int, streams: int, *how: str) -> tuple[Paired, list[Run]]:
    """clearway and iperf by hand on the same two nodes, one after the other."""
    folder.mkdir()
    runs, by_hand = [], []
    for turn in range(turns):
        runs.append(run(cluster, folder / str(turn), streams, *how))
        by_hand.append(iperf(cluster, streams))
    return Paired([one.throughput for one in runs], by_hand), runs


def run(cluster: Cluster, folder: Path, streams: int, *how: str) -> Run:
    """An acceptance as a user calls it."""
    spec = folder.with_suffix(".yaml")
    spec.write_text(_SPEC % streams, encoding="utf-8")
    flags = (f"--kubeconfig={cluster.kubeconfig}", f"--report-dir={folder}", "--quiet", *how)
    argv = (sys.executable, "-m", "clearway", "run", str(spec), *flags)
    begun = time.monotonic()
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line == "ACCEPTED\n":
                break
        reported = time.monotonic() - begun
        _, said = process.communicate(timeout=120)
    assert process.returncode == 0, said
    (trial,) = measured_trials(read_run(folder))
    return Run(reported, time.monotonic() - begun, value_of(trial, "throughput", "mean"))


def iperf(cluster: Cluster, streams: int) -> float:
    """Bit/s that arrived in the same window, between two pods on the same nodes."""
    known = len(_server_said(cluster))
    server = cluster.kubectl("get", "pod", "server", f"--namespace={_BY_HAND}", "--output=jsonpath={.status.podIP}")
    options = ("-P", str(streams), "-Z", "reno", "-t", str(WARM_UP + DURATION))
    execute(cluster, _BY_HAND, "client", "/usr/bin/iperf", "-c", server, "-p", _PORT, *options)
    rows = _server_said(cluster)[known:]
    return sum(bytes_within(rows, WARM_UP, WARM_UP + DURATION)) * 8 / DURATION


def _start_by_hand(cluster: Cluster) -> None:
    """Client on node-1, server on node-2, as clearway's."""
    cluster.kubectl("create", "namespace", _BY_HAND)
    cluster.kubectl("wait", "--for=create", "serviceaccount/default", f"--namespace={_BY_HAND}", "--timeout=30s")
    server = toolbox("server", "node-2", "/usr/bin/iperf", "-s", "-p", _PORT, "-e", "-f", "b", "-i", "1")
    start_pods(cluster, _BY_HAND, toolbox("client", "node-1"), server)


def _server_said(cluster: Cluster) -> str:
    return cluster.kubectl("logs", f"--namespace={_BY_HAND}", "server")


def _waiting(name: str, seconds: Sequence[float], goal: Goal | None = None) -> Figure:
    return Figure(name, median(seconds), "s", seconds, goal, "" if goal is None else "k8s-netperf 18 s, peer CL2 53 s")


def _compared(name: str, pairs: Paired, goal: Goal | None = None) -> Figure:
    ours, theirs = (Rate(median(values)) for values in (pairs.ours, pairs.by_hand))
    note = f"{ours}, by hand {theirs}; of medians {pairs.of_medians:.3f}"
    return Figure(name, pairs.lower_bound, "by hand", pairs.ratios, goal, note)
