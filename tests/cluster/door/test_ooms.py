"""TestMetrics and ClusterOOMsTracker on a real cluster: a pod that is killed for memory fails the test by name."""

from __future__ import annotations

import json

import pytest

from cluster.door.doors import Doors
from cluster.eater import LIMIT, await_killed, eater, feed
from harness.cluster import Cluster

CONFIG = """\
name: memory
steps:
- name: begin
  measurements:
  - {{Identifier: metrics, Method: TestMetrics, Params: {{action: start, {switches}}}}}
  - {{Identifier: ooms, Method: ClusterOOMsTracker, Params: {{action: start, {switches}, {ignored}}}}}
- name: wait
  measurements:
  - {{Identifier: eaten, Method: Exec, Params: {{command: [sh, -c, "until [ -e killed ]; do sleep 0.1; done"]}}}}
- name: end
  measurements:
  - {{Identifier: metrics, Method: TestMetrics, Params: {{action: gather, {switches}}}}}
  - {{Identifier: ooms, Method: ClusterOOMsTracker, Params: {{action: gather, {switches}}}}}
"""
SWITCHES = "clusterOOMsTrackerEnabled: true, clusterOOMsFailureEnabled: true"
IGNORED = "clusterOOMsIgnoredProcesses: tools"


@pytest.mark.usefixtures("furnished")
def test_a_pod_killed_for_memory_fails_the_test_unless_it_is_ignored(
    equipped: Cluster, doors: Doors, namespace: str
) -> None:
    (doors.folder / "config.yaml").write_text(CONFIG.format(switches=SWITCHES, ignored=IGNORED))
    feed(equipped, namespace, eater("early", "node-1"))
    await_killed(equipped, namespace, "early")
    with doors.begin("--testconfig=config.yaml", "--v=2") as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "begin" in line and "step" in line:
                break
        feed(equipped, namespace, eater("late", "node-2"))
        await_killed(equipped, namespace, "late")
        (doors.folder / "killed").touch()
        _, err = process.communicate(timeout=100)
    assert process.returncode == 1, err
    told = [failure for failure in doors.failures() if f"{namespace}/late" in failure]
    assert len(told) == 2  # the test, and the call of TestMetrics
    assert all(word in told[0] for word in ("node-2", LIMIT, "container tools"))
    found = [json.loads(path.read_text()) for path in doors.report_dir.glob("ClusterOOMsTracker_*.json")]
    by_list = [
        {name: [one["pod"] for one in ooms if one.get("namespace") == namespace] for name, ooms in one.items()}
        for one in found
    ]
    assert {"failures": [], "past": ["early"], "ignored": ["late"]} in by_list
    assert {"failures": ["late"], "past": ["early"], "ignored": []} in by_list
