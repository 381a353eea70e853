"""A run as it was read back: all that was planned, tried and measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from clearway.probe.observations import ObservationKind
from clearway.probe.records import Finding, Half, Inventory, Observation, Probe, Result, Round, Slot, Trial, Worker
from clearway.spec.model import Spec

FORMAT_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class Manifest:
    run: str
    """Run id."""
    format: int
    version: str
    """Of clearway."""
    started: float
    """Unix seconds."""
    site: str


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

    def observed(self, kind: ObservationKind) -> Iterator[Observation]:
        """The observations of one kind."""
        return (seen for seen in self.observations if seen.kind == kind.name)
