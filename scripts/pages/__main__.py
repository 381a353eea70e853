"""`python -m scripts.pages`: writes every page, and every list for scripts, that is made of the source."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from image.debian import ENGINE_PACKAGES, engine_packages
from scripts.pages.doubts import with_doubts
from scripts.pages.faults import with_faults
from scripts.pages.flags import with_flags
from scripts.pages.records import with_tables
from scripts.pages.spec import reference_markdown
from scripts.pages.thresholds import with_thresholds

DOCS = Path(__file__).parents[2] / "docs"

MADE: Mapping[Path, Callable[[str], str]] = {
    DOCS / "spec-reference.md": lambda _: reference_markdown(),
    DOCS / "result-format.md": with_tables,
    DOCS / "clusterloader2.md": with_flags,
    DOCS / "verdict.md": lambda page: with_doubts(with_thresholds(page)),
    DOCS / "faults.md": with_faults,
    ENGINE_PACKAGES: lambda _: engine_packages(),
}
"""Each file, and what makes its new text of the present one."""

if __name__ == "__main__":
    for file, renewed in MADE.items():
        file.write_text(renewed(file.read_text(encoding="utf-8")), encoding="utf-8")
