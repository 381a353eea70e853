"""`clusterloader2` as a user calls it, in a process of its own and an empty folder."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from cluster.processes import Ended, begin, end_of
from cluster.run_folder import RunFolder

CALL = """\
import sys
from clearway.cli.clusterloader2 import main
from clearway.site.kubernetes import workers
if "--without-patch" in sys.argv:
    sys.argv.remove("--without-patch")
    workers.WORKER_RULES = workers.WORKER_RULES[:1]
sys.exit(main())
"""
"""`--without-patch` takes the workers' right to write their results away."""


@dataclass(frozen=True)
class Doors(RunFolder):
    kubeconfig: Path

    def run(self, *words: str, **variables: str) -> Ended:
        return end_of(self.begin(*words, **variables), 270)

    def begin(self, *words: str, **variables: str) -> subprocess.Popen[str]:
        """The brake is off: the API server of a machine that is busy with other tests may answer too slowly for it."""
        flags = (f"--kubeconfig={self.kubeconfig}", f"--report-dir={self.report_dir}", "--brake=false")
        return begin("-c", CALL, *flags, *words, folder=self.folder, **variables)

    def perf_data(self, prefix: str) -> list[dict[str, Any]]:
        """Data items of the one result whose name begins so."""
        (path,) = self.report_dir.glob(f"{prefix}*.json")
        items: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["dataItems"]
        return items

    def failures(self) -> list[str]:
        """Texts of the failures in junit.xml."""
        root = ET.parse(self.report_dir / "junit.xml").getroot()
        return [failure.text or "" for failure in root.iter("failure")]
