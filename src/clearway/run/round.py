"""One round: written out as requests, handed out, and awaited. Every probe of it gets both its results."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace

from clearway.base.errors import SiteError
from clearway.base.units import Duration, Size
from clearway.engine.table import ENGINES
from clearway.probe.observations import ROUND_START
from clearway.probe.parameters import Parameters, UdpParameters
from clearway.probe.records import (
    Endpoint,
    Half,
    Outcome,
    Probe,
    Reason,
    Request,
    Result,
    Round,
    Slot,
    Worker,
    family_of,
)
from clearway.run.worker_pool import HalfKey, WorkerPool
from clearway.site.base import Ready, Site

_SPARE = 0.25
"""Seconds between the end of handing out and the first launch: time to start a process on a busy worker."""
_SAFETY = 1.5
"""The lead is this many times what handing out took in the last round. A lead that is too short voids the round; one
that is too long only costs the difference."""
_ANSWER = 5.0
"""Seconds between the end of a half and its result: to read the tool's output and to write the result to the API."""
_FAMILIES = ("ipv4", "ipv6")
_HEADERS = {False: 28, True: 48}
"""IP and UDP headers of a datagram, by whether it is IPv6."""


@dataclass
class DispatchEstimate:
    """How long handing out takes on this site. The lead, the time from hand-out to start, is made from it."""

    last: Duration | None = None
    """What it took in the last round; None before the first."""
    rounds: int = 0

    def expected(self, site: Site, mailboxes: int) -> Duration:
        """The longest that handing out may take. Before the first round the site estimates it, generously."""
        return self.last * _SAFETY if self.last is not None else site.handing_out(mailboxes)


async def run_round(pool: WorkerPool, round_: Round, attempts: Mapping[str, int], estimate: DispatchEstimate) -> None:
    """Hand out, wait for the results, and record why those that are missing are missing.

    `attempts` numbers each probe's attempt. Cancelling empties the mailboxes first.
    """
    pool.ledger.append(round_)
    pool.expect(round_.id)
    plan = requests_for(
        round_, attempts, {slot: r for slot, r in pool.ready.items() if slot not in pool.lost}, estimate.rounds
    )
    results: Mapping[HalfKey, Result] = {}
    if plan.requests:
        schedule, handing = plan.schedule, estimate.expected(pool.site, len(set(plan.awaited.values())))
        instant = pool.clock.now() + handing.si + _SPARE - schedule.earliest
        _announce(pool, round_, instant, schedule.deadline)
        try:
            begun = pool.clock.now()
            await pool.site.submit(round_.id, plan.at(instant, schedule.deadline, pool.ready))
            estimate.last, estimate.rounds = Duration(pool.clock.now() - begun), estimate.rounds + 1
            results = await pool.gather_results(plan.awaited, instant + schedule.deadline)
        except asyncio.CancelledError:
            await pool.site.cancel()
            raise
    _append_missing(pool, round_, attempts, results)


def _announce(pool: WorkerPool, round_: Round, instant: float, deadline: float) -> None:
    values = {"why": round_.why.value, "lead": Duration(instant - pool.clock.now()), "deadline": Duration(deadline)}
    pool.ledger.append(ROUND_START.seen(round_.id, instant, values))


def _append_missing(
    pool: WorkerPool, round_: Round, attempts: Mapping[str, int], results: Mapping[HalfKey, Result]
) -> None:
    for probe in round_.probes:
        for half, slot in ((Half.SERVE, probe.server), (Half.SEND, probe.client)):
            if (probe.id, half) not in results:
                why = _why_missing(pool, probe, slot)
                pool.ledger.append(Result(round_.id, probe.id, attempts[probe.id], half, *why))


def _why_missing(pool: WorkerPool, probe: Probe, slot: Slot) -> tuple[Outcome, Reason]:
    if slot in pool.lost:
        return Outcome.WORKER_LOST, pool.lost[slot]
    if {probe.client, probe.server} & pool.lost.keys():
        return Outcome.NOT_RUN, Reason("run.partner-lost")
    return Outcome.TIMED_OUT, Reason("run.no-answer")


@dataclass(frozen=True)
class RoundTiming:
    """When a round happens, relative to its instant; in seconds."""

    earliest: float
    """First launch; negative."""
    deadline: float


