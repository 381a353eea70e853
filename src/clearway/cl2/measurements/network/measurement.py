"""The measurement itself: `start` plans and sets a campaign going, `gather` waits for it and judges."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count, islice
from pathlib import Path

from clearway.base.clock import Clock
from clearway.base.errors import ClearwayError, SiteError
from clearway.campaign.acceptance import Braked, Job, begin, carry_out
from clearway.campaign.conclusion import save_reports
from clearway.cl2.config.calls import Call
from clearway.cl2.measurements.base import NOTHING, Ground, Outcome, Summary, Surroundings
from clearway.cl2.measurements.network.figures import items, without_data
from clearway.cl2.measurements.network.request import StartParameters, spec_of
from clearway.cl2.output.names import safe
from clearway.cl2.output.perf_data import perf_data
from clearway.cl2.settings import SETTINGS, SettingsName
from clearway.ledger.read import read_run
from clearway.ledger.record import Record
from clearway.ledger.write import Ledger
from clearway.probe.records import Finding, Severity
from clearway.report.table import REPORTS
from clearway.verdict.judge import judge
from clearway.verdict.model import State, Verdict

_NAMED = 10
"""Pairs without data that are told one by one; the run directory has them all."""


@dataclass(frozen=True)
class _Running:
    wanted: StartParameters
    folder: Path
    campaign: asyncio.Task[None]


class NetworkPerformance:
    def __init__(self) -> None:
        self._running: _Running | None = None

    async def call(self, call: Call, around: Surroundings) -> Outcome:
        """Raises ClearwayError where nothing can be measured."""
        if isinstance(call.params, StartParameters):
            self._running = await self._start(call, call.params, around)
            return NOTHING
        running, self._running = self._running, None
        if running is None:
            raise SiteError("door.start-failed", identifier=call.identifier)
        return await _gather(running, around)

    async def dispose(self) -> None:
        """End a campaign that nobody gathered: its workers first."""
        running, self._running = self._running, None
        if running is not None:
            running.campaign.cancel()
            await asyncio.gather(running.campaign, return_exceptions=True)

    async def _start(self, call: Call, wanted: StartParameters, around: Surroundings) -> _Running:
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
            campaign = asyncio.create_task(_carried_out(job, ground, around))
        except BaseException:
            around.alone.release()
            raise
        campaign.add_done_callback(lambda _: around.alone.release())
        return _Running(wanted, job.ledger.folder, campaign)


async def _begun(
    call: Call, wanted: StartParameters, settings: SettingsName, ground: Ground, around: Surroundings
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


async def _carried_out(job: Job, ground: Ground, around: Surroundings) -> None:
    """The reports are written as soon as all is measured, and whatever ends it: what was measured is never lost."""

    def finished() -> None:
        record = read_run(job.ledger.folder)
        save_reports(record, judge(record), job.ledger, around.language)

    try:
        await carry_out(job, ground.site, Clock(), ground.watchers, finished)
    except BaseException:
        finished()
        raise


async def _gather(running: _Running, around: Surroundings) -> Outcome:
    """Results and verdict. A campaign that could not go on, or was interrupted, is an error beside what it measured."""
    trouble: ClearwayError | None = None
    complete = True
    try:
        await running.campaign
    except ClearwayError as error:
        trouble, complete = error, not isinstance(error, Braked)
    except asyncio.CancelledError:
        trouble, complete = SiteError("door.interrupted"), False
    record = read_run(running.folder)
    verdict = judge(record)
    wanted = running.wanted
    name = f"NetworkPerformanceMetrics_{wanted.ratio}_{wanted.protocol}_P2P"
    summary = Summary(name, perf_data(items(record, wanted)), complete=complete)
    report = REPORTS["text"].render(record, verdict, around.language)
    return Outcome((summary,), verdict.state, tuple(_errors(record, verdict, trouble)), report)


def _errors(record: Record, verdict: Verdict, trouble: ClearwayError | None) -> Iterator[ClearwayError]:
    if trouble is not None:
        yield trouble
    coverage = verdict.coverage
    if coverage is not None and coverage.measured < coverage.pairs:
        yield SiteError("door.no-data", count=coverage.pairs - coverage.measured, pairs=coverage.pairs)
        for (sender, receiver), last in islice(without_data(record), _NAMED):
            yield SiteError("door.pair-without-data", sender=str(sender), receiver=str(receiver), outcome=last)
    if verdict.state is State.FAIL:
        yield Rejected("door.thresholds-missed", tests=tuple(test.name for test in verdict.children))


class Rejected(ClearwayError):
    """The network was measured, and is not what was asked for."""

    exit_code = 1


def _folder(around: Surroundings, call: Call) -> Path:
    """A run directory of its own for each start, also where an earlier run left some."""
    name = safe(f"{call.method}_{around.test}_{call.identifier}")
    names = (name if number == 1 else f"{name}_{number}" for number in count(1))
    return next(path for one in names if not (path := around.runs / one).exists())
