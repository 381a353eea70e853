"""ClusterOOMsTracker and TestMetrics: kills from start to gather, sorted as by ClusterLoader2, never a silent none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from api_objects import Json
from api_server import ApiServer, Fault
from clearway.base.errors import ClearwayError, SiteError
from clearway.base.units import Duration
from clearway.cl2.config.methods import MethodCall
from clearway.cl2.context import Context
from clearway.cl2.measurements.ooms import ClusterOoms, MetricsParameters, OomParameters
from clearway.cl2.measurements.table import MEASUREMENTS
from clearway.cl2.outcome import CallOutcome, SummaryFile
from clearway.cl2.output.folder import ReportFolder
from clearway.kube.until import settle
from clearway.verdict.model import State
from unit.cl2.configs import told
from unit.cl2.doubles import HERE, Console, context

EVENTS, PODS = "/api/v1/events", "/api/v1/pods"
KERNELS = "Memory cgroup out of memory: Killed process {pid} ({name}) total-vm:94208kB, anon-rss:65536kB, file-rss:4kB"


def utc(shift: float = 0.0) -> str:
    now = datetime.now(UTC).timestamp()
    return datetime.fromtimestamp(now + shift, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def killing(name: str, pid: int, at: str) -> Json:
    return {
        "metadata": {"name": f"{name}-{pid}", "namespace": "default"},
        "involvedObject": {"kind": "Node", "name": "node-1"},
        "reason": "OOMKilling",
        "message": KERNELS.format(pid=pid, name=name),
        "firstTimestamp": at,
        "lastTimestamp": at,
    }


def eater(name: str, at: str) -> Json:
    over = {"reason": "OOMKilled", "finishedAt": at}
    return {
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"nodeName": "node-2", "containers": [{"name": "tools", "resources": {"limits": {"memory": "32Mi"}}}]},
        "status": {"containerStatuses": [{"name": "tools", "state": {"terminated": over}, "lastState": {}}]},
    }


@dataclass
class Tracked:
    """One measurement, called as a test's steps do."""

    context: Context
    console: Console
    measurement: ClusterOoms = field(default_factory=ClusterOoms)

    async def call(self, action: str, kind: type[OomParameters] = OomParameters, **params: Any) -> CallOutcome:
        given = {"clusterOOMsTrackerEnabled": True, **params}
        call = MethodCall("ClusterOOMsTracker", "ooms", action, kind.model_validate(given), HERE)
        return await self.measurement.call(call, self.context, "test")

    async def seen(self, count: int) -> None:
        async def enough() -> bool:
            return sum(not hasattr(one, "scope") for one in self.measurement._seen) >= count

        assert await settle(enough, bool, Duration(30))


@pytest.fixture
def tracked(tmp_path: Path, kubeconfig: Path) -> Tracked:
    console = Console()
    return Tracked(context(tmp_path, kubeconfig, console=console), console)


async def test_kills_are_sorted_into_failures_past_and_ignored(server: ApiServer, tracked: Tracked) -> None:
    server.put(EVENTS, killing("old", 1, utc(-30)))
    await tracked.call("start", clusterOOMsIgnoredProcesses="stress,nginx")
    server.put(EVENTS, killing("stress", 2, utc()))
    server.put(EVENTS, killing("etcd", 3, utc()))
    await tracked.seen(3)
    outcome = await tracked.call("gather")
    (summary,) = outcome.summaries
    assert summary.name == "ClusterOOMsTracker"
    pids = {name: [one["pid"] for one in found] for name, found in summary.data.items()}
    assert pids == {"failures": ["3"], "past": ["1"], "ignored": ["2"]}
    (failure,) = summary.data["failures"]
    assert (failure["node"], failure["process"], failure["memory"]) == ("node-1", "etcd", "94208kB")
    assert outcome.state is State.FAIL


