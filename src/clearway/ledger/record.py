"""A run as it was read back from its directory: all that was planned, tried and measured. Needs no site."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from clearway.base.units import Size
from clearway.ledger.files import Manifest
from clearway.ledger.seal import Wholeness
from clearway.probe.observations import ObservationKind
from clearway.probe.path_mtu import Road, RoadMtu, road_mtus
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
                mtu = self._mtus.get((*probe.pair, probe.family))
                trials.append(Trial(probe, attempts[probe.id], serve, send, round_.id, path_mtu=mtu))
        return tuple(trials)

    @cached_property
    def road_mtus(self) -> Mapping[Road, RoadMtu]:
        """What was found of each road's largest packet, before the first round."""
        return road_mtus(self.observations)

    @cached_property
    def _mtus(self) -> Mapping[tuple[Slot, Slot, str | None], Size | None]:
        """The largest packet by road. None stands for a probe that names no family: the least of all."""
        found: dict[tuple[Slot, Slot, str | None], list[Size | None]] = {}
        for (sender, receiver, family), road in self.road_mtus.items():
            for key in (family, None):
                found.setdefault((sender, receiver, key), []).append(road.mtu)
        return {key: _least(mtus) for key, mtus in found.items()}

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


def _least(mtus: Sequence[Size | None]) -> Size | None:
    """None if one is not known."""
    known = [mtu for mtu in mtus if mtu is not None]
    return min(known) if len(known) == len(mtus) else None
