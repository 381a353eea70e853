"""How an acceptance ends: its report is composed once, every format has its file, every verdict its exit code."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from clearway.diagnose.diagnosis import diagnose
from clearway.ledger.record import Record
from clearway.ledger.write import Ledger
from clearway.report.compose import compose
from clearway.report.document import ReportDocument
from clearway.report.table import REPORTS
from clearway.report.wording import Language
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


def render_all(document: ReportDocument) -> dict[str, str]:
    """The report in every format, by the format's name."""
    return {name: report.render(document) for name, report in REPORTS.items()}


def save_reports(texts: Mapping[str, str], ledger: Ledger) -> dict[str, Path]:
    """Every format, into the run directory."""
    return {name: ledger.save(REPORTS[name].file_name, text) for name, text in texts.items()}
