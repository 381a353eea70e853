"""clearway and clusterloader2 on a cluster whose nodes may be broken, each in a process of its own."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cluster.processes import Ended, begin, end_of
from cluster.run_folder import RunFolder
from harness.cluster import Cluster

SPEC = """\
version: 1
seed: 1
name: while nodes fail
chaos: {{fail: {fail}, nodes: 34 %, downtime: {downtime}, recovery: {recovery}}}
tests:
"""
TEST = """\
- name: {name}
  when: {when}
  protocol: tcp
  pairing: all-to-all
  streams: 1
  duration: 2s
  warm-up: 0s
  accept: ["throughput >= 1 Mbit/s"]
"""
DURING, AFTER = TEST.format(name="during", when="failing"), TEST.format(name="after", when="recovered")
PATIENCE = 120.0


@dataclass(frozen=True)
class Calls(RunFolder):
    cluster: Cluster

    def spec(self, fail: str, downtime: str, recovery: str = "100s", then: str = "") -> Path:
        """How long a cluster may take to see a node back is waited in full only before tests that come after."""
        path = self.folder / "chaos.yaml"
        path.write_text(SPEC.format(fail=fail, downtime=downtime, recovery=recovery) + DURING + then, encoding="utf-8")
        return path

    def begin(self, program: str, *words: str) -> subprocess.Popen[str]:
        """The caller ends it."""
        entered = ("-m", "cluster.chaos.controller", str(self.cluster.machinery.folder))
        return begin(*entered, program, *words, folder=self.folder)

    def call(self, program: str, *words: str) -> Ended:
        return end_of(self.begin(program, *words), 200)

    def seen(self) -> list[tuple[str, str]]:
        """What was done to nodes, in order: kind and node."""
        found = self.lines("observations.jsonl")
        return [(one["kind"], one["subject"]) for one in found if one["kind"].startswith("chaos-")]

    def findings(self, run: Path | None = None) -> list[dict[str, Any]]:
        return [found for found in self.report(run)["findings"] if found["code"].startswith("chaos.")]

    def ready(self, node: str) -> None:
        """Waits until it is. Raises CommandFailed."""
        self.cluster.kubectl("wait", "--for=condition=Ready", f"node/{node}", "--timeout=90s", timeout=100)

    def bombs(self) -> str:
        return self.cluster.execute(("sh", "-c", "ls /run/clearway-chaos 2>/dev/null || true"))


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.2)
