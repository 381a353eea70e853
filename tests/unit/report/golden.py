"""Texts kept to be looked at. `UPDATE_GOLDEN=1` writes them anew; then read the difference before committing."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).parents[3]
REPORTS = ROOT / "tests" / "golden" / "report"
SCHEMAS = ROOT / "docs" / "schema"


def check(path: Path, text: str) -> None:
    """The file holds exactly this text."""
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text
