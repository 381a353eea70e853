"""The verdict in three records: on a run, on its tests, on their criteria."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from clearway.base.units import Quantity, Ratio
from clearway.probe.codec import Codec, of_enum
from clearway.probe.records import Finding, Pair, Reason
from clearway.spec.criteria import Criterion


class State(StrEnum):
    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    MEASURED = "measured"
    """There was nothing to judge against."""

    @classmethod
    def codec(cls) -> Codec[State]:
        """The published schema of the report also lists `skipped`, a state that no run ever had."""
        return of_enum(cls, ("pass", "fail", "inconclusive", "skipped", "measured"))


class PairState(StrEnum):
    """Where one pair stands against one criterion."""

    HOLDS = "holds"
    BREAKS = "breaks"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class PairValue:
    """One pair (or, for `in total` and `per node`, one group of pairs) against one criterion."""

    subject: Pair | str
    """Sender and receiver, or a node's name, or `total`."""
    standing: PairState
    limit: Quantity | None
    """The limit in force for this pair (`90 % of link` differs by pair); None if it can't be known."""
    value: Quantity | None = None
    """Median of the repeats; None if nothing was measured."""
    low: Quantity | None = None
    high: Quantity | None = None
    """The interval that was judged: with one repeat, the value itself."""
    repeats: int = 0
    """Measured repeats behind the value."""
    reasons: tuple[Reason, ...] = ()
    """Why it breaks or is undecided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How much of the plan and of the nodes the numbers cover."""

    pairs: int
    """Pairs planned: the N of every share."""
    measured: int
    nodes: int
    """Nodes in the inventory."""
    nodes_covered: int
    """Nodes in at least one measured pair."""
    uncovered: tuple[str, ...]
    """Names of the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionVerdict:
    criterion: Criterion
    state: State
    pairs: tuple[PairValue, ...]
    """Every planned pair, worst first."""
    achieved: Quantity | None = None
    """The limit that would just have passed at the asked share."""
    share: Ratio | None = None
    """Share of pairs that hold."""

    def count(self, standing: PairState) -> int:
        return sum(pair.standing is standing for pair in self.pairs)


@dataclass(frozen=True, slots=True, kw_only=True)
class TestVerdict:
    name: str
    state: State
    coverage: Coverage
    criteria: tuple[CriterionVerdict, ...] = ()
    reasons: tuple[Reason, ...] = ()
    """Why it is inconclusive as a whole."""
    notes: tuple[Reason, ...] = ()
    """What a reader of its figures has to know; from `diagnose`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunVerdict:
    name: str
    state: State
    coverage: Coverage
    tests: tuple[TestVerdict, ...]
    findings: tuple[Finding, ...] = ()
    """What happened around the measurement, by the plan and the record; from `diagnose`."""

    @property
    def criteria(self) -> tuple[CriterionVerdict, ...]:
        """Those of all tests."""
        return tuple(criterion for test in self.tests for criterion in test.criteria)
