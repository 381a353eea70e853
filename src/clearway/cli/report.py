"""`clearway report`: one report of a run, to standard output."""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import Parameter

from clearway.cli.flags import Lang, RunFolder, chosen_language


def report(
    folder: RunFolder,
    *,
    format: Annotated[Literal["text", "json", "junit", "markdown"], Parameter(help="Format.")] = "text",  # noqa: A002 - the flag's name
    lang: Lang = None,
) -> int:
    """Print a report of a run, made anew from what was measured."""
    from clearway.ledger.read import read_run
    from clearway.report.table import REPORTS
    from clearway.verdict.judge import judge

    record = read_run(folder)
    print(REPORTS[format].render(record, judge(record), chosen_language(lang)), end="")
    return 0
