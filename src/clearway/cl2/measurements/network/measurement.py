"""The measurement itself: `start` plans a campaign and starts it, `gather` waits for its figures and judges them.

Its workers are removed while the test goes on. The next campaign begins when they are gone, and the test ends when the
last are gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count, islice
from pathlib import Path

from clearway.base.errors import ClearwayError, SiteError
from clearway.campaign.acceptance import Aborted, Job, begin, measuring
from clearway.campaign.conclusion import conclude_in, render_all, save_reports
from clearway.cl2.config.methods import MethodCall
from clearway.cl2.context import Context
from clearway.cl2.measurements.network.figures import items, without_data
from clearway.cl2.measurements.network.request import NetworkStartParameters, spec_of
from clearway.cl2.names import safe
from clearway.cl2.outcome import NOTHING, CallOutcome, SummaryFile
from clearway.cl2.perf_data import perf_data
from clearway.cl2.settings import SETTINGS
from clearway.ledger import files
from clearway.ledger.lock import held
from clearway.ledger.read import read_run
from clearway.ledger.record import Record
from clearway.probe.records import Finding, Severity
from clearway.report.document import ReportDocument
from clearway.report.text import TextReport
from clearway.report.wording import Language, with_others
from clearway.site.base import Site, Watcher
from clearway.site.kubernetes.options import dump_options
from clearway.verdict.model import State

_NAMED = 10
"""Pairs without data that are errors of their own, so that JUnit stays readable; the run directory has them all."""


@dataclass
class _Campaign:
    """A campaign whose whole plan is written; nothing is created before."""

    params: NetworkStartParameters
    job: Job
    site: Site
    watchers: tuple[Watcher, ...]
    language: Language
    measured: asyncio.Event
    """All is measured, or the campaign is over."""
    concluded: tuple[Record, ReportDocument] | None = None

    async def run(self) -> None:
        """The reports are written as soon as all is measured, or when the campaign ends early: no figure is lost."""
        with held(self.job.ledger.folder):
            try:
                async with measuring(self.job, self.site, self.watchers) as campaign:
                    await campaign.measure_all()
                    self.conclude()
                    self.measured.set()
            except BaseException:
                self.conclude()
                raise

    def conclude(self) -> tuple[Record, ReportDocument]:
        """What was measured, and its report, which is saved in every format."""
        record = read_run(self.job.ledger.folder)
        document, *others = conclude_in(with_others(self.language), record)
        self.concluded = record, document
        save_reports(render_all(document, others), self.job.ledger.folder)
        return self.concluded


class NetworkPerformance:
    def __init__(self) -> None:
        self._running: tuple[_Campaign, asyncio.Task[None]] | None = None
        self._leaving: list[asyncio.Task[None]] = []
        """Campaigns that have measured all and are removing their workers."""

    async def call(self, call: MethodCall, context: Context, test: str) -> CallOutcome:
        """Raises ClearwayError where nothing can be measured."""
        if isinstance(call.params, NetworkStartParameters):
            if self._running is not None:
                raise SiteError("door.already-started", identifier=call.identifier)
            self._running = await _start(call, call.params, context, test)
            return NOTHING
        running, self._running = self._running, None
        if running is None:
            raise SiteError("door.start-failed", identifier=call.identifier)
        outcome = await _gather(*running)
        if not running[1].done():
            self._leaving.append(running[1])
        return outcome

    async def dispose(self) -> None:
        """End a campaign that was not gathered, and wait until all workers have left. Raises what kept them."""
        running, self._running = self._running, None
        if running is not None:
            await _end(running[1])
        leaving, self._leaving = self._leaving, []
        for task in leaving:
            await task


async def _start(
    call: MethodCall, params: NetworkStartParameters, context: Context, test: str
) -> tuple[_Campaign, asyncio.Task[None]]:
    settings = params.settings or context.options.settings
    context.console.log(Finding("door.settings-used", Severity.INFO, call.identifier, {"settings": settings}))
    if params.protocol == "UDP":
        context.console.log(Finding("door.no-one-way-latency", Severity.INFO, call.identifier))
    await context.measuring.acquire()
    try:
        campaign = await _planned(call, params.model_copy(update={"settings": settings}), context, test)
    except BaseException:
        context.measuring.release()
        raise

    def over(_: asyncio.Task[None]) -> None:
        context.measuring.release()
        campaign.measured.set()

    task = asyncio.create_task(campaign.run())
    task.add_done_callback(over)
    return campaign, task


async def _planned(call: MethodCall, params: NetworkStartParameters, context: Context, test: str) -> _Campaign:
    """A run directory with the whole plan. Raises SiteError if the cluster can't give the pairs."""
    assert params.settings is not None
    cluster = SETTINGS[params.settings].employed(context.options.cluster)
    site = context.site(cluster)
    spec = spec_of(params, params.settings, await site.inspect(), f"{test} {call.identifier}")
    folder = _new_folder(context.options.runs, f"{call.method}_{test}_{call.identifier}")
    job = await begin(spec, site, folder, described={files.CLUSTER: dump_options(cluster)})
    planned = len({probe.pair for probe in job.plan.probes})
    if planned != params.number_of_clients:
        raise SiteError("door.too-few-pairs", pairs=params.number_of_clients, found=planned)
    shown = replace(job, ledger=job.ledger.listening(context.console.progress(job.plan, spec)))
    return _Campaign(params, shown, site, context.watchers(cluster), context.console.language, asyncio.Event())


