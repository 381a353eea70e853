"""clearway's whole flow on a lab whose truth is known, with a hand on the lab while it runs."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from clearway.base.clock import Clock
from clearway.campaign.acceptance import begin, measuring
from clearway.ledger.record import Record
from clearway.ledger.write import Appended
from clearway.probe.paths import NO_SERVICES, WantedServices
from clearway.probe.records import Observation, Pair, Result, Round, Slot, Trial
from clearway.site.lab.control import Ran
from clearway.site.lab.model import LabSpec
from clearway.site.lab.site import LabSite
from clearway.site.lab.topology import Addresses
from clearway.spec.load import read_spec
from clearway.verdict.trials import TrialIndex


@dataclass(frozen=True)
class Moment:
    """A round of the run, as an action beside it sees it."""

    number: int
    """Counts from 0 in the order of the rounds."""
    round: Round
    instant: float
    """When its probes begin, Unix seconds."""


Question = tuple[str | None, tuple[str, ...]]
Action = Callable[["WitnessedLab", Moment], Coroutine[None, None, None]]


_ENDLESS = 3600.0
"""Seconds, longer than any lab lives."""


class WitnessedLab(LabSite):
    """A lab that is asked for its own counters before it is taken down, and waits for what is done beside a run.

    `questions` are commands and the nodes to run them on; what they print is in `answers` once the lab has stopped.
    """

    def __init__(self, lab: LabSpec, questions: Sequence[Question] = ()) -> None:
        super().__init__(lab, log=lambda finding: None)
        self.lab = lab
        self._questions = questions
        self._started = False
        self._beside: list[asyncio.Task[None]] = []
        self._endless: list[asyncio.Task[Ran]] = []
        self.answers: dict[Question, str] = {}

    async def start(self, slots: Sequence[Slot], services: WantedServices = NO_SERVICES) -> None:
        await super().start(slots, services)
        self._started = True

    async def stop(self) -> None:
        try:
            await asyncio.gather(*self._beside, return_exceptions=True)
            if self._started:
                self._started = False
                self.answers = {asked: await self.told(*asked) for asked in self._questions}
        finally:
            for task in self._endless:
                task.cancel()
            await super().stop()

    def accompany(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Do this beside the run; the lab lives until it is over."""
        task = asyncio.ensure_future(work)
        self._beside.append(task)
        return task

    def leave_running(self, script: str) -> None:
        """A shell script in the fabric that the lab's end ends."""
        self._endless.append(asyncio.ensure_future(self.execute(None, ("sh", "-c", script), timeout=_ENDLESS)))

    def raise_what_failed_beside(self) -> None:
        for task in self._beside:
            task.result()

    def address(self, node: str) -> str:
        return next(Addresses(self.lab.ip).of(one) for one in self.lab.resolved() if one.name == node)

    async def told(self, node: str | None, argv: Sequence[str], *, text: str = "", timeout: float = 30.0) -> str:
        """What a command on a node (None: in the fabric) printed. Raises AssertionError if it failed."""
        ran = await self.execute(node, argv, text=text, timeout=timeout)
        assert ran.exit == 0, (argv, ran)
        return ran.stdout


@dataclass
class Beside:
    """Listens to the ledger and acts on the lab: as each round is announced, and after its last result."""

    site: WitnessedLab
    as_begun: Action | None = None
    as_over: Action | None = None
    _rounds: list[Round] = field(default_factory=list)
    _results: Counter[str] = field(default_factory=Counter)
    _instants: dict[str, float] = field(default_factory=dict)
    _between: asyncio.Task[None] | None = None

    def take(self, item: Appended) -> None:
        if isinstance(item, Round):
            assert self._between is None or self._between.done(), "what runs between rounds outlasts the spec's gap"
            self._rounds.append(item)
        elif isinstance(item, Observation) and item.kind == "round-start":
            self._instants[item.subject] = item.at
            self._act(self.as_begun)
        elif isinstance(item, Result):
            self._results[item.round] += 1
            if self._results[item.round] == 2 * len(self._rounds[-1].probes):
                self._between = self._act(self.as_over)

    def _act(self, action: Action | None) -> asyncio.Task[None] | None:
        if action is None:
            return None
        moment = Moment(len(self._rounds) - 1, self._rounds[-1], self._instants[self._rounds[-1].id])
        return self.site.accompany(action(self.site, moment))


def measured_trials(record: Record) -> list[Trial]:
    """The judged trials that count, in the order of the rounds. Raises AssertionError if a pair has too few."""
    index, counted = TrialIndex(record), []
    for test in record.spec.tests:
        for pair in index.pairs(test.name):
            good = index.measured(test.name, pair)
            assert len(good) >= test.repeats.min, (test.name, pair, _what_happened(index, test.name, pair))
            counted += good
    return sorted(counted, key=lambda trial: [round_.id for round_ in record.rounds].index(trial.round or ""))


def _what_happened(index: TrialIndex, test: str, pair: Pair) -> list[tuple[object, ...]]:
    halves = [(trial, half) for trial in index.attempts[test, pair] for half in trial.halves]
    return [(half.outcome.value, half.reason, index.faults(trial)) for trial, half in halves]


async def wait_until(instant: float) -> None:
    """Return at a Unix time, or at once if it has passed."""
    await asyncio.sleep(max(0.0, Clock().until(instant)))


async def accepted(folder: Path, spec: str, site: WitnessedLab, beside: Beside | None = None) -> Record:
    """Carry out a whole acceptance on the lab and return its record, with all that was done beside it over."""
    job = await begin(read_spec(spec), site, folder, [beside.take] if beside else [])
    async with measuring(job, site) as run:
        await run.measure_all()
    site.raise_what_failed_beside()
    return run.record
