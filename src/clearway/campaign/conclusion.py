"""How an acceptance ends: its report is composed once, every format has its file, every verdict its exit code."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from clearway.diagnose.diagnosis import diagnose
from clearway.ledger.record import Record
from clearway.ledger.write import Ledger
from clearway.report.compose import compose
from clearway.report.document import ReportDocument
from clearway.report.language import Language
from clearway.report.table import REPORTS
from clearway.verdict.judge import judge
from clearway.verdict.model import State

EXIT_CODES: Mapping[State, int] = {
    State.PASS: 0,
    State.MEASURED: 0,
    State.FAIL: 1,
    State.INCONCLUSIVE: 3,
}


def conclude(record: Record, language: Language) -> ReportDocument:
    """Judge a run, diagnose it, and compose its report, for all formats to render."""
    return compose(record, diagnose(record, judge(record)), language)


def save_reports(document: ReportDocument, ledger: Ledger) -> dict[str, Path]:
    """Every format, into the run directory."""
    return {name: ledger.save(report.file_name, report.render(document)) for name, report in REPORTS.items()}
