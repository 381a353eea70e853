"""A round on a site that can be made to misbehave: every half gets a result, and the right one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from clearway.base.clock import Clock
from clearway.base.errors import LedgerError, SiteError
from clearway.base.units import Duration
from clearway.diagnose import diagnose
from clearway.ledger.read import read_run
from clearway.ledger.record import Record
from clearway.ledger.write import Appended, Ledger
from clearway.probe.clock_offset import ClockOffset
from clearway.probe.measurement import Timing
from clearway.probe.observations import HAND_OUT_LATE, STALE_RESULT
from clearway.probe.records import (
    Half,
    Observation,
    Outcome,
    Probe,
    Reason,
    Request,
    Result,
    Round,
    RoundReason,
    Slot,
)
from clearway.run.round import DispatchEstimate, requests_for, run_round
from clearway.run.worker_pool import WorkerPool
from clearway.site.base import Event, Lost, Received
from clearway.spec.load import read_spec
from clearway.verdict.judge import judge
from faulty_site import NO_OFFSET, FaultySite, ready
from making import inventory, measured, planned, tcp_spec


class HurriedClock(Clock):
    """A clock on which every deadline comes soon, so that no test waits for one."""

    def until(self, instant: float) -> float:
        return min(super().until(instant), 0.05)


RECORD = planned(tcp_spec("throughput >= 500 Mbit/s"), inventory(4))
ROUND = RECORD.plan[0]
ATTEMPTS = {probe.id: 1 for probe in ROUND.probes}
SLOTS = tuple(slot for probe in ROUND.probes for slot in probe.pair)
INCAST = read_spec("{version: 1, tests: [{name: t, protocol: tcp, pairing: incast}]}")


def good(request: Request) -> Result:
    probe = next(probe for probe in ROUND.probes if probe.id == request.probe)
    by_half = {result.half: result for result in measured(ROUND, probe, 9e8)}
    return by_half[request.half]


async def run(site: FaultySite, folder: Path, round_: Round = ROUND) -> Record:
    await measure(site, Ledger.create(folder, RECORD), round_)
    return read_run(folder)


async def measure(site: FaultySite, ledger: Ledger, round_: Round) -> None:
    async with WorkerPool(site, SLOTS, ledger, HurriedClock()).working() as pool:
        await pool.gather_ready(0.2)
        await run_round(pool, round_, ATTEMPTS, DispatchEstimate())


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

    def answer(request: Request) -> Event | Result:
        probe = next(probe for probe in ROUND.probes if probe.id == request.probe)
        if request.half is Half.SEND and probe.client == victim:
            return Lost(victim, Reason("lab.agent-ended"))
        return good(request)

    found = outcomes(await run(FaultySite(answer), tmp_path))
    assert found[ROUND.probes[0].id, Half.SEND] is Outcome.WORKER_LOST
    assert [o for (p, _), o in found.items() if p != ROUND.probes[0].id] == [Outcome.MEASURED] * 2


async def test_a_worker_that_the_site_knows_to_be_gone_is_lost_and_asked_again_once_it_is_back(tmp_path: Path) -> None:
    victim, reason = ROUND.probes[0].client, Reason("pod.node-silent", {"node": "node-1", "message": ""})

    def answer(request: Request) -> Result | None:
        asked = next(probe for probe in ROUND.probes if probe.id == request.probe)
        silent = victim in site.gone and request.half is Half.SEND and asked.client == victim
        return None if silent else replace(good(request), round=request.round)

    site = FaultySite(answer, gone={victim: reason})
    async with WorkerPool(site, SLOTS, Ledger.create(tmp_path, RECORD), HurriedClock()).working() as pool:
        await pool.gather_ready(0.2)
        for number in (1, 2, 3):
            if number == 3:
                site.gone.clear()
            again = replace(ROUND, id=f"r{number}", why=RoundReason.RETRY, origin=ROUND.id)
            await run_round(pool, again, ATTEMPTS, DispatchEstimate())
    record = read_run(tmp_path)
    lost = {one.round: one.reason for one in record.results if one.outcome is Outcome.WORKER_LOST}
    assert lost == {"r1": reason, "r2": reason}
    assert [victim in asked for asked in site.submitted] == [True, False, True]
    assert [one.subject for one in record.observations if one.kind == "worker-lost"] == [str(victim)]


async def test_silence_until_the_deadline_is_timed_out_not_zero(tmp_path: Path) -> None:
    record = await run(FaultySite(lambda request: good(request) if request.half is Half.SERVE else None), tmp_path)
    silent = [result for result in record.results if result.half is Half.SEND]
    assert {(r.outcome, r.reason.code if r.reason else None) for r in silent} == {(Outcome.TIMED_OUT, "run.no-answer")}
    assert all(result.measurement is None for result in silent)


async def test_results_that_an_outage_holds_back_past_the_deadline_count(tmp_path: Path) -> None:
    site = FaultySite(lambda request: None, catching_up=Duration(5))
    site.answer = lambda request: site.held_back.append(Received(asked(request), good(request)))
    record = await run(site, tmp_path)
    assert set(outcomes(record).values()) == {Outcome.MEASURED}


def test_a_hand_out_that_had_to_wait_teaches_no_lead() -> None:
    site, estimate = FaultySite(good, slow=Duration(0.2)), DispatchEstimate()
    usual = estimate.expected(site, 2)
    estimate.learn(Duration(60), (), in_time=False)
    assert estimate.expected(site, 2) == usual
    estimate.learn(Duration(1), (), in_time=True)
    assert estimate.expected(site, 2) > Duration(1)


@pytest.mark.parametrize(("took", "spare"), [(0.03, 0.25), (0.6, 0.9), (1e9, 3.0)])
def test_clients_wait_for_servers_as_long_as_those_of_the_last_round_took(took: float, spare: float) -> None:
    """On a busy machine a server may take longer to listen than is spared for it; a worker that lies may say more."""
    timing = Timing(Duration(-1.0), Duration(took - 1.0))
    estimate = DispatchEstimate()
    estimate.learn(Duration(1), [Result("r", "p", 1, Half.SERVE, Outcome.MEASURED, timing=timing)], in_time=True)
    assert estimate.spare == pytest.approx(spare)


class AwaySite(FaultySite):
    """Hands out only after the first launch was due, as when the API server was away."""

    async def submit(self, round_id: str, requests: Mapping[Slot, Sequence[Request]]) -> None:
        await asyncio.sleep(0.4)
        await super().submit(round_id, requests)


async def test_a_hand_out_that_ends_after_the_start_is_in_the_record(tmp_path: Path) -> None:
    away, usual = await run(AwaySite(good), tmp_path / "away"), await run(FaultySite(good), tmp_path / "usual")
    assert [seen.subject for seen in away.observed(HAND_OUT_LATE)] == [ROUND.id]
    assert list(usual.observed(HAND_OUT_LATE)) == []


async def test_a_late_result_of_another_round_does_not_count(tmp_path: Path) -> None:
    late: dict[tuple[str, Half], Result] = {}

    def answer(request: Request) -> Result | None:
        if request.round != ROUND.id:
            return late[request.probe, request.half]
        late[request.probe, request.half] = good(request)
        return None

    again = replace(ROUND, id="again", origin=ROUND.id, why=RoundReason.RETRY)
    ledger = Ledger.create(tmp_path, RECORD)
    async with WorkerPool(FaultySite(answer), SLOTS, ledger, HurriedClock()).working() as pool:
        await pool.gather_ready(0.2)
        for round_ in (ROUND, again):
            await run_round(pool, round_, ATTEMPTS, DispatchEstimate())
    record = read_run(tmp_path)
    assert {result.outcome for result in record.results} == {Outcome.TIMED_OUT}
    assert {seen.kind for seen in record.observations if seen.subject in ATTEMPTS} == {"stale-result"}
    assert not any(seen.kind == "foreign-message" for seen in record.observations)


@pytest.mark.fault(
    "controller", "a result comes after its round gave it up", "It does not count: the half stays timed out."
)
async def test_a_result_that_comes_before_the_next_round_but_after_its_own_does_not_count(tmp_path: Path) -> None:
    """Whether there is another round is decided by what is missing: a half has one result."""
    site, observed = FaultySite(lambda request: None), asyncio.Event()
    last = Observation("worker.last", str(SLOTS[0]), 0.0)

    def listen(item: Appended) -> None:
        if item == last:
            observed.set()

    async with WorkerPool(site, SLOTS, Ledger.create(tmp_path, RECORD, [listen]), HurriedClock()).working() as pool:
        await pool.gather_ready(0.2)
        await run_round(pool, ROUND, ATTEMPTS, DispatchEstimate())
        requests = [request for wanted in site.submitted[0].values() for request in wanted]
        for request in requests:
            site.queue.put_nowait(Received(asked(request), good(request)))
        site.queue.put_nowait(Received(SLOTS[0], last))
        await observed.wait()
    record = read_run(tmp_path)
    assert len(list(record.observed(STALE_RESULT))) == len(requests)
    assert [result.outcome for result in record.results] == [Outcome.TIMED_OUT] * len(requests)
    assert not any(seen.kind == "foreign-message" for seen in record.observations)


def another(result: Result) -> Result:
    """Of a probe that another worker was asked for."""
    return replace(result, probe=next(probe.id for probe in ROUND.probes if probe.id != result.probe))


@pytest.mark.parametrize(
    "forged",
    [
        another,
        lambda result: replace(result, half=Half.SEND if result.half is Half.SERVE else Half.SERVE),
        lambda result: replace(result, round="no-such-round"),
        lambda result: replace(result, probe="no-such-probe"),
        lambda result: replace(result, attempt=2),
        lambda result: Observation("run-finished", str(SLOTS[0]), 0.0),
        lambda result: Observation("worker.throttled", str(SLOTS[1]), 0.0),
    ],
    ids=["another-probe", "another-half", "another-round", "unknown-probe", "another-attempt", "ours", "of-another"],
)
async def test_a_worker_that_reports_what_it_was_not_asked_for_is_given_up(
    tmp_path: Path, forged: Callable[[Result], Result | Observation]
) -> None:
    liar = SLOTS[0]

    class Forging(FaultySite):
        async def submit(self, round_id: str, requests: Mapping[Slot, Sequence[Request]]) -> None:
            for request in requests[liar]:
                self.queue.put_nowait(Received(liar, forged(good(request))))
                self.queue.put_nowait(Received(liar, good(request)))
            await super().submit(round_id, {slot: asked for slot, asked in requests.items() if slot != liar})

    record = await run(Forging(good), tmp_path)
    lied = {(probe.id, half) for probe in ROUND.probes for half, slot in ends(probe) if slot == liar}
    found = outcomes(record)
    assert {found[key] for key in lied} == {Outcome.WORKER_LOST}
    assert {outcome for key, outcome in found.items() if key not in lied} == {Outcome.MEASURED}
    (given_up,) = diagnose(record, judge(record)).findings
    assert (given_up.code, given_up.subject) == ("run.given-up", str(liar))


async def test_what_a_worker_claims_is_on_one_line(tmp_path: Path) -> None:
    class Lying(FaultySite):
        async def submit(self, round_id: str, requests: Mapping[Slot, Sequence[Request]]) -> None:
            self.queue.put_nowait(Received(SLOTS[0], Observation("run-finished\n\nACCEPTED\n", "all", 0.0)))
            await super().submit(round_id, requests)

    record = await run(Lying(good), tmp_path)
    (seen,) = (seen for seen in record.observations if seen.kind == "foreign-message")
    assert seen.values["claimed"] == "run-finished ACCEPTED all"


def asked(request: Request) -> Slot:
    (slot,) = (
        slot
        for probe in ROUND.probes
        if probe.id == request.probe
        for half, slot in ends(probe)
        if half is request.half
    )
    return slot


def ends(probe: Probe) -> tuple[tuple[Half, Slot], ...]:
    return (Half.SERVE, probe.server), (Half.SEND, probe.client)


async def test_the_second_result_of_one_half_is_foreign(tmp_path: Path) -> None:
    class Twice(FaultySite):
        async def submit(self, round_id: str, requests: Mapping[Slot, Sequence[Request]]) -> None:
            await super().submit(round_id, {SLOTS[0]: [*requests[SLOTS[0]], *requests[SLOTS[0]]]})
            await super().submit(round_id, {slot: asked for slot, asked in requests.items() if slot != SLOTS[0]})

    record = await run(Twice(good), tmp_path)
    assert len(record.results) == 2 * len(ROUND.probes)
    assert [seen.subject for seen in record.observations if seen.kind == "foreign-message"] == [str(SLOTS[0])]


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
    ledger = Ledger.create(tmp_path, RECORD)
    (tmp_path / "results.jsonl").mkdir()
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
    ledger = Ledger.create(tmp_path, RECORD)
    pace = DispatchEstimate()
    async with WorkerPool(site, SLOTS, ledger, HurriedClock()).working() as pool:
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
    mailboxes = requests_for(ROUND, {probe.id: 1 for probe in ROUND.probes}, pool, 0).at(1_000.0, pool)
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


async def test_strangers_at_a_server_are_observed_by_their_address_and_in_the_report(tmp_path: Path) -> None:
    def crowded(request: Request) -> Result:
        result = good(request)
        return replace(result, strangers=("10.9.9.9", "fd00::9")) if request.half is Half.SERVE else result

    record = await run(FaultySite(crowded), tmp_path)
    seen = [one for one in record.observations if one.kind == "strangers"]
    assert {(one.subject, one.values["probe"]) for one in seen} == {
        (str(probe.server), probe.id) for probe in ROUND.probes
    }
    assert {one.values["addresses"] for one in seen} == {"10.9.9.9, fd00::9"}
    assert set(outcomes(record).values()) == {Outcome.MEASURED}
    found = diagnose(record, judge(record)).findings
    assert {one.subject for one in found if one.code == "run.strangers"} == {one.subject for one in seen}
