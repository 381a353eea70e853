"""One round: written out as requests, handed out, and awaited. Every probe of it gets both its results."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from clearway.base.units import Duration, Size
from clearway.engine.table import ENGINES
from clearway.probe.observations import HAND_OUT_LATE, ROUND_START
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
)
from clearway.run.endpoints import Endpoints, Meeting
from clearway.run.worker_pool import HalfKey, Requests, WorkerPool
from clearway.site.base import Ready, Site

_SPARE = 0.25
"""Seconds between the end of handing out and the first launch: time to start a process on a busy worker."""
_LONGEST_SPARE = 3.0
"""Far above what any server took, so that a worker that lies about its start delays no round for long."""
_SAFETY = 1.5
"""The lead is this many times what handing out took in the last round. A lead that is too short voids the round; one
that is too long only costs the difference."""
_ANSWER = 5.0
"""Seconds between the end of a half and its result: to read the tool's output and to write the result to the API."""
_HEADERS = {False: 28, True: 48}
"""IP and UDP headers of a datagram, by whether it is IPv6."""


@dataclass
class DispatchEstimate:
    """How long handing out takes on this site. The lead, the time from hand-out to start, is made from it."""

    last: Duration | None = None
    """What it took in the last round; None before the first, and after one that had to wait for the site."""
    starting: float = 0.0
    """Seconds that the slowest server of the last round took from its launch until it listened."""
    rounds: int = 0

    @property
    def spare(self) -> float:
        """Seconds between the end of handing out and the first launch."""
        return min(max(_SPARE, self.starting * _SAFETY), _LONGEST_SPARE)

    def expected(self, site: Site, mailboxes: int) -> Duration:
        """The longest that handing out may take. Without a last round the site estimates it."""
        return (self.last or site.handing_out(mailboxes)) * _SAFETY

    def learn(self, took: Duration, results: Iterable[Result], *, in_time: bool) -> None:
        """An outage in the last round would make the next lead as long as the outage was."""
        timings = [result.timing for result in results if result.timing is not None]
        starts = [one.listening.si - one.launched.si for one in timings if one.listening is not None]
        self.last, self.starting, self.rounds = took if in_time else None, max(starts, default=0.0), self.rounds + 1


async def run_round(pool: WorkerPool, round_: Round, attempts: Mapping[str, int], estimate: DispatchEstimate) -> None:
    """Hand out, wait for the results, and record why those that are missing are missing.

    `attempts` numbers each probe's attempt. Cancelling empties the mailboxes first.
    """
    pool.ledger.append(round_)
    await pool.look_for_absent()
    ready = {slot: found for slot, found in pool.ready.items() if slot not in pool.gone}
    asked = requests_for(round_, attempts, ready, estimate.rounds)
    pool.expect(round_.id, asked.requests)
    results: Mapping[HalfKey, Result] = {}
    if asked.requests:
        try:
            results = await _measure(pool, round_, asked, estimate)
        except asyncio.CancelledError:
            await pool.site.cancel()
            raise
    _append_missing(pool, round_, attempts, results)


async def _measure(
    pool: WorkerPool, round_: Round, asked: RoundRequests, estimate: DispatchEstimate
) -> Mapping[HalfKey, Result]:
    """Set the instant, hand out, and gather the results. Handing out that ends after the first launch is observed."""
    begun = pool.clock.now()
    lead = estimate.expected(pool.site, len(asked.workers)).si + estimate.spare - asked.earliest
    instant, ends = begun + lead, begun + lead + asked.deadline
    values = {"why": round_.why.value, "lead": Duration(lead), "deadline": Duration(asked.deadline)}
    pool.ledger.append(ROUND_START.seen(round_.id, instant, values))
    await pool.site.submit(round_.id, asked.at(instant, pool.ready))
    handed_out = pool.clock.now()
    late = handed_out - (instant + asked.earliest)
    if late >= 0:
        pool.ledger.append(HAND_OUT_LATE.seen(round_.id, handed_out, {"after": Duration(late)}))
    results = await pool.gather_results(asked.requests, ends)
    in_time = late < 0 and pool.clock.now() <= ends
    estimate.learn(Duration(handed_out - begun), results.values(), in_time=in_time)
    return results


