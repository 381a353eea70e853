"""Where a run stands, told by what its ledger appends: which round, how much of it, how long still."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import singledispatchmethod

from clearway.base.units import Duration, Rate
from clearway.probe.measurement import Tcp
from clearway.probe.metrics import THROUGHPUT
from clearway.probe.records import Half, Observation, Outcome, Probe, Result, Role, Round, Trial

_OVERHEAD = 2.0
"""Seconds that a round takes beyond its load, until the first one has shown it."""


@dataclass
class Tally:
    """Counts what happens. Instants are the controller's Unix seconds; `take` gets them from `now`."""

    expected: dict[str, float] | None = None
    """Rounds that are planned and not begun: id -> seconds of load and gap; None: nobody told."""
    round: Round | None = None
    """The one that runs."""
    begun: int = 0
    began_at: float = 0.0
    start: float | None = None
    """The instant of the running round; None until it is announced."""
    measured: int = 0
    """Halves of the running round."""
    void: int = 0
    carried: dict[str, Rate] = field(default_factory=dict)
    """Probe of the running round -> TCP throughput."""
    overheads: list[float] = field(default_factory=list)

    def expect(self, rounds: Iterable[Round], gap: Duration) -> None:
        """What is still to come, for the count and the time left."""
        self.expected = {round_.id: _load(round_) + gap.si for round_ in rounds}

    @singledispatchmethod
    def take(self, item: object, now: float) -> None:
        """Note one thing that the ledger appended; what says nothing about progress is passed over."""

    @take.register
    def _(self, item: Round, now: float) -> None:
        if self.round is not None:
            self.overheads.append(max(0.0, now - self.began_at - _load(self.round)))
        if self.expected is not None:
            self.expected.pop(item.id, None)
        self.round, self.began_at, self.start = item, now, None
        self.begun += 1
        self.measured = self.void = 0
        self.carried = {}

    @take.register
    def _(self, item: Observation, now: float) -> None:
        if item.kind == "round-start":
            self.start = item.at

    @take.register
    def _(self, item: Result, now: float) -> None:
        if self.round is None or item.round != self.round.id:
            return
        if item.outcome is not Outcome.MEASURED:
            self.void += 1
            return
        self.measured += 1
        if (rate := _throughput(self.round, item)) is not None:
            self.carried[item.probe] = rate

    @property
    def rounds(self) -> int | None:
        """Begun and still expected together; None if nobody told what to expect."""
        return None if self.expected is None else self.begun + len(self.expected)

    @property
    def total(self) -> Rate | None:
        """What the measured TCP probes of the running round carried together."""
        return Rate(sum(rate.si for rate in self.carried.values())) if self.carried else None

    def left(self, now: float) -> Duration | None:
        """Estimated time to the end of the last expected round; None if nobody told what to expect."""
        if self.expected is None:
            return None
        overhead = sum(self.overheads) / len(self.overheads) if self.overheads else _OVERHEAD
        running = max(0.0, self.began_at + _load(self.round) + overhead - now) if self.round else 0.0
        return Duration(running + sum(self.expected.values()) + overhead * len(self.expected))


def halves(round_: Round) -> int:
    """How many results a round brings."""
    return 2 * len(round_.probes)


def judged_pairs(round_: Round) -> int:
    return sum(probe.role is not Role.BACKGROUND for probe in round_.probes)


def _load(round_: Round) -> float:
    return max((probe.window.end.si for probe in round_.probes), default=0.0)


def _throughput(round_: Round, result: Result) -> Rate | None:
    probe = _probe(round_, result.probe)
    if probe is None or result.half is not Half.SERVE or not isinstance(result.measurement, Tcp):
        return None
    values = THROUGHPUT.read(Trial(probe, result.attempt, serve=result))
    mean = values.statistic("mean") if values is not None else None
    return None if mean is None else Rate(mean)


def _probe(round_: Round, name: str) -> Probe | None:
    return next((probe for probe in round_.probes if probe.id == name), None)
