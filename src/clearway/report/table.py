"""The formats there are: adding one is one file and one row here."""

from __future__ import annotations

from collections.abc import Mapping

from clearway.report.as_json import JsonReport
from clearway.report.base import Report
from clearway.report.junit import JunitReport
from clearway.report.markdown import MarkdownReport
from clearway.report.text import TextReport

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
"""What each is called in a report directory."""
