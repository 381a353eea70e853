"""What is going to be measured, in which order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from clearway.base.units import Rate
from clearway.probe.records import Finding, Pair, Probe, Role, Round, Slot


@dataclass(frozen=True, slots=True)
class Links:
    """Rate of each node's link; None where it is unknown."""

    rates: Mapping[str, Rate | None]

    def between(self, pair: Pair) -> Rate | None:
        """The slower of both ends' links; None unless both are known."""
        ends = [self.rates[slot.node] for slot in pair]
        known = [rate for rate in ends if rate is not None]
        return min(known) if len(known) == len(ends) else None

    @property
    def unknown(self) -> tuple[str, ...]:
        return tuple(name for name, rate in self.rates.items() if rate is None)


@dataclass(frozen=True, slots=True)
class Plan:
    rounds: tuple[Round, ...]
    findings: tuple[Finding, ...] = ()
    """What a reader has to know about it: zones, nodes left out, rates above the link."""

    @property
    def probes(self) -> Iterator[Probe]:
        return (probe for round_ in self.rounds for probe in round_.probes)

    @property
    def slots(self) -> tuple[Slot, ...]:
        """Every worker that has to be started, sorted."""
        return tuple(sorted({slot for probe in self.probes for slot in probe.pair}))

    def pairs(self, test: str, role: Role = Role.JUDGED) -> tuple[Pair, ...]:
        """The distinct pairs of a test that are judged (or have that other role), in order of measuring."""
        mine = (probe for probe in self.probes if probe.test == test and probe.role is role)
        return tuple(dict.fromkeys(probe.pair for probe in mine))
