"""The formats there are: adding one is one file and one row here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from clearway.report.as_json import JsonReport
from clearway.report.document import ReportDocument
from clearway.report.junit import JunitReport
from clearway.report.markdown import MarkdownReport
from clearway.report.text import TextReport


class Report(Protocol):
    """One format. Pure: the same document gives the same text."""

    def render(self, document: ReportDocument) -> str:
        """The whole report, ending in a newline."""


REPORTS: Mapping[str, Report] = {
    "text": TextReport(),
    "json": JsonReport(),
    "junit": JunitReport(),
    "markdown": MarkdownReport(),
}

FILE_NAMES: Mapping[str, str] = {
    "text": "report.txt",
    "json": "report.json",
    "junit": "junit.xml",
    "markdown": "report.md",
}
"""Names of the files in a run directory."""
