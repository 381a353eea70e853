"""A network test's campaign: its figures come as soon as they are measured, its workers leave meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from clearway.base.errors import SiteError
from clearway.campaign.conclusion import conclude_in
from clearway.cl2.config.methods import MethodCall
from clearway.cl2.measurements.network import NetworkGatherParameters, NetworkPerformance, NetworkStartParameters
from clearway.ledger.record import Record
from clearway.probe.records import Request, Result
from clearway.report.document import ReportDocument
from clearway.report.wording import Language
from clearway.verdict.model import State
from faulty_site import EquippedSite
from making import measured
from unit.cl2.doubles import HERE, Console, context

PATIENCE = 10.0


class Cluster:
    """One site for all campaigns; its workers measure 900 Mbit/s."""

    def __init__(self, folder: Path) -> None:
        self.console = Console()
        self.site = EquippedSite(self._answer)
        self.site.stopping = asyncio.Event()
        self.context = context(folder, console=self.console, site=lambda cluster: self.site)

    def let_go(self) -> None:
        """Stopping the site takes no time any more."""
        assert self.site.stopping is not None
        self.site.stopping.set()

    def _answer(self, request: Request) -> Result:
        assert self.console.plan is not None
        round_ = next(one for one in self.console.plan.rounds if one.id == request.round)
        probe = next(probe for probe in round_.probes if probe.id == request.probe)
        return next(one for one in measured(round_, probe, 9e8) if one.half is request.half)


@pytest.fixture
async def cluster(tmp_path: Path) -> Cluster:
    return Cluster(tmp_path)


def start() -> MethodCall:
    asked = {"protocol": "TCP", "numberOfClients": 1, "numberOfServers": 1, "duration": "10s"}
    return call("start", NetworkStartParameters.model_validate(asked, by_alias=True, by_name=False))


def gather() -> MethodCall:
    return call("gather", NetworkGatherParameters())


def call(action: str, params: Any) -> MethodCall:
    return MethodCall("NetworkPerformanceMetrics", "tcp", action, params, HERE)


async def test_figures_come_before_the_workers_have_left_and_the_test_ends_after_them(cluster: Cluster) -> None:
    async with asyncio.timeout(PATIENCE):
        measurement = NetworkPerformance()
        await measurement.call(start(), cluster.context, "test")
        outcome = await measurement.call(gather(), cluster.context, "test")
        assert (outcome.state, outcome.errors, cluster.site.stopped) == (State.MEASURED, (), 0)
        assert [summary.complete for summary in outcome.summaries] == [True]
        leaving = asyncio.create_task(measurement.dispose())
        await cluster.site.stop_asked.wait()
        assert not leaving.done()
        cluster.let_go()
        await leaving
        assert cluster.site.stopped == 1


async def test_a_campaign_is_judged_once_for_its_reports_and_its_outcome(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged = list[Record]()

    def counted(languages: Iterable[Language], record: Record) -> tuple[ReportDocument, ...]:
        judged.append(record)
        return conclude_in(languages, record)

    monkeypatch.setattr("clearway.cl2.measurements.network.measurement.conclude_in", counted)
    cluster.let_go()
    async with asyncio.timeout(PATIENCE):
        measurement = NetworkPerformance()
        await measurement.call(start(), cluster.context, "test")
        await measurement.call(gather(), cluster.context, "test")
        await measurement.dispose()
    assert len(judged) == 1


async def test_the_next_campaign_begins_when_the_workers_of_the_last_have_left(cluster: Cluster) -> None:
    async with asyncio.timeout(PATIENCE):
        first, second = NetworkPerformance(), NetworkPerformance()
        await first.call(start(), cluster.context, "test")
        await first.call(gather(), cluster.context, "test")
        handed_out = len(cluster.site.submitted)
        beginning = asyncio.create_task(second.call(start(), cluster.context, "test"))
        await cluster.site.stop_asked.wait()
        assert (beginning.done(), len(cluster.site.submitted)) == (False, handed_out)
        cluster.let_go()
        await beginning
        outcome = await second.call(gather(), cluster.context, "test")
        assert (outcome.state, outcome.errors) == (State.MEASURED, ())
        for measurement in (second, first):
            await measurement.dispose()
    assert cluster.site.stopped == 2


async def test_what_keeps_the_workers_from_leaving_is_reported_at_the_end(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail() -> None:
        cluster.site.stop_asked.set()
        cluster.site.queue.put_nowait(None)
        await asyncio.sleep(0.05)
        raise SiteError("door.interrupted")

    monkeypatch.setattr(cluster.site, "stop", fail)
    async with asyncio.timeout(PATIENCE):
        measurement = NetworkPerformance()
        await measurement.call(start(), cluster.context, "test")
        outcome = await measurement.call(gather(), cluster.context, "test")
        assert (outcome.state, outcome.errors) == (State.MEASURED, ())
        with pytest.raises(SiteError):
            await measurement.dispose()
        await measurement.dispose()


async def test_an_interrupted_gather_ends_the_campaign_and_keeps_what_it_has(cluster: Cluster) -> None:
    cluster.let_go()
    cluster.site.answer = lambda request: None
    async with asyncio.timeout(PATIENCE):
        measurement = NetworkPerformance()
        await measurement.call(start(), cluster.context, "test")
        await cluster.site.handed_out.wait()
        gathering = asyncio.create_task(measurement.call(gather(), cluster.context, "test"))
        await asyncio.sleep(0)
        gathering.cancel()
        outcome = await gathering
    assert outcome.errors[0].code == "door.interrupted"
    assert [summary.complete for summary in outcome.summaries] == [False]
    assert cluster.site.stopped == 1
