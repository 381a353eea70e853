"""What a report format is."""

from __future__ import annotations

from typing import Protocol

from clearway.ledger.record import Record
from clearway.report.language import Language
from clearway.verdict.model import Verdict


class Report(Protocol):
    """One format. Pure: the same record, verdict and language give the same text."""

    def render(self, record: Record, verdict: Verdict, language: Language) -> str:
        """The whole report, ending in a newline."""
