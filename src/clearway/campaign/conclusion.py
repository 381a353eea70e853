"""How an acceptance ends: every verdict has an exit code, and every report its file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from clearway.ledger.record import Record
from clearway.ledger.write import Ledger
from clearway.report.language import Language
from clearway.report.table import FILE_NAMES, REPORTS
from clearway.verdict.model import State, Verdict

EXIT_CODES: Mapping[State, int] = {
    State.PASS: 0,
    State.MEASURED: 0,
    State.FAIL: 1,
    State.INCONCLUSIVE: 3,
    State.SKIPPED: 3,
}


def save_reports(record: Record, verdict: Verdict, ledger: Ledger, language: Language) -> dict[str, Path]:
    """Every format, into the run directory."""
    return {
        name: ledger.save(FILE_NAMES[name], report.render(record, verdict, language))
        for name, report in REPORTS.items()
    }
