"""One acceptance, on a site that answers at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from clearway.base.clock import Clock
from clearway.base.errors import SiteError
from clearway.base.units import Duration
from clearway.campaign.acceptance import Aborted, Job, begin, run_rounds
from clearway.ledger.read import read_run
from clearway.probe.records import Observation, Reason, Request, Result, Round
from clearway.site.watcher import WatchContext
from clearway.verdict.judge import judge
from clearway.verdict.model import State
from faulty_site import EquippedSite
from making import measured, tcp_spec


async def begun(folder: Path) -> tuple[Job, EquippedSite]:
    spec = tcp_spec("throughput >= 500 Mbit/s").model_copy(update={"gap": Duration(0)})

    def answer(request: Request) -> Result:
        round_ = next(r for r in job.plan.rounds if r.id == request.round)
        probe = next(probe for probe in round_.probes if probe.id == request.probe)
        return next(one for one in measured(round_, probe, 9e8) if one.half is request.half)

    site = EquippedSite(answer)
    job = await begin(spec, site, folder)
    return job, site


async def test_the_verdict_is_there_before_the_workers_are_removed(tmp_path: Path) -> None:
    job, site = await begun(tmp_path)
    states: list[State] = []

    def finished() -> None:
        states.append(judge(read_run(tmp_path)).state)
        assert not site.stop_asked.is_set()

    await asyncio.wait_for(run_rounds(job, site, Clock(), finished=finished), 10)
    assert (states, site.stopped) == ([State.PASS], 1)


async def test_a_run_with_nothing_left_to_measure_is_finished_at_once(tmp_path: Path) -> None:
    job, site = await begun(tmp_path)
    record = await asyncio.wait_for(run_rounds(job, site, Clock()), 10)
    told: list[None] = []
    await run_rounds(replace(job, record=record), site, Clock(), finished=lambda: told.append(None))
    assert (len(told), site.stopped) == (1, 1)


@dataclass
class Companion:
    """Goes along with a run, and tells when."""

    name: str
    told: list[str]
    stops: Reason | None = None
    nodes: set[str] = field(default_factory=set)

    @asynccontextmanager
    async def watching(self, scene: WatchContext) -> AsyncIterator[None]:
        self.told.append(f"{self.name} in")
        self.nodes |= scene.nodes
        if self.stops is not None:
            scene.stop(self.stops)
        try:
            yield
        finally:
            scene.observe(Observation("seen-last", self.name, scene.clock.now()))
            self.told.append(f"{self.name} out")


async def test_a_watcher_exits_before_the_verdict(tmp_path: Path) -> None:
    job, site = await begun(tmp_path)
    told: list[str] = []
    company = (Companion("one", told), Companion("two", told))
    record = await asyncio.wait_for(run_rounds(job, site, Clock(), company, lambda: told.append("finished")), 10)
    assert told == ["one in", "two in", "two out", "one out", "finished"]
    assert company[0].nodes == {slot.node for slot in job.plan.slots}
    assert [one.subject for one in record.observations if one.kind == "seen-last"] == ["two", "one"]


async def test_any_of_them_may_stop_the_rounds(tmp_path: Path) -> None:
    job, site = await begun(tmp_path)
    told: list[str] = []
    site.answer = lambda request: None
    stops = Companion("one", told, Reason("brake.node-not-ready", {"node": "node-2", "message": ""}))
    with pytest.raises(Aborted) as stopped:
        await asyncio.wait_for(run_rounds(job, site, Clock(), (stops, Companion("two", told))), 10)
    assert stopped.value.code == "brake.node-not-ready"
    assert told == ["one in", "two in", "two out", "one out"]
    assert (site.stopped, read_run(tmp_path).observations[-1].kind) == (1, "run-braked")


async def test_a_cancelled_run_lets_them_leave_in_order(tmp_path: Path) -> None:
    job, site = await begun(tmp_path)
    told: list[str] = []
    site.answer = lambda request: None
    running = asyncio.create_task(run_rounds(job, site, Clock(), (Companion("one", told),)))
    await asyncio.wait_for(site.handed_out.wait(), 10)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert told == ["one in", "one out"]


async def test_nodes_are_made_ready_before_each_round_and_a_run_ends_where_that_fails(tmp_path: Path) -> None:
    job, site = await begun(tmp_path)
    asked: list[str] = []

    async def before(round_: Round) -> None:
        assert len(site.submitted) == len(asked)
        asked.append(round_.id)
        if len(asked) == 2:
            raise SiteError("chaos.not-back", node="node-1", within=Duration(60))

    twice = replace(job, record=replace(job.record, plan=(*job.plan.rounds, replace(job.plan.rounds[0], id="again"))))
    with pytest.raises(Aborted) as stopped:
        await asyncio.wait_for(run_rounds(twice, site, Clock(), before=before), 10)
    assert (stopped.value.code, stopped.value.values["node"]) == ("chaos.not-back", "node-1")
    assert (asked, site.stopped) == ([job.plan.rounds[0].id, "again"], 1)
    assert read_run(tmp_path).results
