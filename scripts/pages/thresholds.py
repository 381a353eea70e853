"""The numbers that decide a verdict, for docs/verdict.md."""

from __future__ import annotations

from clearway.verdict.thresholds import THRESHOLDS

_HEADER = "| number | decides | reason | source |\n|---|---|---|---|\n"


def with_thresholds(page: str) -> str:
    """The page with the table as the code has it now."""
    rows = (f"| {one.shown} | {one.decides} | {one.reason} | {one.source} |\n" for one in THRESHOLDS)
    before, _, after = page.partition(_HEADER)
    return before + _HEADER + "".join(rows) + after[after.index("\n\n") + 1 :]
