"""HTTP latency while the road is dead for a while, against a client that times each request from when it was due."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks import by_hand
from benchmarks.by_hand import OpenLoad, Route, percentile
from benchmarks.figure import Figure, Paired
from benchmarks.flow import Beside, Moment, WitnessedLab, accepted
from clearway.base.units import Duration, Rate
from clearway.probe.measurement import Http
from clearway.probe.readings import measured
from clearway.site.lab.model import LabSpec, Link
from faults.kinds import Outage
from faults.model import Ends, port
from faults.plant import PlantedFault
from scripts.goal import Goal

TITLE = "HTTP latency while the road is dead against a client that keeps time"
RUNS = 5
GOAL = Goal(0.9, 1.1)
BULK = "-P 4 -w 64K"

SLOW = 0.06
"""Seconds: what is slower waits for the road."""

_LAB = LabSpec(nodes=2, zones=1, link=Link(rate=Rate(100e6)))
_LOAD = OpenLoad(connections=50, rate=500, seconds=10)
_SPEC = """
version: 1
gap: 20s
attempts: 1
tests:
- {name: latency, protocol: http, rate: 500/s, connections: 50, direction: forward, duration: 10s, warm-up: 1s,
   repeats: {min: %d}}
"""
_AFTER = 3.0
"""Seconds into the window at which the road dies."""
_SOON = 1.5
"""Seconds until a client by hand begins."""


@dataclass(frozen=True)
class Seen:
    """The same outage, as clearway and the client by hand saw it in each turn."""

    ours: Sequence[Http]
    by_hand: Sequence[Sequence[float]]
    """Seconds of each request, in order."""

    def percentiles(self, percent: float) -> Paired:
        ours = (one.latency.percentile(percent) for one in self.ours)
        return Paired([one for one in ours if one is not None], [percentile(one, percent) for one in self.by_hand])

    @property
    def shares(self) -> Paired:
        """Of requests that waited for the road."""
        ours = [one.latency.above(SLOW) / one.latency.count for one in self.ours]
        return Paired(ours, [sum(took > SLOW for took in one) / len(one) for one in self.by_hand])


async def seen(folder: Path, dead: float, bulk: str | None = None, turns: int = 1) -> Seen:
    """Turns of each while the road is dead for so many seconds; `bulk` are iperf's options of a load beside both."""
    done: list[Sequence[float]] = []
    site = WitnessedLab(_LAB)

    async def begin(site: WitnessedLab, moment: Moment) -> None:
        if bulk is not None and moment.number == 0:
            by_hand.bulk(site, Route.of(moment.round), bulk)
        window = moment.round.probes[0].window
        await _die(site, Route.of(moment.round), moment.instant + window.warm_up.si + _AFTER, dead)

    async def by_the_clock(site: WitnessedLab, moment: Moment) -> None:
        start = time.time() + _SOON
        await _die(site, Route.of(moment.round), start + _AFTER, dead)
        done.append(
            await by_hand.open_loop(site, Route.of(moment.round), folder / f"by-hand-{moment.number}", _LOAD, start)
        )

    record = await accepted(folder / "run", _SPEC % turns, site, Beside(site, as_begun=begin, as_over=by_the_clock))
    ours = [client for trial in record.trials if (client := measured(trial.send, Http)) is not None]
    assert len(ours) == len(done) == turns, (len(ours), len(done))
    return Seen(ours, done)


async def _die(site: WitnessedLab, route: Route, instant: float, length: float) -> None:
    """Plant it now; the kernel drops every packet of that time."""
    if not length:
        return
    fault = Outage(route.sender, route.receiver, after=0.0, length=length)
    ends = Ends(port(_LAB, route.sender), port(_LAB, route.receiver))
    await PlantedFault(f"dead{round(instant)}", fault, site, ends).plant(instant)


async def figures(folder: Path) -> list[Figure]:
    """Of roads that are dead for 0, 1 and 3 s of 10, idle and beside bulk TCP."""
    found = []
    for dead in (0.0, 1.0, 3.0):
        for load, bulk in (("idle", None), ("loaded", BULK)):
            turns = await seen(folder / f"{load}-{dead:.0f}", dead, bulk, RUNS)
            found += _figures(f"dead for {dead:.0f} s, {load}", turns, dead)
    return found


def _figures(case: str, turns: Seen, dead: float) -> list[Figure]:
    found = [_of_times(f"{case}, p{percent}", turns.percentiles(percent)) for percent in (50, 99)]
    if dead:
        shares = turns.shares
        ours, theirs = (median(values) * 100 for values in (shares.ours, shares.by_hand))
        note = f"{ours:.1f} %, by hand {theirs:.1f} %"
        found.append(Figure(f"{case}, above 60 ms", shares.of_medians, "by hand", shares.ratios, GOAL, note))
    return found


def _of_times(name: str, times: Paired) -> Figure:
    ours, theirs = (Duration(median(values)) for values in (times.ours, times.by_hand))
    return Figure(name, times.of_medians, "by hand", times.ratios, GOAL, f"{ours}, by hand {theirs}")
