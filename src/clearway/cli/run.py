"""`clearway run`: the acceptance test."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from clearway.base.errors import INTERRUPTED, ClearwayError, UsageError
from clearway.campaign.acceptance import Aborted, Job, begin, measuring
from clearway.campaign.acceptance import resume as resume_job
from clearway.cli.chaos import check_permitted, phases_of, prepare
from clearway.cli.flags import (
    AllowChaos,
    OutputFlags,
    ProviderFlags,
    RunToResume,
    SiteFlags,
    SpecFile,
    SpecFlags,
    chosen_language,
)
from clearway.cli.log import LOGGER, file_log, stderr_log
from clearway.cli.main import NOT_WRITTEN, last_words
from clearway.cli.recorded import Conclusion, Shown, show
from clearway.cli.sites import SelectedSite, recorded_site, selected_site
from clearway.ledger import files
from clearway.ledger.lock import held
from clearway.ledger.read import read_run
from clearway.ledger.record import Record
from clearway.report.progress import Progress
from clearway.report.wording import Language, describe_error
from clearway.spec.model import Spec


def run(
    spec: SpecFile = None,
    *,
    spec_flags: SpecFlags = SpecFlags(),
    resume: RunToResume = None,
    site_flags: SiteFlags = SiteFlags(),
    provider_flags: ProviderFlags = ProviderFlags(),
    allow_chaos: AllowChaos = False,
    output_flags: OutputFlags = OutputFlags(),
) -> int:
    """Measure the network, judge it, and write the reports."""
    if resume is not None and (spec is not None or spec_flags != SpecFlags()):
        raise UsageError("cli.resume-with-spec", folder=str(resume))
    language = chosen_language(output_flags.lang)
    folder = resume or output_flags.new_folder
    new = spec_flags.spec(spec, site_flags) if resume is None else None
    with held(folder):
        asked = new or read_run(folder)
        if isinstance(asked, Spec):
            selected, chaos = selected_site(site_flags, provider_flags, asked.machine_label, language), asked.chaos
        else:
            selected, chaos = recorded_site(folder, provider_flags, language), asked.spec.chaos
        if chaos is not None:
            check_permitted(chaos, selected, allowed=allow_chaos)
        with stderr_log(verbose=output_flags.verbose), Progress(language, quiet=output_flags.quiet) as progress:
            output = RunOutput(folder, language, progress, partial(show, as_json=output_flags.json))
            return carried_out(asked, selected, output)


@dataclass
class RunOutput:
    """Where a run is shown and kept."""

    folder: Path
    language: Language
    progress: Progress
    show: Callable[[Conclusion], Shown]
    """Keeps a verdict, and prints what there is to say."""
    begun: bool = False
    """There may be workers, and an interruption is answered in order."""
    verdict_shown: bool = False

    def show_verdict(self) -> int:
        """Judge what is measured so far, print and save the reports; returns the exit code."""
        self.progress.finish()
        shown = self.show(Conclusion.of(self.folder, self.language))
        self.verdict_shown = True
        return shown.exit_code or (0 if shown.kept else NOT_WRITTEN)

    def interrupted(self) -> int:
        """Say how a run goes on that was interrupted, and judge what it has; returns the exit code."""
        self.progress.finish()
        code = "cli.removal-interrupted" if self.verdict_shown else "cli.run-interrupted"
        LOGGER.warning("%s", describe_error(ClearwayError(code, folder=shlex.quote(str(self.folder))), self.language))
        if not self.verdict_shown:
            self.show_verdict()
        return INTERRUPTED

    def interrupted_again(self) -> int:
        """Say what may be left of a run whose ending was cut short; returns the exit code."""
        self.progress.finish()
        error = ClearwayError("cli.ending-interrupted", folder=shlex.quote(str(self.folder)))
        with last_words():
            LOGGER.warning("%s", describe_error(error, self.language))
        return INTERRUPTED


def carried_out(asked: Spec | Record, selected: SelectedSite, output: RunOutput) -> int:
    """Measure, judge and show; returns the exit code, also of a run that is interrupted."""
    try:
        return asyncio.run(_accept(asked, selected, output))
    except KeyboardInterrupt:
        if output.begun:
            return output.interrupted_again()
        raise


async def _accept(asked: Spec | Record, selected: SelectedSite, output: RunOutput) -> int:
    """Begin a run of a spec, or resume a recorded one; returns the exit code.

    Where it is stopped or interrupted, the workers are removed first, and then what was measured is judged.
    """
    job = await _job(asked, selected, output)
    output.begun = True
    with file_log(output.folder / files.LOG):
        for finding in job.record.findings:
            selected.log(finding)
        try:
            return await _measure(job, selected, output)
        except Aborted as aborted:
            LOGGER.warning("%s", describe_error(aborted, output.language))
            return output.show_verdict()
        except asyncio.CancelledError:
            return output.interrupted()


async def _measure(job: Job, selected: SelectedSite, output: RunOutput) -> int:
    """Rounds, verdict, reports. The workers are removed last: the verdict does not wait for that."""
    chaos = job.record.spec.chaos
    phases = () if chaos is None else (await phases_of(chaos, job.record, selected, output.folder),)
    async with measuring(job, selected.site, (*selected.watchers, *phases)) as run:
        async for round_ in run.rounds():
            for breaking in phases:
                await prepare(breaking, round_)
            await run.measure(round_)
        code = output.show_verdict()
        if selected.site.leftover_hint() is not None:
            output.progress.show("progress.removing")
    return code


async def _job(asked: Spec | Record, selected: SelectedSite, output: RunOutput) -> Job:
    """The run directory with its plan; the display knows the rounds that are left."""
    listeners = [output.progress.take]
    if isinstance(asked, Spec):
        job = await begin(asked, selected.site, output.folder, listeners, {selected.file_name: selected.file_text})
    else:
        job = await resume_job(asked, selected.site, output.folder, listeners)
    done = {round_.id for round_ in job.record.rounds}
    output.progress.expect([round_ for round_ in job.record.plan if round_.id not in done], job.record.spec.gap)
    return job
