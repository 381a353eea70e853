"""One run from its first look at the site to its last round, interrupted or not."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path

from clearway.base.clock import Clock
from clearway.base.errors import INTERRUPTED
from clearway.campaign.acceptance import Aborted, Job, begin, resume, run_rounds
from clearway.cli.chaos import phases_of
from clearway.cli.log import LOGGER, file_log
from clearway.cli.sites import SelectedSite
from clearway.ledger import files
from clearway.report.progress import Progress
from clearway.report.wording import describe_error
from clearway.spec.model import Spec


async def session(
    spec: Spec | None, place: SelectedSite, folder: Path, progress: Progress, conclude: Callable[[], int]
) -> int:
    """Begin a run (or, without a wish, take one up) and carry it out; returns the exit code.

    `conclude` shows the verdict and gives its code; it is called as soon as all is measured, before the workers are
    removed. A run that was stopped for the cluster's sake is over, and says so.

    SIGINT and SIGTERM end it in order: workers first; what was measured stays in the run directory.
    """
    end_in_order_on_signals()
    if spec is None:
        job = await resume(place.site, folder, [progress.take])
    else:
        job = await begin(spec, place.site, folder, [progress.take])
        job.ledger.save(place.file_name, place.file_text)
    done = {round_.id for round_ in job.record.rounds}
    progress.expect([round_ for round_ in job.record.plan if round_.id not in done], job.record.spec.gap)
    code: int | None = None

    def finished() -> None:
        nonlocal code
        code = conclude()
        if place.site.leftover_hint() is not None:
            progress.tell("progress.removing")

    with file_log(folder / files.LOG):
        try:
            await _carried_out(job, place, folder, finished)
        except Aborted as stopped:
            LOGGER.warning("%s", describe_error(stopped, place.language))
        except asyncio.CancelledError:
            if code is None:
                conclude()
            return INTERRUPTED
    return conclude() if code is None else code


async def _carried_out(job: Job, place: SelectedSite, folder: Path, finished: Callable[[], None]) -> None:
    """Whoever breaks nodes comes last, and leaves first: nothing is broken any more when the others go."""
    phases = await phases_of(job.record, place, folder)
    if phases is None:
        await run_rounds(job, place.site, Clock(), place.watchers, finished)
    else:
        await run_rounds(job, place.site, Clock(), (*place.watchers, phases), finished, phases.before)


def end_in_order_on_signals() -> None:
    """The first signal cancels the session; a second one finds the usual, abrupt handling."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    signals = (signal.SIGINT, signal.SIGTERM)

    def end() -> None:
        for sign in signals:
            loop.remove_signal_handler(sign)
        if task is not None:
            task.cancel()

    for sign in signals:
        loop.add_signal_handler(sign, end)
