"""`clearway report`: one report of a run, to standard output."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from clearway.cli.flags import Lang, RunFolder, chosen_language
from clearway.report.table import DEFAULT_FORMAT, REPORTS, FormatName


def report(
    folder: RunFolder,
    *,
    format: Annotated[FormatName, Parameter(help="Format.")] = DEFAULT_FORMAT,  # noqa: A002 - the flag's name
    lang: Lang = None,
) -> int:
    """Print a report of a run, made anew from what was measured."""
    from clearway.campaign.conclusion import conclude
    from clearway.ledger.read import read_run

    print(REPORTS[format].render(conclude(read_run(folder), chosen_language(lang))), end="")
    return 0
