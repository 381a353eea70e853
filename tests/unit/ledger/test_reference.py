"""docs/result-format.md says what the codecs do."""

from __future__ import annotations

from pathlib import Path

import pytest

from clearway.ledger import files
from scripts.pages.records import field_tables

DOCUMENT = Path(__file__).parents[3] / "docs" / "result-format.md"


@pytest.mark.parametrize(
    "name", [files.MANIFEST, files.SPEC, files.INVENTORY, files.PLAN, files.FINDINGS, files.LOG, *files.LINES]
)
def test_every_file_is_in_the_docs(name: str) -> None:
    assert f"| `{name}` |" in DOCUMENT.read_text(encoding="utf-8")


def test_a_table_names_the_keys_as_they_are_written() -> None:
    assert "| `sent_rate_bps` | number, may be absent | Payload rate the sender reached. |" in field_tables()
