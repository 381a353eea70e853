"""One round from hand-out to the last result. Every probe of it gets both its results, whatever happens."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from clearway.base.units import Duration
from clearway.probe.records import Half, Observation, Outcome, Probe, Reason, Result, Round, Slot
from clearway.run.requests import requests_for
from clearway.run.worker_pool import HalfKey, WorkerPool
from clearway.site.base import Site

_SPARE = 0.25
"""Seconds between the end of handing out and the first launch."""
_SAFETY = 1.5
"""The lead assumes handing out to take this many times what it took last."""


@dataclass
class DispatchEstimate:
    """How long handing out takes on this site: the lead follows it."""

    last: Duration | None = None
    """What it took in the last round; None before the first."""
    rounds: int = 0

    def expected(self, site: Site, mailboxes: int) -> Duration:
        """At most; before the first round by what the site has seen, which is on the safe side by itself."""
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
    for probe in round_.probes:
        for half, slot in ((Half.SERVE, probe.server), (Half.SEND, probe.client)):
            if (probe.id, half) not in results:
                pool.ledger.append(_missing(pool, round_, attempts[probe.id], probe, half, slot))


def _announce(pool: WorkerPool, round_: Round, instant: float, deadline: float) -> None:
    values = {"why": round_.why.value, "lead": Duration(instant - pool.clock.now()), "deadline": Duration(deadline)}
    pool.ledger.append(Observation("round-start", round_.id, instant, values))


def _missing(pool: WorkerPool, round_: Round, attempt: int, probe: Probe, half: Half, slot: Slot) -> Result:
    return Result(round_.id, probe.id, attempt, half, *_why_missing(pool, probe, slot))


def _why_missing(pool: WorkerPool, probe: Probe, slot: Slot) -> tuple[Outcome, Reason]:
    if slot in pool.lost:
        return Outcome.WORKER_LOST, pool.lost[slot]
    if {probe.client, probe.server} & pool.lost.keys():
        return Outcome.NOT_RUN, Reason("run.partner-lost")
    return Outcome.TIMED_OUT, Reason("run.no-answer")
