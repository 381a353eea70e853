"""One round from hand-out to the last result. Every probe of it gets both its results, whatever happens."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from clearway.base.units import Duration
from clearway.probe.records import Half, Observation, Outcome, Probe, Reason, Result, Round, Slot
from clearway.run.crew import Crew, HalfKey
from clearway.run.hand_out import draft
from clearway.site.base import Site

_SPARE = 0.25
"""Seconds between the end of handing out and the first launch."""
_SAFETY = 1.5
"""The lead assumes handing out to take this many times what it took last."""


@dataclass
class Pace:
    """How long handing out takes on this site: the lead follows it."""

    last: Duration | None = None
    """What it took in the last round; None before the first."""
    rounds: int = 0

    def expected(self, site: Site, mailboxes: int) -> Duration:
        """At most; before the first round by what the site has seen, which is on the safe side by itself."""
        return self.last * _SAFETY if self.last is not None else site.handing_out(mailboxes)


async def run_round(crew: Crew, round_: Round, attempts: Mapping[str, int], pace: Pace) -> None:
    """Hand out, wait for the results, and record why those that are missing are missing.

    `attempts` numbers each probe's attempt. Cancelling empties the mailboxes first.
    """
    crew.ledger.append(round_)
    crew.expect(round_.id)
    plan = draft(round_, attempts, {slot: r for slot, r in crew.ready.items() if slot not in crew.lost}, pace.rounds)
    results: Mapping[HalfKey, Result] = {}
    if plan.requests:
        schedule, handing = plan.schedule, pace.expected(crew.site, len(set(plan.awaited.values())))
        instant = crew.clock.now() + handing.si + _SPARE - schedule.earliest
        _announce(crew, round_, instant, schedule.deadline)
        try:
            begun = crew.clock.now()
            await crew.site.submit(round_.id, plan.at(instant, schedule.deadline, crew.ready))
            pace.last, pace.rounds = Duration(crew.clock.now() - begun), pace.rounds + 1
            results = await crew.gather_results(plan.awaited, instant + schedule.deadline)
        except asyncio.CancelledError:
            await crew.site.cancel()
            raise
    for probe in round_.probes:
        for half, slot in ((Half.SERVE, probe.server), (Half.SEND, probe.client)):
            if (probe.id, half) not in results:
                crew.ledger.append(_missing(crew, round_, attempts[probe.id], probe, half, slot))


def _announce(crew: Crew, round_: Round, instant: float, deadline: float) -> None:
    values = {"why": round_.why.value, "lead": Duration(instant - crew.clock.now()), "deadline": Duration(deadline)}
    crew.ledger.append(Observation("round-start", round_.id, instant, values))


def _missing(crew: Crew, round_: Round, attempt: int, probe: Probe, half: Half, slot: Slot) -> Result:
    if slot in crew.lost:
        return Result(round_.id, probe.id, attempt, half, Outcome.WORKER_LOST, crew.lost[slot])
    if {probe.client, probe.server} & crew.lost.keys():
        return Result(round_.id, probe.id, attempt, half, Outcome.NOT_RUN, Reason("run.partner-lost"))
    return Result(round_.id, probe.id, attempt, half, Outcome.TIMED_OUT, Reason("run.no-answer"))
