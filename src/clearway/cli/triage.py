"""`clearway triage A B`: the board is slow; is it the road between two nodes, or the application?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from clearway.base.errors import UsageError
from clearway.campaign.conclusion import render_all
from clearway.cli.flags import WHAT, OutputFlags, ProviderFlags, SiteFlags, chosen_language
from clearway.cli.log import stderr_log
from clearway.cli.recorded import Conclusion, Shown, publish
from clearway.cli.run import RunOutput, carried_out
from clearway.cli.sites import selected_site
from clearway.diagnose.triage import Answer
from clearway.diagnose.triage import triage as triaged
from clearway.ledger.lock import held
from clearway.ledger.read import read_run
from clearway.ledger.record import Record
from clearway.report.phrases import Phrases
from clearway.report.progress import Progress
from clearway.report.triage import TriageReport
from clearway.spec.triage import triage_spec
from clearway.verdict.judge import judge

_EXIT_CODES: Mapping[Answer, int] = {Answer.APPLICATION: 0, Answer.ROAD: 1, Answer.UNKNOWN: 3}


def triage(
    first: Annotated[str, Parameter(name="A", help="A node.")],
    second: Annotated[str, Parameter(name="B", help="Another node.")],
    /,
    *,
    baseline: Annotated[
        Path | None,
        Parameter(group=WHAT, help="Run directory of an earlier run, to be held against too."),
    ] = None,
    sets: Annotated[
        tuple[str, ...],
        Parameter(name="--set", group=WHAT, help="Change a field: tests.loss.rate=50Mbit/s. Can be repeated."),
    ] = (),
    site_flags: SiteFlags = SiteFlags(),
    output_flags: OutputFlags = OutputFlags(),
) -> int:
    """Measure between two nodes for about a minute, and say in one sentence whether the road is to blame."""
    if first == second:
        raise UsageError("triage.one-node", node=first)
    language, folder = chosen_language(output_flags.lang), output_flags.new_folder
    before = None if baseline is None else read_run(baseline)
    spec = triage_spec((first, second), sets)
    with held(folder):
        selected = selected_site(site_flags, ProviderFlags(), spec.machine_label, language)
        with stderr_log(verbose=output_flags.verbose), Progress(language, quiet=output_flags.quiet) as progress:
            answer = partial(_show, baseline=before, as_json=output_flags.json)
            return carried_out(spec, selected, RunOutput(folder, language, progress, answer))


def _show(conclusion: Conclusion, *, baseline: Record | None, as_json: bool) -> Shown:
    """Keep the run's verdict and reports, and print the answer."""
    record = read_run(conclusion.folder)
    found = triaged(record, judge(record), baseline)
    report = TriageReport(record, found, baseline, Phrases(conclusion.document.language))
    shown = publish(
        conclusion,
        render_all(conclusion.document, conclusion.translations),
        report.json() if as_json else report.text(),
    )
    return replace(shown, exit_code=_EXIT_CODES[found.answer])
