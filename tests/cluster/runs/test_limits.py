"""Limits that others put on workers: memory that runs out, and a CPU that is throttled."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import pytest

from clearway.base.units import Duration, Size
from clearway.probe.parameters import HttpParameters, Window
from clearway.probe.records import Half, Outcome, Result
from clearway.site.base import Ready
from clearway.site.kubernetes.workers import WorkerManifests
from cluster.runs.commands import Commands
from cluster.runs.site import SLOTS, hear, requests, started
from harness.cluster import Cluster

pytestmark = pytest.mark.usefixtures("furnished")

CROWD = HttpParameters(connections=8_000, body=Size(1024))
"""So many connections take far more memory than the limit."""
LIMIT = "104Mi"
"""When it is reached, the tool holds 50 MB and the worker 26: the kernel kills the largest. At 72 Mi they were even."""


@pytest.mark.fault("host", "a tool runs out of memory", "The attempt is void: the kernel killed the tool.")
async def test_a_tool_that_ran_out_of_memory_is_reported_though_its_pod_lives_on(
    equipped: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The API shows nothing of it: only the cgroup's own counter does."""
    ours = WorkerManifests._container
    limited = {"resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"memory": LIMIT}}}
    monkeypatch.setattr(WorkerManifests, "_container", lambda team: {**ours(team), **limited})
    async with started(equipped) as site:
        ready = await hear(site, Ready, 2)
        start, window = time.time() + 3.0, Window(Duration(1.0), Duration(5.0))
        asked = {
            slot: [
                replace(one, engine="h2load", parameters=CROWD, window=window, start=start, deadline=start + 20)
                for one in halves
            ]
            for slot, halves in requests(ready).items()
        }
        await site.submit("r1", asked)
        results = {one.half: one for one in await hear(site, Result, 2)}
        pods = json.loads(equipped.kubectl("get", "pods", "--namespace=clearway", "--output=json"))["items"]
    sent = results[Half.SEND]
    assert sent.outcome is Outcome.TOOL_FAILED
    assert sent.reason is not None
    assert sent.reason.code == "worker.out-of-memory"
    assert sent.counters is not None
    assert sent.counters.oom_kills  # what a report tells as a kill: it reads no pod
    assert [pod["status"]["phase"] for pod in pods] == ["Running"] * len(SLOTS)


@pytest.mark.fault("cluster", "a LimitRange throttles the workers", "The report names the limit and what it cost.")
def test_a_cpu_limit_that_a_namespace_imposes_is_reported_in_the_report(
    equipped: Cluster, commands: Commands, namespace: str
) -> None:
    limits = {"type": "Container", "default": {"cpu": "100m", "memory": "256Mi"}, "defaultRequest": {"cpu": "100m"}}
    metadata, spec = {"name": "tight"}, {"limits": [limits]}
    limit_range = {"apiVersion": "v1", "kind": "LimitRange", "metadata": metadata, "spec": spec}
    equipped.kubectl("apply", f"--namespace={namespace}", "--filename=-", text=json.dumps(limit_range))
    # Two streams need hardly more than the limit.
    ended = commands.run(f"--namespace={namespace}", attempts=1, streams=32, duration="4s")
    assert "A CPU limit held back" in ended.out, ended.out
