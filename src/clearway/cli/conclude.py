"""From a record to what the user sees: verdict, reports, exit code."""

from __future__ import annotations

import json
import sys

from clearway.campaign.conclusion import EXIT_CODES, save_reports
from clearway.ledger.record import Record
from clearway.ledger.write import Ledger
from clearway.report.language import Language
from clearway.report.table import REPORTS
from clearway.report.text import TextReport
from clearway.report.wording import sentence
from clearway.verdict.model import Verdict


def show(record: Record, verdict: Verdict, ledger: Ledger, language: Language, *, as_json: bool) -> int:
    """Print the report, add the verdict and the report files to the run, name them; returns the exit code.

    The report is printed first: a disk that is full loses the files, not the answer, and is an error then.
    """
    document = REPORTS["json"].render(record, verdict, language)
    print(document if as_json else _terminal(record, verdict, language), end="", flush=True)
    ledger.save_verdict(json.loads(document))
    for name, path in save_reports(record, verdict, ledger, language).items():
        print(sentence("cli.report-written", {"format": name, "path": str(path)}, language), file=sys.stderr)
    return EXIT_CODES[verdict.state]


def _terminal(record: Record, verdict: Verdict, language: Language) -> str:
    """Colour and the terminal's width where a person looks, plain text in a pipe."""
    return TextReport.for_stream(sys.stdout).render(record, verdict, language)
