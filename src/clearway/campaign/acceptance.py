"""One acceptance: inspect, plan, measure round after round until nothing is left to learn."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from clearway import __version__
from clearway.base.clock import Clock
from clearway.base.errors import ClearwayError, SiteError, UsageError
from clearway.campaign.next import next_round
from clearway.campaign.preflight import check_workers, rehearse
from clearway.ledger.files import FORMAT_VERSION, Manifest
from clearway.ledger.record import Record
from clearway.ledger.seal import SealReason
from clearway.ledger.write import Appended, Ledger, Listener
from clearway.plan.model import Plan, wanted_nodes
from clearway.plan.schedule import make_plan
from clearway.probe.observations import RUN_BRAKED, RUN_FINISHED, RUN_INTERRUPTED, ObservationKind
from clearway.probe.records import Inventory, Observation, Reason, Result, Round, Worker
from clearway.run.path_mtu import probe_path_mtus
from clearway.run.round import DispatchEstimate, run_round
from clearway.run.worker_pool import WorkerPool
from clearway.site.base import Site, WatchContext, Watcher
from clearway.spec.model import Spec

_READY = 180.0
"""Seconds for all workers to become ready: long enough to pull an image of 43 MB over a slow link. A worker that can't
start at all is reported by the site much earlier."""


@dataclass(frozen=True)
class Job:
    """A run directory that is ready to be worked on."""

    record: Record
    ledger: Ledger
    plan: Plan


async def begin(
    spec: Spec,
    site: Site,
    folder: Path,
    listeners: Sequence[Listener] = (),
    described: Mapping[str, str] = MappingProxyType({}),
) -> Job:
    """Inspect the site, plan, and open a new run directory, which has the seed that was drawn. Nothing is started.

    `described` are the files that say how the site is found again. Raises SiteError if no pair at all can be measured,
    UsageError, LedgerError.
    """
    inventory, spec = wanted_nodes(spec, await site.inspect()), spec.with_seed()
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
    record = Record(manifest=manifest, spec=spec, inventory=inventory, plan=plan.rounds, findings=plan.findings)
    return Job(record, Ledger.create(folder, record, listeners, described), plan)


async def resume(record: Record, site: Site, folder: Path, listeners: Sequence[Listener] = ()) -> Job:
    """Open the run directory that the record was read from: its run ended early.

    Raises SiteError, with what changed, if the nodes did.
    """
    _compare(record.inventory, wanted_nodes(record.spec, await site.inspect()))
    return Job(record, Ledger.reopen(folder, record, listeners), Plan(record.plan, record.findings))


class Aborted(SiteError):
    """The run was stopped to protect the cluster. What it measured stays."""


@asynccontextmanager
async def measuring(job: Job, site: Site, watchers: Sequence[Watcher] = ()) -> AsyncIterator[Campaign]:
    """The run with its workers ready and its watchers at work; where no round is left, nothing is started.

    On exit the workers are removed and the run is sealed, also after an error or a cancellation.
    Raises Aborted if a watcher stops the rounds, SiteError if the workers can't do what is planned.
    """
    run = Campaign(job, site)
    with job.ledger.lines.closing():
        if next_round(run.record) is None:
            job.ledger.lines.close()
            yield run
        else:
            async with _at_work(run, job, watchers):
                yield run


@asynccontextmanager
async def _at_work(run: Campaign, job: Job, watchers: Sequence[Watcher]) -> AsyncIterator[None]:
    """Inside, workers and watchers exist. How it ends is observed."""
    try:
        async with run.pool.working():
            await run.pool.gather_ready(_READY)
            check_workers(job.plan.probes, run.pool.ready)
            await probe_path_mtus(run.pool, job.plan.probes, job.record.spec.max_rate)
            async with run.watched(watchers):
                yield
    except Aborted as aborted:
        run.observe(RUN_BRAKED, {"code": aborted.code})
        raise
    except asyncio.CancelledError:
        if next_round(run.record) is not None:
            run.observe(RUN_INTERRUPTED)
        raise


class Campaign:
    """One run under way: its rounds, one after the other, and all that is known so far."""

    def __init__(self, job: Job, site: Site) -> None:
        self._live = LiveRecord(job.record)
        self.pool = WorkerPool(site, job.plan.slots, job.ledger.listening(self._live.take), Clock(), job.plan.services)
        self._watchers = AsyncExitStack()
        self._estimate = DispatchEstimate()

    @property
    def record(self) -> Record:
        return self._live.record

    async def rounds(self) -> AsyncIterator[Round]:
        """Each round to `measure`, until nothing is left to learn.

        At the end the watchers leave, and may add to the record, which is sealed then: the verdict can follow while the
        workers still exist.
        """
        round_ = next_round(self.record)
        if round_ is None:
            return
        while round_ is not None:
            yield round_
            round_ = next_round(self.record)
        await self._watchers.aclose()
        self.observe(RUN_FINISHED)
        self.pool.ledger.lines.close()

    async def measure_all(self) -> None:
        """All rounds, where the nodes need no preparation before any of them."""
        async for round_ in self.rounds():
            await self.measure(round_)

    async def measure(self, round_: Round) -> None:
        """Returns when both results of every probe of the round are in the ledger, and on the disk."""
        if self._estimate.rounds:
            await asyncio.sleep(self.record.spec.gap.si)
        await run_round(self.pool, round_, self._live.attempts(round_), self._estimate)
        self.pool.ledger.lines.seal(SealReason.ROUND)

    def observe(self, kind: ObservationKind, values: Mapping[str, object] = MappingProxyType({})) -> None:
        """Note something about the whole run."""
        self.pool.ledger.append(kind.seen(self.record.manifest.run, self.pool.clock.now(), values))

    @asynccontextmanager
    async def watched(self, watchers: Iterable[Watcher]) -> AsyncIterator[None]:
        """Inside, the watchers are at work until the rounds are over; they leave in reverse order."""
        stop = _Stop()
        nodes = frozenset(slot.node for slot in self.pool.slots)
        context = WatchContext(nodes, self.pool.clock, self.pool.ledger.append, stop.ask)
        async with self._watchers as stack:
            for watcher in watchers:
                await stack.enter_async_context(watcher.watching(context))
            stack.enter_context(stop.scope())
            yield


@dataclass
class _Stop:
    """Ends the rounds on a watcher's request: cancels the task that runs them, in the way of asyncio.timeout."""

    _reason: Reason | None = None
    _running: asyncio.Task[Any] | None = None

    def ask(self, reason: Reason) -> None:
        """The first reason counts. After the rounds a reason has no effect."""
        if self._reason is None:
            self._reason = reason
            if self._running is not None:
                self._running.cancel()

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Raises Aborted if a reason was given; a task that was also cancelled from outside stays cancelled."""
        task = asyncio.current_task()
        assert task is not None
        cancelled = task.cancelling()
        try:
            self._check()
            self._running = task
            yield
        except (asyncio.CancelledError, ClearwayError):
            if self._running is not None and self._reason is not None and task.uncancel() <= cancelled:
                self._check()
            raise
        finally:
            self._running = None

    def _check(self) -> None:
        if self._reason is not None:
            raise Aborted(self._reason.code, **self._reason.values)


class LiveRecord:
    """The record, updated by every append to the ledger, so that it is not read back after every round."""

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
