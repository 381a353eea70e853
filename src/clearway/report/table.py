"""The formats there are: adding one is one file and one row here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, Protocol

from clearway.report.document import JsonReport, ReportDocument
from clearway.report.html import HtmlReport
from clearway.report.junit import JunitReport
from clearway.report.markdown import MarkdownReport
from clearway.report.text import TextReport


class Report(Protocol):
    """One format. Pure: the same document gives the same text."""

    @property
    def name(self) -> str:
        """As `--format` takes it."""

    @property
    def file_name(self) -> str:
        """Of its file in a run directory."""

    def render(self, document: ReportDocument, translations: Sequence[ReportDocument] = ()) -> str:
        """The whole report, ending in a newline. A format of one language has no use for the translations."""


_FORMATS: tuple[Report, ...] = (TextReport(), JsonReport(), JunitReport(), MarkdownReport(), HtmlReport())
REPORTS: Mapping[str, Report] = {report.name: report for report in _FORMATS}
DEFAULT_FORMAT = _FORMATS[0].name
if TYPE_CHECKING:
    FormatName = str
else:  # the names are the table's: a type checker can't read them, the command line can
    FormatName = Literal[tuple(REPORTS)]
