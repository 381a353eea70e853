"""clearway as a user calls it, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cluster.processes import Ended, begin, end_of
from cluster.run_folder import RunFolder
from harness.cluster import Cluster

SPEC = """\
version: 1
seed: 1
name: one to one
attempts: {attempts}
tests:
- name: bandwidth
  protocol: tcp
  direction: {direction}
  streams: {streams}
  duration: {duration}
  warm-up: 500ms
  accept: ["throughput >= 1 Mbit/s"]
"""
OURS = "app.kubernetes.io/managed-by=clearway"
NAMESPACED = "jobs,pods,services,serviceaccounts,roles,rolebindings,leases"
CLUSTER_SCOPED = (
    "namespaces,customresourcedefinitions,validatingadmissionpolicies,validatingadmissionpolicybindings,clusterroles"
)


@dataclass(frozen=True)
class Commands(RunFolder):
    """Calls on one cluster."""

    kubeconfig: Path

    def spec(self, *, duration: str = "2s", attempts: int = 3, direction: str = "forward", streams: int = 2) -> Path:
        self.folder.mkdir(exist_ok=True)
        path = self.folder / "cat.yaml"
        values = {"duration": duration, "attempts": attempts, "direction": direction, "streams": streams}
        path.write_text(SPEC.format(**values), encoding="utf-8")
        return path

    def run(self, *words: str, **spec: Any) -> Ended:
        """An acceptance to its end."""
        return end_of(self.begin(*words, **spec), 150)

    def begin(self, *words: str, **spec: Any) -> subprocess.Popen[str]:
        """An acceptance that is under way; the caller ends it.

        The API server of a machine that is busy with other tests may answer too slowly for the brake.
        """
        always = (f"--report-dir={self.report_dir}", "--verbose", "--no-brake")
        argv = ("run", str(self.spec(**spec)), *always, *words)
        return self._open(*argv)

    def call(self, *words: str) -> Ended:
        return end_of(self._open(*words), 150)

    def results(self) -> list[dict[str, Any]]:
        return self.lines("results.jsonl")

    def _open(self, *words: str) -> subprocess.Popen[str]:
        return begin("-m", "clearway", *words, f"--kubeconfig={self.kubeconfig}")


def await_first_round(process: subprocess.Popen[str]) -> None:
    """Return once it says that it measures, or when it says nothing any more."""
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("round 1"):
            return


def await_hand_out(cluster: Cluster, namespace: str) -> str:
    """Returns once every mailbox there holds a round, with its id: its traffic begins a moment later."""
    end = time.monotonic() + 60
    while True:
        boxes = json.loads(cluster.kubectl("get", "ntw", f"--namespace={namespace}", "--output=json"))["items"]
        if boxes and all(box["spec"].get("round") for box in boxes):
            return str(boxes[0]["spec"]["round"])
        assert time.monotonic() < end, [(box["metadata"]["name"], box["spec"].get("round")) for box in boxes]
        time.sleep(0.1)


def left_behind(cluster: Cluster) -> str:
    """Everything of ours, wherever it is."""
    spaced = cluster.kubectl("get", NAMESPACED, "--all-namespaces", f"--selector={OURS}", "--output=name")
    scoped = cluster.kubectl("get", CLUSTER_SCOPED, f"--selector={OURS}", "--output=name")
    return spaced + scoped
