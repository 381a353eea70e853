"""What a run comes to: its verdict, the reports that say it, and the exit code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from clearway.base.garbage import no_search_for_garbage
from clearway.diagnose import diagnose
from clearway.ledger.disk import write_whole
from clearway.ledger.record import Record
from clearway.report.compose import compose
from clearway.report.document import ReportDocument
from clearway.report.provenance import Provenance, with_provenance
from clearway.report.table import REPORTS
from clearway.report.wording import Language
from clearway.spec.limits import LimitsFile, with_limits
from clearway.verdict.judge import judge
from clearway.verdict.model import State

EXIT_CODES: Mapping[State, int] = {
    State.PASS: 0,
    State.MEASURED: 0,
    State.FAIL: 1,
    State.INCONCLUSIVE: 3,
}


def conclude(
    record: Record,
    language: Language,
    limits: LimitsFile | None = None,
    provenance: Provenance | None = None,
) -> ReportDocument:
    """What `conclude_in` makes, in one language."""
    return conclude_in((language,), record, limits, provenance)[0]


def conclude_in(
    languages: Iterable[Language],
    record: Record,
    limits: LimitsFile | None = None,
    provenance: Provenance | None = None,
) -> tuple[ReportDocument, ...]:
    """Judge a run, diagnose it, and compose its report in each language, for all formats to render.

    With `limits` by these, and the report says what the run's own criteria make of it. Raises UsageError if they don't
    fit the run.
    """
    if limits is not None:
        provenance = provenance and replace(provenance, own=judge(record).state)
        record = replace(record, spec=with_limits(record.spec, limits))
    with no_search_for_garbage():
        verdict = diagnose(record, judge(record))
        return tuple(with_provenance(compose(record, verdict, language), record, provenance) for language in languages)


def render_all(document: ReportDocument, translations: Sequence[ReportDocument] = ()) -> dict[str, str]:
    """The report in every format, by the format's name."""
    return {name: report.render(document, translations) for name, report in REPORTS.items()}


def save_reports(texts: Mapping[str, str], folder: Path) -> dict[str, Path]:
    """Every format, into the run directory."""
    return {name: write_whole(folder / REPORTS[name].file_name, text) for name, text in texts.items()}
