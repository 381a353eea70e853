"""clearway as a user calls it, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cluster.harness.cluster import Cluster

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
class Ended:
    status: int
    out: str
    err: str


@dataclass(frozen=True)
class Commands:
    """Calls on one cluster; runs go into `folder`."""

    kubeconfig: Path
    folder: Path

    def spec(self, *, duration: str = "2s", attempts: int = 3, direction: str = "forward") -> Path:
        self.folder.mkdir(exist_ok=True)
        path = self.folder / "cat.yaml"
        path.write_text(SPEC.format(duration=duration, attempts=attempts, direction=direction), encoding="utf-8")
        return path

    @property
    def report_dir(self) -> Path:
        return self.folder / "out"

    def run(self, *words: str, **spec: Any) -> Ended:
        """An acceptance to its end."""
        with self.begin(*words, **spec) as process:
            out, err = process.communicate(timeout=150)
        return Ended(process.returncode, out, err)

    def begin(self, *words: str, **spec: Any) -> subprocess.Popen[str]:
        """An acceptance that is under way; the caller ends it."""
        argv = ("run", str(self.spec(**spec)), f"--report-dir={self.report_dir}", "--verbose", *words)
        return self._open(*argv)

    def call(self, *words: str) -> Ended:
        with self._open(*words) as process:
            out, err = process.communicate(timeout=150)
        return Ended(process.returncode, out, err)

    def report(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.report_dir / "report.json").read_text(encoding="utf-8"))
        return found

    def results(self) -> list[dict[str, Any]]:
        lines = (self.report_dir / "results.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    def _open(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "clearway", *words, f"--kubeconfig={self.kubeconfig}"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )


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
