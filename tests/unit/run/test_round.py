"""A round on a site that can be made to misbehave: every half gets a result, and the right one."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from clearway.base.clock import Clock
from clearway.base.errors import LedgerError, SiteError
from clearway.base.units import Duration
from clearway.ledger.record import Record, read_run
from clearway.ledger.write import Ledger
from clearway.probe.records import (
    ClockOffset,
    Half,
    Outcome,
    Reason,
    Request,
    Result,
    Round,
)
from clearway.run.round import DispatchEstimate, requests_for, run_round
from clearway.run.worker_pool import WorkerPool
from clearway.site.base import Event, Lost
from clearway.spec.load import read_spec
from faulty_site import NO_OFFSET, FaultySite, ready
from making import inventory, measured, planned, tcp_spec


class HurriedClock(Clock):
    """A clock on which every deadline comes soon, so that no test waits for one."""

    def until(self, instant: float) -> float:
        return min(super().until(instant), 0.05)


RECORD = planned(tcp_spec("throughput >= 500 Mbit/s"), inventory(4))
ROUND = RECORD.plan[0]
SLOTS = tuple(slot for probe in ROUND.probes for slot in probe.pair)
INCAST = read_spec("{version: 1, tests: [{name: t, protocol: tcp, pairing: incast}]}")


def good(request: Request) -> Result:
    probe = next(probe for probe in ROUND.probes if probe.id == request.probe)
    by_half = {result.half: result for result in measured(ROUND, probe, 9e8)}
    return by_half[request.half]


async def run(site: FaultySite, folder: Path, round_: Round = ROUND) -> Record:
    ledger = Ledger.create(folder, RECORD.manifest, RECORD.spec, RECORD.inventory)
    ledger.plan(RECORD.plan)
    await measure(site, ledger, round_)
    return read_run(folder)


async def measure(site: FaultySite, ledger: Ledger, round_: Round) -> None:
    async with WorkerPool(site, SLOTS, ledger, HurriedClock()) as pool:
        await pool.gather_ready(0.2)
        await run_round(pool, round_, {probe.id: 1 for probe in round_.probes}, DispatchEstimate())


def outcomes(record: Record) -> dict[tuple[str, Half], Outcome]:
    return {(result.probe, result.half): result.outcome for result in record.results}


async def test_every_half_is_asked_and_its_result_kept(tmp_path: Path) -> None:
    site = FaultySite(good)
    record = await run(site, tmp_path)
    assert set(outcomes(record).values()) == {Outcome.MEASURED}
    assert len(record.results) == 2 * len(ROUND.probes)
    assert site.stopped == 1


async def test_a_worker_that_is_lost_leaves_the_others_measured(tmp_path: Path) -> None:
    victim = ROUND.probes[0].client

    def answer(request: Request) -> Event | None:
        probe = next(probe for probe in ROUND.probes if probe.id == request.probe)
        if request.half is Half.SEND and probe.client == victim:
            return Lost(victim, Reason("lab.agent-ended"))
        return good(request)

    found = outcomes(await run(FaultySite(answer), tmp_path))
    assert found[ROUND.probes[0].id, Half.SEND] is Outcome.WORKER_LOST
    assert [o for (p, _), o in found.items() if p != ROUND.probes[0].id] == [Outcome.MEASURED] * 2


async def test_silence_until_the_deadline_is_timed_out_not_zero(tmp_path: Path) -> None:
    record = await run(FaultySite(lambda request: good(request) if request.half is Half.SERVE else None), tmp_path)
    silent = [result for result in record.results if result.half is Half.SEND]
    assert {(r.outcome, r.reason.code if r.reason else None) for r in silent} == {(Outcome.TIMED_OUT, "run.no-answer")}
    assert all(result.measurement is None for result in silent)


async def test_a_late_result_of_another_round_does_not_count(tmp_path: Path) -> None:
    record = await run(FaultySite(lambda request: replace(good(request), round="earlier")), tmp_path)
    assert set(outcomes(record).values()) == {Outcome.TIMED_OUT}
    assert any(observation.kind == "stale-result" for observation in record.observations)


async def test_a_worker_that_never_came_is_named_and_its_partner_not_run(tmp_path: Path) -> None:
    absent = ROUND.probes[0].server
    record = await run(FaultySite(good, silent=frozenset({absent})), tmp_path)
    found = outcomes(record)
    assert found[ROUND.probes[0].id, Half.SERVE] is Outcome.WORKER_LOST
    assert found[ROUND.probes[0].id, Half.SEND] is Outcome.NOT_RUN


async def test_no_worker_at_all_is_an_error_of_the_site(tmp_path: Path) -> None:
    site = FaultySite(good, silent=frozenset(SLOTS))
    with pytest.raises(SiteError, match=r"run\.no-worker-ready"):
        await run(site, tmp_path)
    assert site.stopped == 1


async def test_a_ledger_that_cannot_be_written_ends_the_run_and_the_workers(tmp_path: Path) -> None:
    site = FaultySite(good)
    ledger = Ledger.create(tmp_path, RECORD.manifest, RECORD.spec, RECORD.inventory)
    (tmp_path / "results.jsonl").symlink_to("/dev/full")
    with pytest.raises(LedgerError, match=r"ledger\.cannot-write"):
        await measure(site, ledger, ROUND)
    assert site.stopped == 1


async def test_a_cancel_while_workers_are_removed_waits_for_the_removal(tmp_path: Path) -> None:
    """A second Ctrl-C must not leave behind what the first one was about to remove."""
    site = FaultySite(good, stopping=asyncio.Event())
    task = asyncio.ensure_future(run(site, tmp_path))
    await site.stop_asked.wait()
    task.cancel()
    await asyncio.sleep(0)
    assert (task.done(), site.stopped) == (False, 0)
    assert site.stopping is not None
    site.stopping.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert site.stopped == 1


async def test_cancelling_empties_the_mailboxes_before_the_workers_go(tmp_path: Path) -> None:
    site = FaultySite(lambda request: None)
    task = asyncio.ensure_future(run(site, tmp_path))
    await site.handed_out.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (site.cancelled, site.stopped) == (1, 1)


async def test_the_lead_follows_what_the_site_expects_and_then_what_handing_out_took(tmp_path: Path) -> None:
    site, leads = FaultySite(good, slow=Duration(4.0)), []
    ledger = Ledger.create(tmp_path, RECORD.manifest, RECORD.spec, RECORD.inventory)
    pace = DispatchEstimate()
    async with WorkerPool(site, SLOTS, ledger, HurriedClock()) as pool:
        await pool.gather_ready(0.2)
        for _ in range(2):
            begun = pool.clock.now()
            await run_round(pool, ROUND, {probe.id: 1 for probe in ROUND.probes}, pace)
            first = next(iter(site.submitted[-1].values()))[0]
            leads.append(first.start - begun)
    assert leads[0] > 4.0
    assert leads[1] < 2.0


def test_a_clock_that_is_off_by_more_than_its_uncertainty_is_followed() -> None:
    ahead, doubtful = SLOTS[0], SLOTS[1]
    clocks = {
        ahead: ClockOffset(Duration(2.0), Duration(0.001)),
        doubtful: ClockOffset(Duration(0.01), Duration(0.02)),
    }
    pool = {slot: ready(slot, clocks.get(slot, NO_OFFSET)) for slot in SLOTS}
    mailboxes = requests_for(ROUND, {probe.id: 1 for probe in ROUND.probes}, pool, 0).at(1_000.0, 10.0, pool)
    starts = {slot: requests[0].start for slot, requests in mailboxes.items()}
    assert starts[ahead] == 1_002.0
    assert starts[doubtful] == 1_000.0


@pytest.mark.parametrize(("family", "address"), [(None, "fd00::2"), ("ipv4", "10.0.0.2"), ("ipv6", "fd00::2")])
def test_of_two_families_the_one_asked_for_is_taken_and_else_the_servers_first(
    family: str | None, address: str
) -> None:
    (probe,) = planned(tcp_spec("throughput >= 1 Mbit/s"), inventory(2)).plan[0].probes
    both = {slot: ready(slot) for slot in probe.pair}
    for number, slot in ((1, probe.client), (2, probe.server)):
        worker = replace(both[slot].worker, addresses=(f"fd00::{number}", f"10.0.0.{number}"))
        both[slot] = replace(both[slot], worker=worker)
    round_ = Round("r", "t", (replace(probe, family=family),))
    requests = requests_for(round_, {probe.id: 1}, both, 0).requests
    assert {request.server.address for _, request in requests.values()} == {address}


def test_no_two_halves_that_serve_on_one_worker_share_a_port() -> None:
    incast = planned(INCAST, inventory(6)).plan[0]
    pool = {slot: ready(slot) for probe in incast.probes for slot in probe.pair}
    requests = requests_for(incast, {probe.id: 1 for probe in incast.probes}, pool, 3).requests
    ports = [request.server.port for (_, half), (_, request) in requests.items() if half is Half.SERVE]
    assert len(set(ports)) == len(ports) == 5


def test_a_worker_without_enough_ports_is_an_error_not_a_shared_port() -> None:
    incast = planned(INCAST, inventory(12)).plan[0]
    pool = {slot: ready(slot) for probe in incast.probes for slot in probe.pair}
    with pytest.raises(SiteError, match=r"run\.too-few-ports"):
        requests_for(incast, {probe.id: 1 for probe in incast.probes}, pool, 0)
