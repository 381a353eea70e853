"""One acceptance, on a site that answers at once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from clearway.base.clock import Clock
from clearway.base.units import Duration
from clearway.campaign.acceptance import Job, begin, carry_out
from clearway.ledger.read import read_run
from clearway.probe.records import Request, Result, Slot
from clearway.site.base import Ready
from clearway.verdict.judge import judge
from clearway.verdict.model import State
from faulty_site import FaultySite, ready
from making import measured, tcp_spec

TOOLS = {"iperf": "2.1.8"}


class EquippedSite(FaultySite):
    """Its workers have the tools."""

    async def start(self, slots: Sequence[Slot]) -> None:
        for slot in slots:
            found = ready(slot)
            self.queue.put_nowait(Ready(replace(found.worker, versions=TOOLS), found.clock))


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

    await asyncio.wait_for(carry_out(job, site, Clock(), finished=finished), 10)
    assert (states, site.stopped) == ([State.PASS], 1)


async def test_a_run_with_nothing_left_to_measure_is_finished_at_once(tmp_path: Path) -> None:
    job, site = await begun(tmp_path)
    record = await asyncio.wait_for(carry_out(job, site, Clock()), 10)
    told: list[None] = []
    await carry_out(replace(job, record=record), site, Clock(), finished=lambda: told.append(None))
    assert (len(told), site.stopped) == (1, 1)