@dataclass(frozen=True)
class RoundRequests:
    """A round's requests, whose start is not decided yet."""

    requests: Mapping[HalfKey, tuple[Slot, Request]]

    @property
    def awaited(self) -> Mapping[HalfKey, Slot]:
        return {key: slot for key, (slot, _) in self.requests.items()}

    @property
    def schedule(self) -> RoundTiming:
        asked = ((ENGINES[request.engine], request) for _, request in self.requests.values())
        commands = [engine.serve(one) if one.half is Half.SERVE else engine.send(one) for engine, one in asked]
        return RoundTiming(
            min((command.launch.si for command in commands), default=0.0),
            max((command.ends.si for command in commands), default=0.0) + _ANSWER,
        )

    def at(self, instant: float, deadline: float, ready: Mapping[Slot, Ready]) -> dict[Slot, list[Request]]:
        """The mailboxes, each in its worker's own time; an offset below its own uncertainty counts as none."""
        mailboxes: dict[Slot, list[Request]] = defaultdict(list)
        for slot, request in self.requests.values():
            clock = ready[slot].clock
            shift = clock.ahead.si if abs(clock.ahead.si) > clock.uncertainty.si else 0.0
            mailboxes[slot].append(replace(request, start=instant + shift, deadline=instant + deadline + shift))
        return dict(mailboxes)


def requests_for(round_: Round, attempts: Mapping[str, int], ready: Mapping[Slot, Ready], turn: int) -> RoundRequests:
    """Requests for all probes of which both workers are ready.

    `turn` counts rounds: each round uses other ports, so that it does not meet connections that are still closing.
    Raises SiteError if two workers share no address family or one has too few ports.
    """
    ports = _Ports(turn)
    requests: dict[HalfKey, tuple[Slot, Request]] = {}
    for probe in round_.probes:
        if probe.client not in ready or probe.server not in ready:
            continue
        client, server = ready[probe.client].worker, ready[probe.server].worker
        endpoint = Endpoint(_address(client, server, probe.family), ports.take(server))
        parameters = _settled(probe.parameters, endpoint, min(client.mtu, server.mtu))
        for half, slot in ((Half.SERVE, probe.server), (Half.SEND, probe.client)):
            request = _request(round_, probe, attempts[probe.id], half, endpoint, parameters)
            requests[probe.id, half] = (slot, request)
    return RoundRequests(requests)


def _request(
    round_: Round, probe: Probe, attempt: int, half: Half, endpoint: Endpoint, parameters: Parameters
) -> Request:
    return Request(
        round=round_.id,
        probe=probe.id,
        attempt=attempt,
        half=half,
        engine=probe.engine,
        parameters=parameters,
        window=probe.window,
        server=endpoint,
        start=0.0,
        deadline=0.0,
    )


_PORT_STEP = 7
"""Ports by which a round moves on. Workers announce 128: all of them are used before one comes again."""


class _Ports:
    def __init__(self, turn: int) -> None:
        self._turn = turn
        self._taken: dict[Slot, int] = defaultdict(int)

    def take(self, worker: Worker) -> int:
        taken = self._taken[worker.slot]
        if taken >= len(worker.ports):
            raise SiteError("run.too-few-ports", worker=str(worker.slot), count=len(worker.ports))
        self._taken[worker.slot] += 1
        return worker.ports[(self._turn * _PORT_STEP + taken) % len(worker.ports)]


def _address(client: Worker, server: Worker, family: str | None) -> str:
    """The server's first address of a family that the client has too, and that is asked for."""
    families = {family_of(address) for address in client.addresses} & ({family} if family else set(_FAMILIES))
    for address in server.addresses:
        if family_of(address) in families:
            return address
    raise SiteError("run.no-common-family", client=str(client.slot), server=str(server.slot))


def _settled(parameters: Parameters, endpoint: Endpoint, mtu: int) -> Parameters:
    """Parameters with the datagram size filled in: the largest that is not fragmented."""
    if isinstance(parameters, UdpParameters) and parameters.datagram is None:
        return replace(parameters, datagram=Size(mtu - _HEADERS[endpoint.v6]))
    return parameters
