"""The measurement itself: `start` plans and sets a campaign going, `gather` waits for what it measures and judges.

Its workers leave while the test goes on; the next campaign begins when they have left, and the test ends with the last.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count, islice
from pathlib import Path

from clearway.base.errors import ClearwayError, SiteError
from clearway.campaign.acceptance import Aborted, Job, begin, measuring
from clearway.campaign.conclusion import conclude, save_reports
from clearway.cl2.config.calls import MethodCall
from clearway.cl2.measurements.base import NOTHING, CallOutcome, CampaignTarget, SummaryFile, Surroundings
from clearway.cl2.measurements.network.figures import items, without_data
from clearway.cl2.measurements.network.request import NetworkStartParameters, spec_of
from clearway.cl2.output.names import safe
from clearway.cl2.output.perf_data import perf_data
from clearway.cl2.settings import SETTINGS, SettingsName
from clearway.ledger.read import read_run
from clearway.ledger.record import Record
from clearway.ledger.write import Ledger
from clearway.probe.records import Finding, Severity
from clearway.report.document import ReportDocument
from clearway.report.text import TextReport
from clearway.verdict.model import State

_NAMED = 10
"""Pairs without data that are told one by one; the run directory has them all."""


@dataclass(frozen=True)
class _Running:
    wanted: NetworkStartParameters
    folder: Path
    campaign: asyncio.Task[None]
    told: asyncio.Event
    """All is measured, or the campaign is over."""


class NetworkPerformance:
    def __init__(self) -> None:
        self._running: _Running | None = None
        self._leaving: list[asyncio.Task[None]] = []
        """Campaigns that have measured all and are removing their workers."""

    async def call(self, call: MethodCall, around: Surroundings) -> CallOutcome:
        """Raises ClearwayError where nothing can be measured."""
        if isinstance(call.params, NetworkStartParameters):
            self._running = await self._start(call, call.params, around)
            return NOTHING
        running, self._running = self._running, None
        if running is None:
            raise SiteError("door.start-failed", identifier=call.identifier)
        outcome = await _gather(running, around)
        if not running.campaign.done():
            self._leaving.append(running.campaign)
        return outcome

    async def dispose(self) -> None:
        """End a campaign that nobody gathered, and wait until all workers have left. Raises what kept them."""
        running, self._running = self._running, None
        if running is not None:
            await _ended(running.campaign)
        leaving, self._leaving = self._leaving, []
        for campaign in leaving:
            await campaign

    async def _start(self, call: MethodCall, wanted: NetworkStartParameters, around: Surroundings) -> _Running:
        """Nothing is created before the whole plan is written."""
        if self._running is not None:
            raise SiteError("door.already-started", identifier=call.identifier)
        settings = wanted.settings or around.settings
        around.log(Finding("door.settings-used", Severity.INFO, call.identifier, {"settings": settings}))
        if wanted.protocol == "UDP":
            around.log(Finding("door.no-one-way-latency", Severity.INFO, call.identifier))
        await around.alone.acquire()
        try:
            ground = around.grounds(SETTINGS[settings])
            job = await _begun(call, wanted, settings, ground, around)
            told = asyncio.Event()
            campaign = asyncio.create_task(_carried_out(job, ground, around, told))
        except BaseException:
            around.alone.release()
            raise

        def over(_: asyncio.Task[None]) -> None:
            around.alone.release()
            told.set()

        campaign.add_done_callback(over)
        return _Running(wanted, job.ledger.folder, campaign, told)


async def _begun(
    call: MethodCall,
    wanted: NetworkStartParameters,
    settings: SettingsName,
    ground: CampaignTarget,
    around: Surroundings,
) -> Job:
    """A run directory with the whole plan. Raises SiteError if the cluster can't give the pairs."""
    inventory = await ground.site.inspect()
    spec = spec_of(wanted, settings, inventory, f"{around.test} {call.identifier}")
    job = await begin(spec, ground.site, _folder(around, call))
    planned = len({probe.pair for probe in job.plan.probes})
    if planned != wanted.number_of_clients:
        raise SiteError("door.too-few-pairs", pairs=wanted.number_of_clients, found=planned)
    for name, text in ground.files.items():
        job.ledger.save(name, text)
    listener = around.display.expect(job.plan, spec)
    return replace(job, ledger=Ledger(job.ledger.folder, [listener]))


async def _carried_out(job: Job, ground: CampaignTarget, around: Surroundings, told: asyncio.Event) -> None:
    """The reports are written as soon as all is measured, and whatever ends it: what was measured is never lost."""
    try:
        async with measuring(job, ground.site, ground.watchers) as run:
            await run.measure_all()
            _report(job, around)
            told.set()
    except BaseException:
        _report(job, around)
        raise


def _report(job: Job, around: Surroundings) -> None:
    record = read_run(job.ledger.folder)
    save_reports(conclude(record, around.language), job.ledger)


async def _measured(running: _Running) -> None:
    """Returns when there is no more to come. Raises what ended the campaign before it had measured all."""
    try:
        await running.told.wait()
    except asyncio.CancelledError:
        await _ended(running.campaign)
        raise
    if running.campaign.done():
        running.campaign.result()


async def _ended(campaign: asyncio.Task[None]) -> None:
    """Its workers first; whatever it has to say of that is in its run directory."""
    campaign.cancel()
    await asyncio.gather(campaign, return_exceptions=True)


async def _gather(running: _Running, around: Surroundings) -> CallOutcome:
    """Results and verdict. A campaign that could not go on, or was interrupted, is an error beside what it measured."""
    trouble: ClearwayError | None = None
    complete = True
    try:
        await _measured(running)
    except ClearwayError as error:
        trouble, complete = error, not isinstance(error, Aborted)
    except asyncio.CancelledError:
        trouble, complete = SiteError("door.interrupted"), False
    record = read_run(running.folder)
    document = conclude(record, around.language)
    wanted = running.wanted
    name = f"NetworkPerformanceMetrics_{wanted.ratio}_{wanted.protocol}_P2P"
    summary = SummaryFile(name, perf_data(items(record, wanted)), complete=complete)
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
    """The network was measured, and is not what was asked for."""

    exit_code = 1


def _folder(around: Surroundings, call: MethodCall) -> Path:
    """A run directory of its own for each start, also where an earlier run left some."""
    name = safe(f"{call.method}_{around.test}_{call.identifier}")
    names = (name if number == 1 else f"{name}_{number}" for number in count(1))
    return next(path for one in names if not (path := around.runs / one).exists())
