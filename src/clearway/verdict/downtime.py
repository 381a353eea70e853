"""When nodes were broken on purpose, or no members of the cluster, by the observations; and what that disturbed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from clearway.base.units import Duration
from clearway.ledger.record import Record
from clearway.plan.model import broken_during
from clearway.probe.observations import (
    CHAOS_BACK,
    CHAOS_BREAKING,
    CHAOS_BROKEN,
    CHAOS_PUTTING_BACK,
    NODE_CORDONED,
    NODE_LEFT,
    NODE_REPLACED,
    NODE_UNCORDONED,
    ROUND_START,
)
from clearway.probe.records import Observation, Reason, Trial
from clearway.spec.model import Test


@dataclass(frozen=True, slots=True)
class Downtime:
    """One node, broken once. Instants are Unix seconds on the controller's clock; None: it has not happened."""

    node: str
    kind: str
    began: float
    fuse: Duration
    """After this time the node repairs itself."""
    seen: float | None = None
    putting_back: float | None = None
    back: float | None = None
    """When it was seen to work again."""

    def overlaps(self, start: float, end: float) -> bool:
        return self.began < end and (self.back is None or self.back > start)

    def covers(self, start: float, end: float) -> bool:
        """Whether it was seen broken before the start, and its repair had not begun by the end."""
        ends = [self.began + self.fuse.si, *(one for one in (self.putting_back, self.back) if one is not None)]
        return self.seen is not None and self.seen <= start and end <= min(ends)


def downtimes(observations: Iterable[Observation]) -> tuple[Downtime, ...]:
    """All of them, in the order in which they began."""
    found: list[Downtime] = []
    for seen in observations:
        if seen.kind == CHAOS_BREAKING.name:
            found.append(Downtime(seen.subject, seen.values["kind"], seen.at, seen.values["fuse"]))
            continue
        index = next((n for n in reversed(range(len(found))) if found[n].node == seen.subject), None)
        if index is not None and (change := _CHANGES.get(seen.kind)) is not None:
            found[index] = change(found[index], seen.at)
    return tuple(found)


_CHANGES: Mapping[str, Callable[[Downtime, float], Downtime]] = {
    CHAOS_BROKEN.name: lambda one, at: replace(one, seen=at),
    CHAOS_PUTTING_BACK.name: lambda one, at: replace(one, putting_back=one.putting_back or at),
    CHAOS_BACK.name: lambda one, at: replace(one, back=at),
}


_ABSENCE_BEGINS = (NODE_LEFT.name, NODE_REPLACED.name, NODE_CORDONED.name)


@dataclass(frozen=True, slots=True)
class Absence:
    """From when no claim is made about a node. Instants are Unix seconds on the controller's clock."""

    node: str
    kind: str
    """Name of the kind of observation."""
    began: float
    ended: float = math.inf

    def overlaps(self, start: float, end: float) -> bool:
        return self.began < end and start < self.ended


def absences(observations: Iterable[Observation]) -> tuple[Absence, ...]:
    """In the order in which they began. Only a node that was cordoned comes back: one that left is another one then."""
    found: list[Absence] = []
    for seen in observations:
        if seen.kind in _ABSENCE_BEGINS:
            found.append(Absence(seen.subject, seen.kind, seen.at))
        elif seen.kind == NODE_UNCORDONED.name:
            found = [_ended(one, seen) for one in found]
    return tuple(found)


def _ended(absence: Absence, seen: Observation) -> Absence:
    if absence.kind != NODE_CORDONED.name or absence.node != seen.subject or absence.ended < math.inf:
        return absence
    return Absence(absence.node, absence.kind, absence.began, seen.at)


@dataclass(frozen=True)
class Disturbances:
    """Which measurements of a run count for nothing because of their nodes: broken, or not in the cluster."""

    record: Record

    def of(self, trial: Trial) -> tuple[Reason, ...]:
        """Why this attempt counts for nothing: one of its nodes was broken or had left, or nodes that had to be broken
        were not.
        """
        if not (self.downtimes or self._wanted or self.absences):
            return ()
        test, instant = self._tests[trial.probe.test], self._instants.get(trial.round or "")
        if instant is None:
            return ()
        window = instant, instant + trial.probe.window.end.si
        return (*self._own(trial, test, window), *self._absent(trial, window), *self._whole(trial, window))

    def is_over(self, trial: Trial) -> bool:
        """Whether another attempt at its pair would count for nothing either: one of the nodes has left."""
        return any(one.ended == math.inf for one in self._absences_of(trial))

    @cached_property
    def downtimes(self) -> tuple[Downtime, ...]:
        return downtimes(self.record.observations)

    @cached_property
    def absences(self) -> tuple[Absence, ...]:
        return absences(self.record.observations)

    def _absences_of(self, trial: Trial) -> Iterator[Absence]:
        nodes = {slot.node for slot in trial.probe.pair}
        return (one for one in self.absences if one.node in nodes)

    def _absent(self, trial: Trial, window: tuple[float, float]) -> Iterator[Reason]:
        for absence in self._absences_of(trial):
            if absence.overlaps(*window):
                yield Reason(f"verdict.{absence.kind}", {"node": absence.node})

    def overlapping(self, trial: Trial) -> Iterator[Downtime]:
        """The downtimes of its own nodes during the attempt."""
        instant = self._instants.get(trial.round or "") if self.downtimes else None
        if instant is not None:
            nodes, end = {slot.node for slot in trial.probe.pair}, instant + trial.probe.window.end.si
            yield from (one for one in self.downtimes if one.node in nodes and one.overlaps(instant, end))

    def _own(self, trial: Trial, test: Test, window: tuple[float, float]) -> Iterator[Reason]:
        for downtime in self.overlapping(trial):
            if not (test.when == "recovered" and window[0] >= self._recovered(downtime)):
                yield Reason("verdict.node-was-broken", {"node": downtime.node})

    def _recovered(self, downtime: Downtime) -> float:
        """When the node counts as repaired, whether it was seen to work or not."""
        chaos = self.record.spec.chaos
        if chaos is None or downtime.putting_back is None:
            return math.inf
        return downtime.putting_back + chaos.recovery.si

    def _whole(self, trial: Trial, window: tuple[float, float]) -> Iterator[Reason]:
        wanted = self._wanted.get(trial.probe.test, ())
        broken = {one.node for one in self.downtimes if one.covers(*window)}
        if missing := tuple(node for node in wanted if node not in broken):
            yield Reason("verdict.nodes-were-whole", {"nodes": missing, "count": len(missing)})

    @cached_property
    def _tests(self) -> Mapping[str, Test]:
        return {test.name: test for test in self.record.spec.tests}

    @cached_property
    def _wanted(self) -> Mapping[str, tuple[str, ...]]:
        return broken_during(self.record.spec, self.record.inventory)

    @cached_property
    def _instants(self) -> Mapping[str, float]:
        """The common start of each round."""
        return {seen.subject: seen.at for seen in self.record.observed(ROUND_START)}
