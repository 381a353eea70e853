"""Commands on runs that are recorded: `judge`, `report`, `cni-cost`. None of them needs a site."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from clearway.campaign.acceptance import EXIT_CODES, conclude, render_all, save_reports
from clearway.cli.flags import JsonFlag, Lang, RunFolder, chosen_language
from clearway.ledger.record import read_run
from clearway.ledger.write import Ledger
from clearway.report.cni_cost import render_cost
from clearway.report.document import JsonReport, ReportDocument
from clearway.report.table import DEFAULT_FORMAT, REPORTS, FormatName
from clearway.report.text import TextReport
from clearway.report.wording import sentence
from clearway.spec.limits import load_limits, with_limits


def judge(
    folder: RunFolder,
    *,
    limits: Annotated[Path | None, Parameter(help="Other criteria: a limits file, see `clearway init --from`.")] = None,
    json: JsonFlag = False,
    lang: Lang = None,
) -> int:
    """Judge a run again; the new verdict is added, earlier ones stay."""
    record = read_run(folder)
    if limits is not None:
        record = replace(record, spec=with_limits(record.spec, load_limits(limits)))
    return show(conclude(record, chosen_language(lang)), Ledger(folder), as_json=json)


def report(
    folder: RunFolder,
    *,
    format: Annotated[FormatName, Parameter(help="Format.")] = DEFAULT_FORMAT,  # noqa: A002 - the flag's name
    lang: Lang = None,
) -> int:
    """Print a report of a run, made anew from what was measured."""
    print(REPORTS[format].render(conclude(read_run(folder), chosen_language(lang))), end="")
    return 0


def cni_cost(
    hosts: Annotated[Path, Parameter(name="HOSTS-RUN", help="Run directory of a run on plain hosts.")],
    pods: Annotated[Path, Parameter(name="POD-RUN", help="Run directory of a run on the cluster's pods.")],
    /,
    *,
    json: JsonFlag = False,
    lang: Lang = None,
) -> int:
    """Show figures of hosts and of pods side by side, and what the pod network costs in per cent."""
    print(render_cost(read_run(hosts), read_run(pods), chosen_language(lang), as_json=json), end="")
    return 0


def show(document: ReportDocument, ledger: Ledger, *, as_json: bool) -> int:
    """Print the report, add the verdict and the report files to the run, name them; returns the exit code.

    The report is printed first: a disk that is full loses the files, not the answer, and is an error then. It has
    colour and the terminal's width where a person looks, and is plain text in a pipe.
    """
    texts = render_all(document)
    as_data = texts[JsonReport.name]
    print(as_data if as_json else TextReport.for_stream(sys.stdout).render(document), end="", flush=True)
    ledger.save_verdict(as_data)
    for name, path in save_reports(texts, ledger).items():
        print(sentence("cli.report-written", {"format": name, "path": str(path)}, document.language), file=sys.stderr)
    return EXIT_CODES[document.state]
