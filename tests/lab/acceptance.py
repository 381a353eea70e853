"""Whole acceptances on a lab, with something going wrong at a chosen moment."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from clearway.base.clock import Clock
from clearway.campaign.acceptance import begin, measuring
from clearway.ledger.record import Record
from clearway.ledger.write import Appended
from clearway.probe.records import Observation
from clearway.site.lab.model import LabSpec
from clearway.site.lab.site import LabSite
from clearway.spec.load import read_spec

Disturbance = Callable[[LabSite], Awaitable[object]]

PATIENCE = 120.0


class Disturber:
    """Listens to the ledger and strikes once, `after` seconds behind the first round's instant."""

    def __init__(self, site: LabSite, disturbance: Disturbance, after: float) -> None:
        self._site = site
        self._disturbance = disturbance
        self._after = after
        self.struck: asyncio.Task[object] | None = None

    def take(self, item: Appended) -> None:
        if isinstance(item, Observation) and item.kind == "round-start" and self.struck is None:
            self.struck = asyncio.ensure_future(self._strike(item.at))

    async def _strike(self, instant: float) -> object:
        await asyncio.sleep(max(0.0, Clock().until(instant + self._after)))
        return await self._disturbance(self._site)


async def accepted(
    folder: Path,
    spec: str,
    lab: LabSpec,
    *,
    disturbance: Disturbance | None = None,
    after: float = 1.0,
    agent_env: Mapping[str, Mapping[str, str]] | None = None,
) -> Record:
    """Carry out an acceptance to its end and return its record. A disturbance has to have happened."""
    site = LabSite(lab, log=lambda finding: None, agent_env=agent_env)
    disturber = Disturber(site, disturbance, after) if disturbance is not None else None
    job = await begin(read_spec(spec), site, folder, [disturber.take] if disturber else [])
    async with asyncio.timeout(PATIENCE), measuring(job, site) as run:
        await run.measure_all()
    if disturber is not None:
        assert disturber.struck is not None
        await disturber.struck
    return run.record
