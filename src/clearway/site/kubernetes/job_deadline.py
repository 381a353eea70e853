"""The deadline of a run's Job: extended for as long as its controller lives, so that workers end soon after it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from clearway.base.clock import Clock
from clearway.kube.api import Api
from clearway.kube.errors import KubeError

_RENEWALS = 3
"""How often a lease is renewed within its time: the last renewal may take two thirds of it."""


@dataclass(frozen=True)
class JobDeadline:
    api: Api
    job: str
    """Path of the Job."""
    lease: float
    """Seconds that the workers live on without a renewal."""
    clock: Clock

    async def keep(self) -> None:
        """Extend the deadline until cancelled. Raises KubeError once it is over."""
        begun = self.clock.now()
        ends = begun + self.lease
        while True:
            await asyncio.sleep(self.lease / _RENEWALS)
            until = round(self.clock.now() - begun + self.lease)
            await self._extend(until, ends)
            ends = begun + until

    async def _extend(self, until: int, ends: float) -> None:
        """Try until the Job's deadline has passed: as long as it has not, an API server may be away."""
        while True:
            try:
                await self.api.merge(self.job, {"spec": {"activeDeadlineSeconds": until}})
            except KubeError as error:
                if not self.api.presence.patience(error) or self.clock.now() > ends:
                    raise
            else:
                return