async def test_a_failure_names_pod_node_time_and_limit(server: ApiServer, tracked: Tracked) -> None:
    await tracked.call("start")
    at = utc()
    server.put(PODS, eater("eater", at))
    await tracked.seen(1)
    count, kill = (await tracked.call("gather")).errors
    assert (count.code, count.values, count.exit_code) == ("door.out-of-memory", {"count": 1}, 1)
    wanted = {"subject": "shop/eater", "node": "node-2", "time": at, "limit": "32Mi", "container": "tools"}
    assert {name: kill.values[name] for name in wanted} == wanted


async def test_kills_are_no_failure_where_that_is_switched_off(server: ApiServer, tracked: Tracked) -> None:
    await tracked.call("start")
    server.put(PODS, eater("eater", utc()))
    await tracked.seen(1)
    outcome = await tracked.call("gather", clusterOOMsFailureEnabled=False)
    assert (outcome.errors, outcome.state, len(outcome.summaries[0].data["failures"])) == ((), None, 1)


async def test_who_may_not_look_gets_an_error_and_no_empty_list(server: ApiServer, tracked: Tracked) -> None:
    server.faults.append(Fault(lambda asked: asked.path.endswith(("/pods", "/events")), 1_000, 403, "may not list"))
    await tracked.call("start")
    with pytest.raises(SiteError) as refused:
        await tracked.call("gather")
    assert refused.value.code == "door.ooms-not-observed"
    assert "door.ooms-partly-observed" in {finding.code for finding in tracked.console.findings}


async def test_a_gather_without_its_start_is_an_error(tracked: Tracked) -> None:
    with pytest.raises(ClearwayError) as refused:
        await tracked.call("gather")
    assert refused.value.code == "door.start-failed"


@pytest.mark.parametrize(
    ("kind", "enabled", "code"),
    [
        (OomParameters, False, "door.ooms-off"),
        (MetricsParameters, False, "door.nothing-of-test-metrics"),
        (MetricsParameters, True, "door.only-ooms"),
    ],
)
async def test_what_is_not_measured_is_said(
    server: ApiServer, tracked: Tracked, kind: type[OomParameters], enabled: bool, code: str
) -> None:
    await tracked.call("start", kind, clusterOOMsTrackerEnabled=enabled)
    await tracked.measurement.dispose()
    assert [finding.code for finding in tracked.console.findings] == [code]


CONFIG = """\
name: load
steps:
- name: begin
  measurements:
  - Identifier: TestMetrics
    Method: TestMetrics
    Params:
      action: start
      {params}
"""


@pytest.mark.parametrize(
    ("params", "wrong"),
    [
        ("systemPodMetricsEnabled: false", []),
        ("clusterOOMsTrackerEnabled: true", []),
        ('restartCountThresholdOverrides: ""', []),
        ("systemPodMetricsEnabled: true", [("door.not-measured-here", 9)]),
        ("enableRestartCountCheck: true", [("door.not-measured-here", 9)]),
        ("resourceConstraints: limits.yaml", [("door.not-measured-here", 9)]),
        ("clusterOOMsTracker: true", [("spec.unknown-key", 9)]),
    ],
)
def test_what_switches_on_more_than_is_measured_is_refused_at_its_line(
    tmp_path: Path, params: str, wrong: list[tuple[str, int]]
) -> None:
    assert told(tmp_path, CONFIG.format(params=params)) == wrong


def test_both_are_measurements_of_the_table() -> None:
    make: Callable[[], Any] = MEASUREMENTS["TestMetrics"].make
    assert isinstance(make(), ClusterOoms)
    assert MEASUREMENTS["ClusterOOMsTracker"].begins == "start"


def test_two_summaries_of_one_second_stand_beside_each_other(tmp_path: Path) -> None:
    folder = ReportFolder(tmp_path)
    paths = {folder.summary(SummaryFile("ClusterOOMsTracker", {"failures": []}), "load", "", 0.0) for _ in range(3)}
    assert sorted(path.name for path in paths) == [
        "ClusterOOMsTracker_load_1970-01-01T00-00-00Z.json",
        "ClusterOOMsTracker_load_2_1970-01-01T00-00-00Z.json",
        "ClusterOOMsTracker_load_3_1970-01-01T00-00-00Z.json",
    ]
