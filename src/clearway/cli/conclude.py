"""From a composed report to what the user sees: the report, its files, the exit code."""

from __future__ import annotations

import sys

from clearway.campaign.conclusion import EXIT_CODES, save_reports
from clearway.ledger.write import Ledger
from clearway.report.as_json import JsonReport
from clearway.report.document import ReportDocument
from clearway.report.text import TextReport
from clearway.report.wording import sentence


def show(document: ReportDocument, ledger: Ledger, *, as_json: bool) -> int:
    """Print the report, add the verdict and the report files to the run, name them; returns the exit code.

    The report is printed first: a disk that is full loses the files, not the answer, and is an error then. It has
    colour and the terminal's width where a person looks, and is plain text in a pipe.
    """
    as_data = JsonReport().render(document)
    print(as_data if as_json else TextReport.for_stream(sys.stdout).render(document), end="", flush=True)
    ledger.save_verdict(as_data)
    for name, path in save_reports(document, ledger).items():
        print(sentence("cli.report-written", {"format": name, "path": str(path)}, document.language), file=sys.stderr)
    return EXIT_CODES[document.state]
