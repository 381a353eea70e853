"""A run as it was read back from its directory: all that was planned, tried and measured. Needs no site."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from clearway.ledger.files import Manifest
from clearway.ledger.seal import Wholeness
from clearway.probe.observations import ObservationKind
from clearway.probe.records import (
    Finding,
    Half,
    Inventory,
    Observation,
    Probe,
    Result,
    Round,
    Slot,
    Trial,
    Worker,
)
from clearway.spec.model import Spec

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Record:
    manifest: Manifest
    spec: Spec
    inventory: Inventory
    plan: tuple[Round, ...]
    """All planned rounds, written before the first traffic: the N of a verdict comes from here alone."""
    findings: tuple[Finding, ...] = ()
    """What the plan says of this inventory: zones, nodes left out, pairs that no criterion judges."""
    rounds: tuple[Round, ...] = ()
    """Rounds handed out so far, in order."""
    results: tuple[Result, ...] = ()
    workers: tuple[Worker, ...] = ()
    """Latest announcement of each worker."""
    observations: tuple[Observation, ...] = ()
    wholeness: Wholeness | None = field(default=None, compare=False)
    """What its files show about themselves; None of a run of format 1, and of one that was not read from files."""

    @cached_property
    def trials(self) -> tuple[Trial, ...]:
        """Every attempt at every probe of every round handed out, in order of hand-out."""
        found = {(r.round, r.probe, r.half): r for r in self.results}
        attempts: Counter[str] = Counter()
        trials = []
        for round_ in self.rounds:
            for probe in round_.probes:
                attempts[probe.id] += 1
                serve, send = (found.get((round_.id, probe.id, half)) for half in (Half.SERVE, Half.SEND))
                trials.append(Trial(probe, attempts[probe.id], serve, send, round_.id))
        return tuple(trials)

    @cached_property
    def halves(self) -> tuple[tuple[Result, Probe, Slot], ...]:
        """Every result with its probe and the place of the worker that it came from."""
        probes = {probe.id: probe for round_ in self.rounds for probe in round_.probes}
        known = ((result, probes[result.probe]) for result in self.results if result.probe in probes)
        return tuple((one, probe, probe.server if one.half is Half.SERVE else probe.client) for one, probe in known)

    def derived(self, make: Callable[[Record], T]) -> T:
        """What `make` makes of this record, made once: verdict, diagnosis and report ask the same of its attempts."""
        if make not in self._derived:
            self._derived[make] = make(self)
        found: T = self._derived[make]
        return found

    @cached_property
    def _derived(self) -> dict[Callable[[Record], Any], Any]:
        return {}

    def observed(self, kind: ObservationKind) -> Iterator[Observation]:
        """The observations of one kind."""
        return (seen for seen in self.observations if seen.kind == kind.name)
