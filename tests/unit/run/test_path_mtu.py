"""What workers are asked before the first round, and what becomes of their answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from clearway.base.clock import Clock
from clearway.base.units import Duration, Rate, Size
from clearway.ledger.record import Record
from clearway.ledger.write import Appended, Ledger
from clearway.probe.measurement import FoundMtu, PathMtus
from clearway.probe.observations import PATH_MTU, PATH_MTU_NOT_PROBED
from clearway.probe.parameters import PathMtuParameters
from clearway.probe.path_mtu import PROBES_PATH_MTU, RoadState, road_mtus
from clearway.probe.records import Observation, Outcome, Reason, Request, Result, Slot
from clearway.run.path_mtu import probe_path_mtus
from clearway.run.worker_pool import WorkerPool
from clearway.site.base import Ready
from faulty_site import FaultySite, ready
from making import inventory, planned, tcp_spec

MESH = tcp_spec("throughput >= 1 Mbit/s")
SLOTS = tuple(Slot(f"node-{number}") for number in range(1, 5))
Answer = Callable[[Request], Result | None]


def parameters_of(request: Request) -> PathMtuParameters:
    assert isinstance(request.parameters, PathMtuParameters)
    return request.parameters


def all_whole(request: Request) -> Result:
    peers = tuple(FoundMtu(peer.most, None, settled=True) for peer in parameters_of(request).peers)
    return request.result(Outcome.MEASURED, measurement=PathMtus(peers))


def able(slot: Slot, mtu: int = 1500) -> Ready:
    found = ready(slot, mtu=mtu)
    return replace(found, worker=replace(found.worker, facts={PROBES_PATH_MTU: "yes"}))


class Preflight:
    """Four workers that are asked."""

    def __init__(self, folder: Path, answer: Answer = all_whole, most: Rate | None = None) -> None:
        self.site = FaultySite(answer)
        self.most = most
        self.record: Record = planned(MESH, inventory(4))
        self.appended: list[Appended] = []
        self.ready = {slot: able(slot) for slot in SLOTS}
        self.pool = WorkerPool(
            self.site, SLOTS, Ledger.create(folder / "run", self.record, [self.appended.append]), Clock()
        )

    def run(self) -> None:
        async def probe() -> None:
            self.pool.ready.update(self.ready)
            listening = asyncio.create_task(self.pool._listen())
            probes = (probe for round_ in self.record.plan for probe in round_.probes)
            await probe_path_mtus(self.pool, probes, self.most)
            listening.cancel()

        asyncio.run(probe())

    @property
    def requests(self) -> dict[Slot, Request]:
        (submitted,) = self.site.submitted
        return {slot: request for slot, (request,) in submitted.items()}

    @property
    def seen(self) -> list[Observation]:
        return [one for one in self.appended if isinstance(one, Observation)]


@pytest.fixture
def preflight(tmp_path: Path) -> Preflight:
    return Preflight(tmp_path)


def test_each_worker_is_asked_once_for_both_ways_of_all_its_pairs(preflight: Preflight) -> None:
    preflight.run()
    pairs = {probe.pair for round_ in preflight.record.plan for probe in round_.probes}
    roads = road_mtus(preflight.seen)
    assert {(sender, receiver) for sender, receiver, _ in roads} == pairs | {pair[::-1] for pair in pairs}
    assert {road.state for road in roads.values()} == {RoadState.WHOLE}
    assert len(preflight.requests) == len({slot for pair in pairs for slot in pair})


def test_peers_are_where_the_others_listen(preflight: Preflight) -> None:
    preflight.run()
    listening = {request.server for request in preflight.requests.values()}
    asked = {peer.server for request in preflight.requests.values() for peer in parameters_of(request).peers}
    assert asked <= listening


def test_no_size_is_tried_that_an_interface_does_not_allow(preflight: Preflight) -> None:
    preflight.ready[SLOTS[1]] = able(SLOTS[1], mtu=9000)
    preflight.run()
    assert {peer.most for one in preflight.requests.values() for peer in parameters_of(one).peers} == {1500}


def test_answers_go_into_the_ledger_as_observations_and_not_as_results(preflight: Preflight) -> None:
    preflight.run()
    assert {type(one) for one in preflight.appended} == {Observation}
    assert {one.kind for one in preflight.seen} == {PATH_MTU.name}


def test_a_worker_that_can_not_is_not_asked(preflight: Preflight) -> None:
    preflight.ready[SLOTS[0]] = ready(SLOTS[0])
    preflight.run()
    assert SLOTS[0] not in preflight.requests
    assert all(SLOTS[0] not in road for road in road_mtus(preflight.seen))


def test_nothing_is_asked_where_no_worker_can(preflight: Preflight) -> None:
    preflight.ready = {slot: ready(slot) for slot in SLOTS}
    preflight.run()
    assert (preflight.site.submitted, preflight.seen) == ([], [])


def failing(request: Request) -> Result:
    return request.result(Outcome.TOOL_FAILED, Reason("worker.not-listening", {"tool": "path-mtu", "port": 1}))


def one_too_few(request: Request) -> Result:
    whole = all_whole(request).measurement
    assert isinstance(whole, PathMtus)
    return request.result(Outcome.MEASURED, measurement=PathMtus(whole.peers[1:]))


@pytest.mark.parametrize(("answer", "code"), [(failing, "worker.not-listening"), (one_too_few, "run.no-answer")])
def test_what_is_no_answer_is_observed_and_is_no_path_mtu(tmp_path: Path, answer: Answer, code: str) -> None:
    preflight = Preflight(tmp_path, answer)
    preflight.run()
    assert {one.kind for one in preflight.seen} == {PATH_MTU_NOT_PROBED.name}
    assert {one.values["cause"].code for one in preflight.seen} == {code}


def test_a_limit_of_the_rate_holds_for_a_node(tmp_path: Path) -> None:
    preflight = Preflight(tmp_path, most=Rate(1e6))
    preflight.run()
    assert {parameters_of(one).rate for one in preflight.requests.values()} == {Rate(1e6)}


def test_the_search_is_over_within_five_seconds_of_handing_out(preflight: Preflight) -> None:
    preflight.run()
    assert {one.window.end for one in preflight.requests.values()} <= {Duration(4.0)}
    assert Size(1500) in {road.mtu for road in road_mtus(preflight.seen).values()}