def _append_missing(
    pool: WorkerPool, round_: Round, attempts: Mapping[str, int], results: Mapping[HalfKey, Result]
) -> None:
    for probe in round_.probes:
        for half, slot in ((Half.SERVE, probe.server), (Half.SEND, probe.client)):
            if (probe.id, half) not in results:
                why = _why_missing(pool, probe, slot)
                pool.ledger.append(Result(round_.id, probe.id, attempts[probe.id], half, *why))


def _why_missing(pool: WorkerPool, probe: Probe, slot: Slot) -> tuple[Outcome, Reason]:
    if slot in pool.gone:
        return Outcome.WORKER_LOST, pool.gone[slot]
    if {probe.client, probe.server} & pool.gone.keys():
        return Outcome.NOT_RUN, Reason("run.partner-lost")
    return Outcome.TIMED_OUT, Reason("run.no-answer")


@dataclass(frozen=True)
class RoundRequests:
    """A round's requests, whose instant is not decided yet; times are seconds after it."""

    requests: Requests
    earliest: float
    """First launch; negative."""
    deadline: float

    @property
    def workers(self) -> frozenset[Slot]:
        return frozenset(slot for slot, _ in self.requests.values())

    def at(self, instant: float, ready: Mapping[Slot, Ready]) -> dict[Slot, list[Request]]:
        """The mailboxes, each in its worker's own time."""
        mailboxes: dict[Slot, list[Request]] = defaultdict(list)
        for slot, request in self.requests.values():
            start = instant + ready[slot].clock.shift.si
            mailboxes[slot].append(replace(request, start=start, deadline=start + self.deadline))
        return dict(mailboxes)


def requests_for(round_: Round, attempts: Mapping[str, int], ready: Mapping[Slot, Ready], turn: int) -> RoundRequests:
    """Requests for all probes of which both workers are ready.

    `turn` counts rounds: each round uses other ports, so that it does not meet connections that are still closing.
    Raises SiteError if two workers share no address family or one has too few ports or no Service, UsageError if
    an engine refuses.
    """
    endpoints = Endpoints(turn)
    requests: dict[HalfKey, tuple[Slot, Request]] = {}
    for probe in round_.probes:
        if probe.client not in ready or probe.server not in ready:
            continue
        client, server = ready[probe.client].worker, ready[probe.server].worker
        meeting = endpoints.meeting(probe, client, server)
        parameters = _settled(probe.parameters, meeting.opened, min(client.mtu, server.mtu))
        serve = _serve_half(round_, probe, attempts[probe.id], meeting, parameters)
        requests[probe.id, Half.SERVE] = (probe.server, serve)
        requests[probe.id, Half.SEND] = (probe.client, replace(serve, half=Half.SEND, server=meeting.dialled))
    asked = ((ENGINES[request.engine], request) for _, request in requests.values())
    commands = [engine.serve(one) if one.half is Half.SERVE else engine.send(one) for engine, one in asked]
    earliest = min((command.launch.si for command in commands), default=0.0)
    return RoundRequests(requests, earliest, max((command.ends.si for command in commands), default=0.0) + _ANSWER)


def _serve_half(
    round_: Round,
    probe: Probe,
    attempt: int,
    meeting: Meeting,
    parameters: Parameters,
) -> Request:
    return Request(
        round=round_.id,
        probe=probe.id,
        attempt=attempt,
        half=Half.SERVE,
        engine=probe.engine,
        parameters=parameters,
        window=probe.window,
        server=meeting.opened,
        start=0.0,
        deadline=0.0,
        partner=meeting.partner,
    )


def _settled(parameters: Parameters, endpoint: Endpoint, mtu: int) -> Parameters:
    """Parameters with the datagram size filled in: the largest that is not fragmented."""
    if isinstance(parameters, UdpParameters) and parameters.datagram is None:
        return replace(parameters, datagram=Size(mtu - _HEADERS[endpoint.v6]))
    return parameters
