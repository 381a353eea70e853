"""Many pairs on a real API server: hollow nodes, workers that only speak, the controller as it is."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.crowd import COMMAND, peak_megabytes
from benchmarks.figure import Figure
from clearway.site.kubernetes.cluster_scope import crd
from harness.cluster import Cluster
from harness.spec import ClusterSpec
from harness.starting import running_cluster
from scripts.goal import Goal

TITLE = "500 pairs on one API server"

PAIRS = 500
NODES = 50
WARM_UP, DURATION = 2, 8
AFTERWARDS_GOAL = Goal(most=10)
MEMORY_GOAL = Goal(most=200)
NAMESPACE = "load"

_SPEC = f"""
version: 1
seed: 1
workers-per-node: {2 * PAIRS // NODES}
tests:
- {{name: bandwidth, protocol: tcp, direction: forward, duration: {DURATION}s, warm-up: {WARM_UP}s,
   repeats: {{min: 1, max: 1}}, accept: ["throughput >= 1 Mbit/s"]}}
"""
_REQUESTS = re.compile(r'^apiserver_request_total\{.*verb="(\w+)".*\} (\S+)$', re.MULTILINE)
_LIMIT = 600.0
"""Seconds for the run."""


@dataclass(frozen=True)
class Server:
    """What the API server had done up to a moment."""

    cpu: float
    """Seconds."""
    requests: float

    @classmethod
    def of(cls, cluster: Cluster) -> Server:
        ticks = cluster.execute(("sh", "-c", "cut -d' ' -f14,15 /proc/$(pgrep -ox kube-apiserver)/stat")).split()
        rate = int(cluster.execute(("getconf", "CLK_TCK")))
        counts = _REQUESTS.findall(cluster.kubectl("get", "--raw", "/metrics"))
        return cls(sum(map(int, ticks)) / rate, sum(float(count) for _, count in counts))


@dataclass(frozen=True)
class Load:
    """One run under load."""

    measured: int
    late: int
    """Requests that came after their tool should have been started."""
    took: float
    starting: float
    """Seconds from the first pod's start to the last one's."""
    announcing: float
    """From there to the last announcement,"""
    handing_out: float
    """to the last request,"""
    gathering: float
    """and from the end of the measurement to the last result."""
    afterwards: float
    """Seconds from the last pod's start to the last result, less the measurement itself."""
    cpu: float
    requests: float
    memory: float


async def figures(folder: Path) -> list[Figure]:
    load = await asyncio.to_thread(measured, folder)
    peer = "ClusterLoader2: 112 s in all, 43 s CPU"
    return [
        _figure("pairs measured", load.measured, "", Goal(least=PAIRS)),
        _figure("requests that came too late", load.late, "", Goal(most=0)),
        _figure("pods ready to last result, less the measurement", load.afterwards, "s", AFTERWARDS_GOAL),
        _figure("of it: announcing", load.announcing, "s"),
        _figure("of it: clocks, handing out", load.handing_out, "s"),
        _figure("of it: gathering", load.gathering, "s"),
        _figure("pods starting", load.starting, "s"),
        _figure("the whole run", load.took, "s", note=peer),
        _figure("API server's CPU", load.cpu, "s", note=peer),
        _figure("requests to the API server", load.requests, ""),
        _figure("controller's peak memory", load.memory, "MB", MEMORY_GOAL),
    ]


def measured(folder: Path) -> Load:
    """Everything once, on a cluster of its own."""
    with running_cluster(ClusterSpec(nodes=1)) as cluster:
        cluster.add_kwok_nodes(NODES)
        _prepare(cluster, folder)
        with _hollow_agents(cluster, folder) as agents:
            before, begun = Server.of(cluster), time.monotonic()
            memory = _run_controller(cluster, folder)
            took, after = time.monotonic() - begun, Server.of(cluster)
            seen, _ = agents.communicate("", timeout=30)
    told = json.loads(seen)
    last = {what: max(moments) for what, moments in told.items() if moments}
    return Load(
        measured=len(told["handed_in"]) // 2,
        late=len(told["late"]),
        took=took,
        starting=last["running"] - min(told["running"]),
        announcing=last["announced"] - last["running"],
        handing_out=last["asked"] - last["announced"],
        gathering=last["handed_in"] - last["due"],
        afterwards=last["handed_in"] - last["running"] - WARM_UP - DURATION,
        cpu=after.cpu - before.cpu,
        requests=after.requests - before.requests,
        memory=memory,
    )


def _prepare(cluster: Cluster, folder: Path) -> None:
    """The kind, without the policy by which only pods' own tokens may write: the agents share one token."""
    cluster.kubectl("apply", "-f", "-", text=json.dumps(crd("install")))
    cluster.kubectl("wait", "--for=condition=Established", f"crd/{crd('install')['metadata']['name']}")
    cluster.kubectl("create", "serviceaccount", "agents", "--namespace=default")
    cluster.kubectl(
        "create", "clusterrolebinding", "agents", "--clusterrole=cluster-admin", "--serviceaccount=default:agents"
    )
    (folder / "token").write_text(cluster.kubectl("create", "token", "agents", "--namespace=default", "--duration=1h"))
    (folder / "ca.crt").write_bytes((cluster.machinery.folder / "pki" / "ca.crt").read_bytes())


@contextmanager
def _hollow_agents(cluster: Cluster, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """In the cluster's own network: no forwarder stands between them and the API server."""
    (known,) = json.loads(cluster.inside_kubeconfig.read_text())["clusters"]
    argv = (sys.executable, "-m", "benchmarks.hollow_agents", known["cluster"]["server"], str(folder), NAMESPACE)
    pipe = subprocess.PIPE
    agents = subprocess.Popen(cluster.machinery.entering(argv), env=_environment(), stdin=pipe, stdout=pipe, text=True)
    try:
        yield agents
    finally:
        agents.kill()
        agents.wait()


def _run_controller(cluster: Cluster, folder: Path) -> float:
    """Returns its peak memory, in MB."""
    spec = folder / "cat.yaml"
    spec.write_text(_SPEC, encoding="utf-8")
    flags = ("--kubeconfig", str(cluster.inside_kubeconfig), "--namespace", NAMESPACE, "--nodes", "type=kwok")
    argv = ("run", str(spec), *flags, "--tolerate", "kwok.x-k8s.io/node", "--report-dir", str(folder / "run"))
    ran = subprocess.run(
        cluster.machinery.entering((sys.executable, "-c", COMMAND, *argv)),
        env=_environment(),
        capture_output=True,
        timeout=_LIMIT,
        check=False,
    )
    assert ran.returncode == 0, (ran.stdout[-2000:], ran.stderr[-2000:])
    return peak_megabytes(ran.stderr)


def _environment() -> dict[str, str]:
    """Who enters another mount namespace comes out in its root folder, where our modules are not."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def _figure(name: str, value: float, unit: str, goal: Goal | None = None, note: str = "") -> Figure:
    return Figure(name, value, unit, (value,), goal, note)
