"""An API server that is away for a minute at any moment of a run: the run waits, and is accepted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from clearway.base.units import Duration
from clearway.campaign.acceptance import Campaign, begin, measuring
from clearway.kube.access import Access
from clearway.ledger.record import Record
from clearway.probe.records import Outcome
from clearway.site.kubernetes.options import KubernetesOptions
from clearway.site.kubernetes.site import KubernetesSite
from clearway.spec.load import read_spec
from clearway.verdict.judge import judge
from clearway.verdict.model import State
from clearway.watch.cluster import cluster_watchers
from cluster.runs.commands import await_hand_out, left_behind
from cluster.runs.home import clear
from harness.cluster import Cluster

AWAY = 60.0
"""Seconds."""
LEASE = Duration(150)
"""Renewed every 50 s: in the outage at least once, wherever it begins."""
SPEC = """
version: 1
seed: 1
tests:
- {{name: loss, protocol: udp, rate: 2 Mbit/s, direction: forward, duration: {duration}, warm-up: 500ms,
   accept: ["loss <= 20 %"]}}
"""


@dataclass
class Outage:
    """Begins when every run is where it wants to meet it."""

    cluster: Cluster
    runs: int
    _begun: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._ready, self._all_there = asyncio.Barrier(self.runs), asyncio.Barrier(self.runs + 1)

    async def others_ready(self) -> None:
        """Returns when each run has only its traffic left before it is there, if it wants any to go on."""
        await self._ready.wait()

    async def met(self) -> None:
        """Returns when the API server is away."""
        await self._all_there.wait()
        await self._begun.wait()

    async def passes(self) -> None:
        await self._all_there.wait()
        self.cluster.stop_apiserver()
        try:
            self._begun.set()
            await asyncio.sleep(AWAY)
        finally:
            await asyncio.to_thread(self.cluster.start_apiserver)


@dataclass(frozen=True)
class Phase:
    """Where a run meets the outage."""

    meeting: Callable[[Outage, Campaign, str], Awaitable[None]]
    """Measures; the run is removed when it returns."""
    seconds: int
    """How long it measures."""


async def under_way(outage: Outage, run: Campaign, namespace: str) -> None:
    await outage.others_ready()
    measured = asyncio.create_task(run.measure_all())
    await asyncio.to_thread(await_hand_out, outage.cluster, namespace)
    await outage.met()
    await measured


async def before_hand_out(outage: Outage, run: Campaign, namespace: str) -> None:
    await outage.others_ready()
    await outage.met()
    await run.measure_all()


async def before_removal(outage: Outage, run: Campaign, namespace: str) -> None:
    await run.measure_all()
    await outage.others_ready()
    await outage.met()


PHASES: Mapping[str, Phase] = {
    "in-a-round": Phase(under_way, 75),
    "results-due": Phase(under_way, 15),
    "hand-out": Phase(before_hand_out, 2),
    "removal": Phase(before_removal, 2),
}
"""A round of 75 s is under way before the outage and after it; one of 15 s ends in it."""


async def ran(outage: Outage, name: str, folder: Path) -> Record:
    """A run in a namespace of its own, with the watchers of a run, to its end."""
    phase, cluster = PHASES[name], outage.cluster
    options = KubernetesOptions(Access(cluster.kubeconfig), namespace=name, lease=LEASE, beside_others=True)
    site = KubernetesSite(options, log=lambda finding: None)
    job = await begin(read_spec(SPEC.format(duration=f"{phase.seconds}s")), site, folder / name)
    async with measuring(job, site, cluster_watchers(options)) as run:
        await phase.meeting(outage, run, name)
    return run.record


@pytest.mark.fault(
    "api",
    "the API server is away for a minute: when a round is handed out, in it, when its results are due, when the lease"
    " is renewed, when the run is removed",
    "Nothing: all of that waits for it.",
)
async def test_runs_whose_api_server_is_away_for_a_minute_at_any_moment_are_accepted(
    equipped: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # That of a machine that is busy with other tests may answer too slowly for the brake.
    monkeypatch.setattr("clearway.watch.brake._SLOW", 60.0)
    clear(equipped)
    outage = Outage(equipped, len(PHASES))
    async with asyncio.TaskGroup() as group:
        group.create_task(outage.passes())
        runs = {name: group.create_task(ran(outage, name, tmp_path)) for name in PHASES}
    records = {name: run.result() for name, run in runs.items()}
    assert {name: judge(record).state for name, record in records.items()} == dict.fromkeys(PHASES, State.PASS)
    for name in ("in-a-round", "results-due"):
        first = [one.outcome for one in records[name].results if one.attempt == 1]
        assert first == [Outcome.MEASURED] * 2, name
    equipped.kubectl("wait", "--for=delete", *(f"namespace/{name}" for name in PHASES), "--timeout=60s", timeout=70)
    assert left_behind(equipped) == ""
