"""One acceptance: inspect, plan, then round after round until nothing is left to learn."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from clearway import __version__
from clearway.base.clock import Clock
from clearway.base.errors import SiteError, UsageError
from clearway.campaign.next import next_round
from clearway.campaign.preflight import check_workers, rehearse
from clearway.ledger.read import read_run
from clearway.ledger.record import FORMAT_VERSION, Manifest, Record
from clearway.ledger.write import Appended, Ledger, Listener
from clearway.plan.model import Plan
from clearway.plan.schedule import make_plan
from clearway.probe.records import Inventory, Observation, Reason, Result, Round, Worker
from clearway.run.round import DispatchEstimate, run_round
from clearway.run.worker_pool import WorkerPool
from clearway.site.base import Site
from clearway.site.watcher import WatchContext, Watcher
from clearway.spec.model import Spec

_READY = 180.0
"""Seconds for all workers to become ready: long enough to pull an image. A site tells sooner who won't come."""


@dataclass(frozen=True)
class Job:
    """A run directory that is ready to be worked on."""

    record: Record
    ledger: Ledger
    plan: Plan


async def begin(spec: Spec, site: Site, folder: Path, listeners: Sequence[Listener] = ()) -> Job:
    """Inspect the site, plan, and open a new run directory. Nothing is started.

    Raises SiteError if no pair at all can be measured, UsageError, LedgerError.
    """
    inventory = await site.inspect()
    plan = make_plan(spec, inventory)
    if not plan.rounds:
        raise SiteError("plan.nothing-to-measure", nodes=len(inventory.nodes))
    rehearse(plan.rounds)
    manifest = Manifest(
        run=f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(3)}",
        format=FORMAT_VERSION,
        version=__version__,
        started=time.time(),
        site=inventory.site,
    )
    ledger = Ledger.create(folder, manifest, spec, inventory, listeners)
    ledger.plan(plan.rounds)
    record = Record(manifest=manifest, spec=spec, inventory=inventory, plan=plan.rounds)
    return Job(record, ledger, plan)


async def resume(site: Site, folder: Path, listeners: Sequence[Listener] = ()) -> Job:
    """Take up a run that ended early. Raises SiteError saying what changed if the nodes are not the same."""
    ledger = Ledger.reopen(folder, listeners)
    record = read_run(folder)
    _compare(record.inventory, await site.inspect())
    return Job(record, ledger, Plan(record.plan))


class Aborted(SiteError):
    """The run was stopped for the cluster's sake. What it measured stays."""


def _waits() -> None:
    """Whoever has nothing to do before the workers are gone."""


Before = Callable[[Round], Awaitable[None]]
"""Brings the nodes into the state that a round is to be measured in. Raises SiteError."""


async def _as_they_are(_: Round) -> None:
    """Nothing is done to the nodes."""


async def run_rounds(
    job: Job,
    site: Site,
    clock: Clock,
    watchers: Sequence[Watcher] = (),
    finished: Callable[[], None] = _waits,
    before: Before = _as_they_are,
) -> Record:
    """Run rounds until the run is over, in the watchers' company; returns all that is known then. Raises Braked.

    `finished` is called when the last round is in the ledger: the verdict need not wait until the workers are removed.
    A cancelled run has stopped its workers before the CancelledError leaves; what it measured is in the ledger.
    """
    live = LiveRecord(job.record)
    ledger = Ledger(job.ledger.folder, (live.take, *job.ledger.listeners))
    if next_round(live.record) is None:
        finished()
        return live.record
    try:
        async with WorkerPool(site, job.plan.slots, ledger, clock) as pool:
            await pool.gather_ready(_READY)
            check_workers(job.plan.probes, pool.ready)
            await _accompanied(_loop(pool, live, before), watchers, pool)
            ledger.append(Observation("run-finished", live.record.manifest.run, clock.now()))
            finished()
    except Aborted as braked:
        ledger.append(Observation("run-braked", live.record.manifest.run, clock.now(), {"code": braked.code}))
        raise
    except asyncio.CancelledError:
        if next_round(live.record) is not None:
            ledger.append(Observation("run-interrupted", live.record.manifest.run, clock.now()))
        raise
    return live.record


async def _accompanied(rounds: Coroutine[Any, Any, None], watchers: Sequence[Watcher], pool: WorkerPool) -> None:
    """The rounds with everybody who goes along; whoever came last leaves first."""
    stopped: asyncio.Future[Reason] = asyncio.get_running_loop().create_future()

    def stop(reason: Reason) -> None:
        if not stopped.done():
            stopped.set_result(reason)

    scene = WatchContext(frozenset(slot.node for slot in pool.slots), pool.clock, pool.ledger.append, stop)
    async with AsyncExitStack() as company:
        for watcher in watchers:
            await company.enter_async_context(watcher.watching(scene))
        await _until_stopped(rounds, stopped)


async def _until_stopped(rounds: Coroutine[Any, Any, None], stopped: asyncio.Future[Reason]) -> None:
    """The rounds, cancelled if a watcher stops them: that empties the mailboxes. Raises Braked."""
    running = asyncio.create_task(rounds)
    try:
        await asyncio.wait((running, stopped), return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
            return
        reason = stopped.result()
        raise Aborted(reason.code, **reason.values)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def _loop(pool: WorkerPool, live: LiveRecord, before: Before) -> None:
    estimate = DispatchEstimate()
    while (round_ := next_round(live.record)) is not None:
        try:
            await before(round_)
        except SiteError as error:
            raise Aborted(error.code, **error.values) from error
        if estimate.rounds:
            await asyncio.sleep(live.record.spec.gap.si)
        await run_round(pool, round_, live.attempts(round_), estimate)


class LiveRecord:
    """Listens to the ledger and keeps the record, so that it need not be read back after every round."""

    def __init__(self, record: Record) -> None:
        self._base = record
        self._rounds: list[Round] = list(record.rounds)
        self._results: list[Result] = list(record.results)
        self._workers = {worker.slot: worker for worker in record.workers}
        self._observations: list[Observation] = list(record.observations)

    def take(self, item: Appended) -> None:
        if isinstance(item, Round):
            self._rounds.append(item)
        elif isinstance(item, Result):
            self._results.append(item)
        elif isinstance(item, Worker):
            self._workers[item.slot] = item
        else:
            self._observations.append(item)

    @property
    def record(self) -> Record:
        return replace(
            self._base,
            rounds=tuple(self._rounds),
            results=tuple(self._results),
            workers=tuple(self._workers.values()),
            observations=tuple(self._observations),
        )

    def attempts(self, round_: Round) -> dict[str, int]:
        """The number of the attempt that this round will be for each of its probes."""
        made = Counter(probe.id for earlier in self._rounds for probe in earlier.probes)
        return {probe.id: made[probe.id] + 1 for probe in round_.probes}


def _compare(before: Inventory, now: Inventory) -> None:
    if before.site != now.site:
        raise UsageError("resume.other-site", before=before.site, now=now.site)
    old, new = ({node.name: node for node in inventory.nodes} for inventory in (before, now))
    gone, come = sorted(old.keys() - new.keys()), sorted(new.keys() - old.keys())
    changed = sorted(name for name in old.keys() & new.keys() if old[name] != new[name])
    if gone or come or changed:
        raise SiteError("resume.nodes-changed", gone=tuple(gone), come=tuple(come), changed=tuple(changed))
