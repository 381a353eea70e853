"""One acceptance, on a site that answers at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from clearway.base.units import Duration
from clearway.campaign.acceptance import Aborted, Job, begin, measuring, resume
from clearway.ledger import files
from clearway.ledger.read import read_run
from clearway.ledger.record import Record
from clearway.plan.schedule import make_plan
from clearway.probe.records import Observation, Reason, Request, Result
from clearway.site.base import Site, WatchContext, Watcher
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


async def measure_all(job: Job, site: Site, watchers: Sequence[Watcher] = ()) -> Record:
    async with asyncio.timeout(10), measuring(job, site, watchers) as run:
        await run.measure_all()
    return run.record


async def test_the_verdict_is_there_before_the_workers_are_removed(tmp_path: Path) -> None:
    job, site = await begun(tmp_path)
    async with asyncio.timeout(10):
        async with measuring(job, site) as run:
            await run.measure_all()
            assert judge(read_run(tmp_path)).state is State.PASS
            assert not site.stop_asked.is_set()
        assert site.stopped == 1


def sealed(folder: Path) -> tuple[list[str], bool]:
    """Why each seal of a run was set, and whether one closes the run."""
    whole = read_run(folder).wholeness
    assert whole is not None
    return [seal.why.value for seal in whole.seals.values()], whole.closing is not None


async def test_a_run_is_sealed_after_every_round_and_closed_before_its_verdict(tmp_path: Path) -> None:
    job, site = await begun(tmp_path)
    assert sealed(tmp_path) == (["begun"], False)
    async with asyncio.timeout(10), measuring(job, site) as run:
        await run.measure_all()
        assert sealed(tmp_path) == (["begun", *["round"] * len(job.plan.rounds), "end"], True)
    assert sealed(tmp_path)[1]


async def test_a_run_that_goes_on_is_sealed_again(tmp_path: Path) -> None:
    job, site = await begun(tmp_path)
    async with asyncio.timeout(10), measuring(job, site):
        pass
    assert sealed(tmp_path) == (["begun", "end"], True)
    await measure_all(await resume(read_run(tmp_path), site, tmp_path), site)
    assert sealed(tmp_path) == (["begun", "end", *["round"] * len(job.plan.rounds), "end"], True)


async def test_a_killed_run_with_nothing_left_to_measure_is_closed_by_going_on(tmp_path: Path) -> None:
    job, site = await begun(tmp_path)
    await measure_all(job, site)
    seals = (tmp_path / files.SEALS).read_bytes().splitlines(keepends=True)
    (tmp_path / files.SEALS).write_bytes(b"".join(seals[:-1]))
    assert not sealed(tmp_path)[1]
    await measure_all(await resume(read_run(tmp_path), site, tmp_path), site)
    assert (sealed(tmp_path)[1], site.stopped) == (True, 1)


async def test_a_run_draws_a_seed_of_its_own_and_writes_it_down(tmp_path: Path) -> None:
    """Of a million seeds, ten runs draw one and the same with a chance of 1 in 10^54."""
    jobs = [(await begun(tmp_path / str(number)))[0] for number in range(10)]
    assert len({job.record.spec.seed for job in jobs}) > 1
    for number, job in enumerate(jobs):
        written = read_run(tmp_path / str(number))
        assert written.spec.seed == job.record.spec.seed is not None
        assert make_plan(written.spec, written.inventory).rounds == job.plan.rounds


async def test_a_resumed_run_keeps_its_seed_and_its_plan(tmp_path: Path) -> None:
    job, site = await begun(tmp_path)
    again = await resume(read_run(tmp_path), site, tmp_path)
    assert (again.record.spec.seed, again.plan.rounds) == (job.record.spec.seed, job.plan.rounds)


async def test_a_seed_that_is_set_stays() -> None:
    assert tcp_spec("throughput >= 1 bit/s").model_copy(update={"seed": 0}).with_seed().seed == 0


async def test_a_run_with_nothing_left_to_measure_starts_no_workers(tmp_path: Path) -> None:
    job, site = await begun(tmp_path)
    record = await measure_all(job, site)
    assert await measure_all(replace(job, record=record), site) == record
    assert site.stopped == 1


@dataclass
class Companion:
    """Notes when it comes and leaves."""

    name: str
    events: list[str]
    stops: Reason | None = None
    nodes: set[str] = field(default_factory=set)
    context: WatchContext = field(init=False)

    @asynccontextmanager
    async def watching(self, context: WatchContext) -> AsyncIterator[None]:
        self.events.append(f"{self.name} in")
        self.nodes |= context.nodes
        self.context = context
        if self.stops is not None:
            context.stop(self.stops)
        try:
            yield
        finally:
            context.observe(Observation("seen-last", self.name, context.clock.now()))
            self.events.append(f"{self.name} out")


async def test_the_watchers_leave_in_reverse_order_before_the_verdict(tmp_path: Path) -> None:
    job, site = await begun(tmp_path)
    events: list[str] = []
    watchers = (Companion("one", events), Companion("two", events))
    async with asyncio.timeout(10), measuring(job, site, watchers) as run:
        await run.measure_all()
        events.append("verdict")
    assert events == ["one in", "two in", "two out", "one out", "verdict"]
    assert watchers[0].nodes == {slot.node for slot in job.plan.slots}
    assert [one.subject for one in run.record.observations if one.kind == "seen-last"] == ["two", "one"]


async def test_a_watcher_may_stop_the_run_before_its_first_round(tmp_path: Path) -> None:
    job, site = await begun(tmp_path)
    events: list[str] = []
    stops = Companion("one", events, Reason("brake.node-not-ready", {"node": "node-2", "message": ""}))
    with pytest.raises(Aborted) as stopped:
        await measure_all(job, site, (stops, Companion("two", events)))
    assert stopped.value.code == "brake.node-not-ready"
    assert events == ["one in", "two in", "two out", "one out"]
    assert (site.stopped, read_run(tmp_path).observations[-1].kind) == (1, "run-braked")


async def in_a_round(job: Job, site: EquippedSite, watchers: Sequence[Watcher]) -> asyncio.Task[Record]:
    """A run that waits for answers that do not come."""
    site.answer = lambda request: None
    running = asyncio.create_task(measure_all(job, site, watchers))
    await asyncio.wait_for(site.handed_out.wait(), 10)
    return running


async def test_a_watcher_may_stop_a_round_and_that_empties_the_mailboxes(tmp_path: Path) -> None:
    job, site = await begun(tmp_path)
    watcher = Companion("one", [])
    running = await in_a_round(job, site, (watcher,))
    watcher.context.stop(Reason("brake.api-slow", {"took": Duration(2)}))
    watcher.context.stop(Reason("brake.node-silent", {"node": "node-1", "silence": Duration(30)}))
    with pytest.raises(Aborted) as stopped:
        await running
    assert (stopped.value.code, site.cancelled, watcher.events) == ("brake.api-slow", 1, ["one in", "one out"])
    assert [one.values["code"] for one in read_run(tmp_path).observations if one.kind == "run-braked"] == [
        "brake.api-slow"
    ]


async def test_a_reason_to_stop_that_comes_after_the_last_round_is_too_late(tmp_path: Path) -> None:
    job, site = await begun(tmp_path)
    watcher = Companion("one", [])
    async with asyncio.timeout(10), measuring(job, site, (watcher,)) as run:
        await run.measure_all()
        watcher.context.stop(Reason("brake.api-slow", {"took": Duration(2)}))
    assert run.record.observations[-1].kind == "run-finished"


async def test_a_cancelled_run_lets_its_watchers_leave(tmp_path: Path) -> None:
    job, site = await begun(tmp_path)
    watcher = Companion("one", [])
    running = await in_a_round(job, site, (watcher,))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (watcher.events, site.stopped) == (["one in", "one out"], 1)
    assert read_run(tmp_path).observations[-1].kind == "run-interrupted"


async def test_a_run_that_is_stopped_and_cancelled_at_once_counts_as_cancelled(tmp_path: Path) -> None:
    job, site = await begun(tmp_path)
    watcher = Companion("one", [])
    running = await in_a_round(job, site, (watcher,))
    watcher.context.stop(Reason("brake.api-slow", {"took": Duration(2)}))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_what_fails_between_two_rounds_ends_the_run_and_keeps_what_was_measured(tmp_path: Path) -> None:
    job, site = await begun(tmp_path)
    twice = replace(job, record=replace(job.record, plan=(*job.plan.rounds, replace(job.plan.rounds[0], id="again"))))

    async def measure_one() -> None:
        async with asyncio.timeout(10), measuring(twice, site) as run:
            async for round_ in run.rounds():
                if round_.id == "again":
                    raise Aborted("chaos.not-back", node="node-1", within=Duration(60))
                await run.measure(round_)

    with pytest.raises(Aborted):
        await measure_one()
    assert (len(site.submitted), site.stopped) == (1, 1)
    assert read_run(tmp_path).results
