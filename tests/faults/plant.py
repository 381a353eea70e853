"""Plants faults in a running lab, reads their counters, and takes them away."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from clearway.base.clock import Clock
from clearway.site.lab.model import LabSpec
from clearway.site.lab.site import LabSite
from faults.model import Ends, Fault, port

COUNTERS = ("nft", "-j", "list", "counters")
"""The command in the fabric that prints the counters of all faults."""


@dataclass(frozen=True)
class PlantedFault:
    """A fault in a running lab. `name` is that of its table."""

    name: str
    fault: Fault
    site: LabSite
    ends: Ends

    async def hits(self) -> int:
        """The packets that it acted on."""
        return hits(await self._run(" ".join(COUNTERS)))[self.name]

    async def plant(self, instant: float) -> None:
        """Its times count from `instant`."""
        table = self.fault.table(self.name, self.ends, instant)
        await self._run(f"{self.fault.before(self.name, self.ends)}\nnft -f - <<'END'\n{table}\nEND")

    async def carry_out(self, instant: float) -> None:
        """Plant it and let it act."""
        await self.plant(instant)
        await self.act(instant)

    async def act(self, instant: float) -> None:
        """Run the commands of its spans; returns after the last of them."""
        for begin, end in self.fault.spans():
            await self._at(instant + begin, self.fault.as_begun(self.ends))
            if end is not None:
                await self._at(instant + end, self.fault.as_over(self.ends))

    async def take_away(self) -> None:
        ended = self.fault.as_over(self.ends)
        await self._run(f"nft delete table netdev {self.name}\n{ended}\n{self.fault.behind(self.name, self.ends)}")

    async def _at(self, instant: float, script: str) -> None:
        if script:
            await asyncio.sleep(max(0.0, Clock().until(instant)))
            await self._run(script)

    async def _run(self, script: str) -> str:
        ran = await self.site.execute(None, ("sh", "-ec", script))
        assert ran.exit == 0, (self.fault, script, ran)
        return ran.stdout


def hits(listing: str) -> dict[str, int]:
    """The counters in what COUNTERS printed, by the names of the planted faults."""
    counters = [entry["counter"] for entry in json.loads(listing)["nftables"] if "counter" in entry]
    return {counter["table"]: counter["packets"] for counter in counters}


def planting(site: LabSite, lab: LabSpec, fault: Fault, name: str) -> PlantedFault:
    return PlantedFault(name, fault, site, Ends(port(lab, fault.sender), port(lab, fault.receiver)))


@asynccontextmanager
async def planted(
    site: LabSite, lab: LabSpec, fault: Fault, *, name: str = "fault", instant: float | None = None
) -> AsyncIterator[PlantedFault]:
    """The fault is there inside the block. Its times count from `instant`; None: from now."""
    one = planting(site, lab, fault, name)
    start = time.time() if instant is None else instant
    await one.plant(start)
    acting = asyncio.ensure_future(one.act(start))
    try:
        yield one
    finally:
        acting.cancel()
        await one.take_away()