async def _end(task: asyncio.Task[None]) -> None:
    """Wait until a cancelled campaign has removed its workers; its errors are in its run directory."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _wait(campaign: _Campaign, task: asyncio.Task[None]) -> None:
    """Returns when all is measured. Raises what ended the campaign before that."""
    try:
        await campaign.measured.wait()
    except asyncio.CancelledError:
        await _end(task)
        raise
    if task.done():
        task.result()


async def _gather(campaign: _Campaign, task: asyncio.Task[None]) -> CallOutcome:
    """Results and verdict. A campaign that was stopped or interrupted is an error beside what it measured."""
    trouble: ClearwayError | None = None
    complete = True
    try:
        await _wait(campaign, task)
    except ClearwayError as error:
        trouble, complete = error, not isinstance(error, Aborted)
    except asyncio.CancelledError:
        trouble, complete = SiteError("door.interrupted"), False
    params, (record, document) = campaign.params, campaign.concluded or campaign.conclude()
    name = f"NetworkPerformanceMetrics_{params.ratio}_{params.protocol}_P2P"
    summary = SummaryFile(name, perf_data(items(record, params)), complete=complete)
    report = TextReport().render(document)
    return CallOutcome((summary,), document.state, tuple(_errors(record, document, trouble)), report)


def _errors(record: Record, document: ReportDocument, trouble: ClearwayError | None) -> Iterator[ClearwayError]:
    if trouble is not None:
        yield trouble
    coverage = document.coverage
    if coverage is not None and coverage.measured < coverage.pairs:
        yield SiteError("door.no-data", count=coverage.pairs - coverage.measured, pairs=coverage.pairs)
        for (sender, receiver), last in islice(without_data(record), _NAMED):
            yield SiteError("door.pair-without-data", sender=str(sender), receiver=str(receiver), outcome=last)
    if document.state is State.FAIL:
        yield Rejected("door.thresholds-missed", tests=tuple(test.name for test in document.tests))


class Rejected(ClearwayError):
    """The network was measured, and misses a threshold."""

    exit_code = 1


def _new_folder(runs: Path, name: str) -> Path:
    """A run directory of its own for each start, also where an earlier run left some."""
    names = (safe(name) if number == 1 else f"{safe(name)}_{number}" for number in count(1))
    return next(path for one in names if not (path := runs / one).exists())
