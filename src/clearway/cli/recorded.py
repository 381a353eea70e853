"""Commands on runs that are recorded: `judge`, `report`, `cni-cost`. None of them needs a site."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from clearway.base.errors import ClearwayError, LedgerError
from clearway.campaign.conclusion import EXIT_CODES, conclude_in, render_all, save_reports
from clearway.cli.flags import JsonFlag, Lang, RunFolder, chosen_language
from clearway.cli.streams import take_lost_output
from clearway.ledger.chain import sha256
from clearway.ledger.lock import held
from clearway.ledger.read import read_manifest, read_run
from clearway.ledger.verdicts import LimitsUsed, Verdicts
from clearway.report.cni_cost import render_cost
from clearway.report.document import JsonReport, ReportDocument, read
from clearway.report.provenance import Provenance
from clearway.report.table import DEFAULT_FORMAT, REPORTS, FormatName
from clearway.report.text import TextReport
from clearway.report.wording import Language, describe_error, sentence, with_others
from clearway.spec.limits import LimitsFile
from clearway.spec.load import read_file, read_model


def judge(
    folder: RunFolder,
    *,
    limits: Annotated[Path | None, Parameter(help="Other criteria: a limits file, see `clearway init --from`.")] = None,
    json: JsonFlag = False,
    lang: Lang = None,
) -> int:
    """Judge a run again; the new verdict is added, earlier ones stay."""
    read_manifest(folder)
    with ExitStack() as stack:
        with suppress(LedgerError):  # a run that can't be written is judged all the same, and no verdict is kept
            stack.enter_context(held(folder))
        return show(Conclusion.of(folder, chosen_language(lang), limits), as_json=json).exit_code


def report(
    folder: RunFolder,
    *,
    format: Annotated[FormatName, Parameter(help="Format.")] = DEFAULT_FORMAT,  # noqa: A002 - the flag's name
    verdict: Annotated[int | None, Parameter(help="Number of a kept verdict; left out: judge now, keep none.")] = None,
    lang: Lang = None,
) -> int:
    """Print a report of a run, made from what was measured, or a verdict as it was given."""
    record = read_run(folder)
    verdicts = Verdicts(folder, record.manifest)
    documents: tuple[ReportDocument, ...]
    if verdict is not None:
        documents = (read(verdicts.text(verdict)),)
    else:
        made = Provenance(at=time.time(), earlier=verdicts.given)
        documents = conclude_in(with_others(chosen_language(lang)), record, provenance=made)
    print(REPORTS[format].render(documents[0], documents[1:]), end="")
    return 0


def cni_cost(
    hosts: Annotated[Path, Parameter(name="HOSTS-RUN", help="Run directory of a run on plain hosts.")],
    pods: Annotated[Path, Parameter(name="POD-RUN", help="Run directory of a run on the cluster's pods.")],
    /,
    *,
    json: JsonFlag = False,
    lang: Lang = None,
) -> int:
    """Show figures of hosts and of pods side by side, and what the pod network costs in per cent."""
    print(render_cost(read_run(hosts), read_run(pods), chosen_language(lang), as_json=json), end="")
    return 0


@dataclass(frozen=True)
class Conclusion:
    """A verdict on a run that is about to be kept."""

    folder: Path
    verdicts: Verdicts
    provenance: Provenance
    document: ReportDocument
    translations: tuple[ReportDocument, ...]
    """The same in all other languages."""
    seal: str | None
    """That closes the run."""

    @classmethod
    def of(cls, folder: Path, language: Language, limits: Path | None = None) -> Conclusion:
        """Judge what was measured; by the run's own criteria, or by a limits file."""
        record = read_run(folder)
        verdicts = Verdicts(folder, record.manifest)
        source = None if limits is None else read_file(limits)
        found = None if source is None else read_model(source, LimitsFile)
        used = None if source is None else LimitsUsed(source.name, sha256(source.content))
        provenance = Provenance(at=time.time(), number=verdicts.next, earlier=verdicts.given, limits=used)
        seal = None if record.wholeness is None else record.wholeness.closing
        document, *others = conclude_in(with_others(language), record, found, provenance)
        return cls(folder, verdicts, provenance, document, tuple(others), seal)

    def keep(self, texts: Mapping[str, str]) -> tuple[ClearwayError | None, Mapping[str, Path]]:
        """Add the verdict to the run, and write its reports.

        Returns what keeps the run directory from having the verdict, and the files of the reports.
        """
        made = self.provenance
        try:
            self.verdicts.add(texts[JsonReport.name], made.at, self.document.state.value, made.limits)
            return None, save_reports(texts, self.folder)
        except LedgerError as error:
            return ClearwayError("cli.verdict-not-kept", **error.values), {}


@dataclass(frozen=True)
class Shown:
    """A verdict that was printed."""

    exit_code: int
    kept: bool
    """Whether the run directory has it too."""


def show(conclusion: Conclusion, *, as_json: bool) -> Shown:
    """Publish a verdict with its report.

    The report has colour and the terminal's width where a person looks, and is plain text in a pipe.
    """
    texts = render_all(conclusion.document, conclusion.translations)
    on_screen = TextReport.for_stream(sys.stdout)
    text = texts[on_screen.name] if on_screen == TextReport() else on_screen.render(conclusion.document)
    return publish(conclusion, texts, texts[JsonReport.name] if as_json else text)


def publish(conclusion: Conclusion, texts: Mapping[str, str], text: str) -> Shown:
    """Add the verdict and the report files to the run, then print `text` and name the files.

    Neither a directory that can't be written nor an output that can't be printed loses the answer: each is said.
    """
    document = conclusion.document
    not_kept, paths = conclusion.keep(texts)
    print(text, end="", flush=True)
    lost = take_lost_output()
    not_printed = None if lost is None else ClearwayError("cli.verdict-not-printed", error=lost.strerror)
    for error in (error for error in (not_printed, not_kept) if error is not None):
        print(describe_error(error, document.language), file=sys.stderr)
    for name, path in paths.items():
        print(sentence("cli.report-written", {"format": name, "path": str(path)}, document.language), file=sys.stderr)
    if conclusion.seal is not None:
        values = {"seal": conclusion.seal, "folder": str(conclusion.folder)}
        print(sentence("cli.sealed", values, document.language), file=sys.stderr)
    return Shown(EXIT_CODES[document.state], kept=not_kept is None)
