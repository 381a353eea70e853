"""The folder that a test has for its calls: where they write their reports, and what they wrote."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class RunFolder:
    folder: Path

    @property
    def report_dir(self) -> Path:
        return self.folder / "out"

    def report(self, run: Path | None = None) -> dict[str, Any]:
        """Of a run in a folder of its own, or of the run in `report_dir`."""
        found: dict[str, Any] = json.loads(((run or self.report_dir) / "report.json").read_text(encoding="utf-8"))
        return found

    def lines(self, name: str) -> list[dict[str, Any]]:
        """Of a file of the run in `report_dir`; none before it is begun."""
        path = self.report_dir / name
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
