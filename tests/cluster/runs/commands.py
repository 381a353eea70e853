"""clearway as a user calls it, in a process of its own."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cluster.processes import Ended, begin, end_of
from harness.cluster import Cluster

SPEC = """\
version: 1
name: one to one
attempts: {attempts}
tests:
- name: bandwidth
  protocol: tcp
  direction: {direction}
  streams: 2
  duration: {duration}
  warm-up: 500ms
  accept: ["throughput >= 1 Mbit/s"]
"""
OURS = "app.kubernetes.io/managed-by=clearway"
NAMESPACED = "jobs,pods,serviceaccounts,roles,rolebindings"
CLUSTER_SCOPED = (
    "namespaces,customresourcedefinitions,validatingadmissionpolicies,validatingadmissionpolicybindings,clusterroles"
)


@dataclass(frozen=True)
class Commands:
    """Calls on one cluster; runs go into `folder`."""

    kubeconfig: Path
    folder: Path

    def spec(self, *, duration: str = "4s", attempts: int = 3, direction: str = "forward") -> Path:
        self.folder.mkdir(exist_ok=True)
        path = self.folder / "cat.yaml"
        path.write_text(SPEC.format(duration=duration, attempts=attempts, direction=direction), encoding="utf-8")
        return path

    @property
    def report_dir(self) -> Path:
        return self.folder / "out"

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

    def report(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.report_dir / "report.json").read_text(encoding="utf-8"))
        return found

    def results(self) -> list[dict[str, Any]]:
        lines = (self.report_dir / "results.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    def _open(self, *words: str) -> subprocess.Popen[str]:
        return begin("-m", "clearway", *words, f"--kubeconfig={self.kubeconfig}")


def await_first_round(process: subprocess.Popen[str]) -> None:
    """Return once it says that it measures, or when it says nothing any more."""
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("round 1"):
            return


def left_behind(cluster: Cluster) -> str:
    """Everything of ours, wherever it is."""
    spaced = cluster.kubectl("get", NAMESPACED, "--all-namespaces", f"--selector={OURS}", "--output=name")
    scoped = cluster.kubectl("get", CLUSTER_SCOPED, f"--selector={OURS}", "--output=name")
    return spaced + scoped
