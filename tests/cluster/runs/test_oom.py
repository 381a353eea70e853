"""Out-of-memory kills on a real cluster while a run goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

import pytest

from clearway.kube.access import Access
from clearway.shell.base import CommandOutput
from clearway.shell.runner import Runner
from clearway.watch.oom.records import Oom, OomObserver, OomSource
from clearway.watch.oom.tracker import OomTracker
from cluster.eater import LIMIT, await_killed, eater, feed, show_sign
from cluster.runs.commands import Commands, await_first_round
from cluster.toolbox import start_pods
from harness.cluster import Cluster

pytestmark = pytest.mark.usefixtures("furnished")


@pytest.mark.fault("cluster", "another pod is killed for memory during the run", "The report names pod, node and time.")
def test_a_pod_that_eats_its_limit_during_a_run_is_reported_and_an_older_kill_is_not(
    equipped: Cluster, commands: Commands, namespace: str
) -> None:
    start_pods(equipped, namespace, eater("late", "node-2", waits=True))
    feed(equipped, namespace, eater("early", "node-1"))
    await_killed(equipped, namespace, "early")
    with commands.begin(duration="8s") as process:
        await_first_round(process)
        show_sign(equipped, namespace, "late")
        out, err = process.communicate(timeout=150)
    assert process.returncode == 0, err
    kills = [one for one in commands.lines("observations.jsonl") if one["kind"] == "oom"]
    assert [one["subject"] for one in kills] == [f"{namespace}/late"]
    assert (kills[0]["values"]["node"], kills[0]["values"]["limit"]) == ("node-2", LIMIT)
    junit = " ".join(ET.parse(commands.report_dir / "junit.xml").getroot().itertext())
    for text in (out, junit):
        told = " ".join(text.split())
        assert f"container tools of pod {namespace}/late on node-2 was killed" in told
        assert "early" not in told


@dataclass(frozen=True)
class IntoTheNode:
    """A road that enters a node of the test's own cluster."""

    cluster: Cluster

    def command(self, node: str, argv: Sequence[str]) -> tuple[str, ...]:
        return self.cluster.machinery.entering(argv, node)

    def connection(self, node: str) -> None: ...

    def obstacle(self, node: str) -> None: ...

    def failure(self, node: str, said: CommandOutput) -> None: ...

    def close(self) -> None: ...


async def test_the_nodes_own_kernel_names_the_process_and_only_since_the_start(
    equipped: Cluster, namespace: str
) -> None:
    """Any kill before this one, such as the test's above, is in the same log."""
    feed(equipped, namespace, eater("early", "node-1"))
    await_killed(equipped, namespace, "early")
    seen: list[Oom | OomObserver] = []
    shell = Runner(IntoTheNode(equipped), log=lambda finding: None)
    async with OomTracker(Access(equipped.kubeconfig), namespace, shell).follow(("node-1",), seen.append):
        feed(equipped, namespace, eater("late", "node-1"))
        await asyncio.to_thread(await_killed, equipped, namespace, "late")
    # Meanwhile the loop sees the ends of the connections, which are closed over TLS.
    await asyncio.to_thread(equipped.kubectl, "delete", "pods", "--all", f"--namespace={namespace}")
    kills = [one for one in seen if isinstance(one, Oom) and one.source is OomSource.KERNEL_LOG]
    told = [one for one in seen if isinstance(one, Oom) and one.source is OomSource.CONTAINERS and not one.past]
    assert [(one.node, one.process) for one in kills] == [("node-1", "python3")]
    assert [(one.node, one.pod) for one in told] == [("node-1", "late")]
    assert abs(kills[0].time - told[0].time) < 5
    assert {one.scope for one in seen if isinstance(one, OomObserver)} == {"cluster", "node-1"}
