"""Workers that lie, against the tests' own API server: who is believed, about what."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from api_objects import Json
from api_server import ApiServer
from clearway.base.clock import Clock
from clearway.diagnose import diagnose
from clearway.ledger.read import read_run
from clearway.ledger.write import Ledger
from clearway.probe.records import Half, Outcome, Request, Result, Worker
from clearway.run.round import DispatchEstimate, run_round
from clearway.run.worker_pool import WorkerPool
from clearway.site.base import Lost, Ready
from clearway.site.kubernetes.site import KubernetesSite
from clearway.verdict.judge import judge
from clearway.verdict.model import State
from kubelets import MAILBOXES, announcement, kubelets
from making import inventory, measured, planned, request, tcp_spec
from unit.site.kubernetes.two_nodes import NODES, SLOTS, hear, options, started

THIRD_PARTY = replace(announcement("node-1"), addresses=("198.51.100.7",))
"""An address that is no pod's."""


@pytest.mark.parametrize(
    ("lie", "code"),
    [
        (announcement("node-2"), "listening.other-node"),
        (THIRD_PARTY, "listening.other-address"),
        (replace(announcement("node-1"), versions={"iperf": "two.one"}), "kubernetes.undecodable"),
        (replace(announcement("node-1"), ports=(99_999,)), "kubernetes.undecodable"),
        (replace(announcement("node-1"), addresses=("--help",)), "kubernetes.undecodable"),
    ],
)
async def test_a_worker_that_announces_what_is_not_so_takes_no_place(
    server: ApiServer, tmp_path: Path, lie: Worker, code: str
) -> None:
    def announce(node: str, index: int) -> Worker:
        return lie if node == "node-1" else announcement(node, index)

    with kubelets(server, tmp_path, NODES, announce=announce):
        async with started(server, tmp_path, partial=True) as site:
            events = await hear(site, 2)
    assert {event.slot: event.reason.code for event in events if isinstance(event, Lost)} == {SLOTS[0]: code}
    assert [event.slot for event in events if isinstance(event, Ready)] == [SLOTS[1]]


@pytest.mark.parametrize(
    "status",
    [
        {"clock": {"ping": 1, "now": 10**400}},
        {"results": {"r:send": {"measurement": {"kind": "http", "latency_s": {"buckets": {"9" * 5_000: 1}}}}}},
        {"results": []},
        {"observations": {str(number): {"kind": "k"} for number in range(500)}},
    ],
)
async def test_a_worker_that_writes_nonsense_is_lost_and_the_run_goes_on(
    server: ApiServer, tmp_path: Path, status: Json
) -> None:
    with kubelets(server, tmp_path, NODES):
        async with started(server, tmp_path) as site:
            await hear(site, 2)
            (name,) = (name for slot, name in site._assignment.names.items() if slot == SLOTS[0])
            (own,) = (item for item in server.all(MAILBOXES) if item["metadata"]["name"] == name)
            server.put(MAILBOXES, {**own, "status": {**own["status"], **status}})
            (lost,) = await hear(site, 1)
            await site.submit("r1", {SLOTS[1]: [request(Half.SERVE)]})
            (result,) = await hear(site, 1)
    assert isinstance(lost, Lost)
    assert (lost.slot, lost.reason.code) == (SLOTS[0], "kubernetes.undecodable")
    assert isinstance(result, Result)


async def test_a_pod_that_writes_the_results_of_others_into_its_own_status_decides_nothing(
    server: ApiServer, tmp_path: Path
) -> None:
    """Its rights allow that write: who may write an object does not say what may stand in it."""
    record = planned(tcp_spec("throughput >= 1 Gbit/s"), inventory(2))
    round_, attempts = record.plan[0], {probe.id: 1 for probe in record.plan[0].probes}
    liar = round_.probes[0].client

    def answer(asked: Request) -> Result | None:
        (probe,) = round_.probes
        rate = 1e7 if asked.half is Half.SERVE else 9e9
        by_half = {result.half: result for result in measured(round_, probe, rate)}
        if asked.half is Half.SERVE:
            return by_half[Half.SERVE]
        running.boxes[NODES.index(liar.node)].put(by_half[Half.SERVE])
        return by_half[Half.SEND]

    with kubelets(server, tmp_path, NODES, answer=answer) as running:
        site = KubernetesSite(options(server, tmp_path), log=lambda finding: None)
        ledger = Ledger.create(tmp_path / "run", record)
        async with WorkerPool(site, SLOTS, ledger, Clock()).working() as pool:
            await pool.gather_ready(10)
            await run_round(pool, round_, attempts, DispatchEstimate())
    found = read_run(tmp_path / "run")
    verdict = diagnose(found, judge(found))
    assert {result.half: result.outcome for result in found.results} == {
        Half.SERVE: Outcome.MEASURED,
        Half.SEND: Outcome.WORKER_LOST,
    }
    assert verdict.state is State.INCONCLUSIVE
    assert [one.subject for one in verdict.findings if one.code == "run.given-up"] == [str(liar)]
