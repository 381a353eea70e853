"""Every number that decides is in one table, which docs/verdict.md shows."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from clearway.verdict.thresholds import THRESHOLDS, Threshold
from scripts.pages.thresholds import with_thresholds

ROOT = Path(__file__).parents[3]
VERDICT = ROOT / "src" / "clearway" / "verdict"


def test_the_page_on_verdicts_shows_the_numbers_of_the_code() -> None:
    page = (ROOT / "docs" / "verdict.md").read_text(encoding="utf-8")
    assert with_thresholds(page) == page
    assert with_thresholds(page.replace("| 98 % |", "| 97 % |")) == page


@pytest.mark.parametrize("threshold", THRESHOLDS, ids=lambda one: one.decides)
def test_a_threshold_has_its_reason_and_its_source(threshold: Threshold) -> None:
    """As the page shows it: a share, a time, a list, or a formula that it is a part of."""
    value = f"{threshold.value:g}"
    listed = ", ".join(f"{one:g}" for one in threshold.values)
    alone = {f"{threshold.value * 100:g} %", f"{value} s", listed}
    assert threshold.shown in alone or threshold.shown.startswith(f"{value} /") or f"^{value})" in threshold.shown
    assert len(threshold.reason.split()) > 10
    assert threshold.source.startswith("own ") or "(" in threshold.source


def test_no_other_file_of_the_verdict_has_a_number_of_its_own() -> None:
    """But for the least limit of a proposal, which decides nothing in the run that it comes from, and for the accuracy
    of numerical methods.
    """
    numbers = {
        f"{path.name}: {target.id}"
        for path in VERDICT.glob("*.py")
        for statement in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant)
        for target in statement.targets
        if isinstance(target, ast.Name) and isinstance(statement.value.value, int | float)
    }
    quantiles = {"quantiles.py: _EXACT", "quantiles.py: _NEAR", "quantiles.py: _TINY"}
    accuracies = {*quantiles, "search.py: _ROUNDING", "tolerance.py: _EXACT"}
    assert numbers == {"thresholds.py: ROUNDING", *accuracies}
