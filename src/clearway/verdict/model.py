"""The verdict in three records: on a run, on its tests, on their criteria."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from clearway.base.units import Quantity, Ratio
from clearway.probe.codec import Codec, of_enum
from clearway.probe.records import Finding, Pair, Reason
from clearway.spec.criteria import Criterion
from clearway.verdict.suspect import Suspect


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
    """Of all repeats together; None if nothing was measured."""
    low: Quantity | None = None
    high: Quantity | None = None
    """The interval that was judged."""
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
class Roads:
    """Roads of one kind: ordered pairs of nodes on different machines."""

    total: int
    """All that the network has."""
    judged: int
    """Those with a value, or with a proof that they are dead, in every test that judges them."""
    shown: int
    """Those that were measured and are shown, not judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictScope:
    """What part of the network a verdict is about."""

    same_zone: Roads
    cross_zone: Roads
    """Roads whose ends are not known to be in one zone."""
    nodes: int
    nodes_covered: int
    """Nodes at an end of a judged pair."""

    @property
    def total(self) -> int:
        return self.same_zone.total + self.cross_zone.total

    @property
    def judged(self) -> int:
        return self.same_zone.judged + self.cross_zone.judged

    @property
    def shown(self) -> int:
        return self.same_zone.shown + self.cross_zone.shown


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionVerdict:
    criterion: Criterion
    state: State
    pairs: tuple[PairValue, ...]
    """Every planned pair, worst first."""
    achieved: Quantity | None = None
    """What the asked share of the pairs reached."""
    share: Ratio | None = None
    """Share of pairs that hold."""

    def count(self, standing: PairState) -> int:
        return sum(pair.standing is standing for pair in self.pairs)


@dataclass(frozen=True, slots=True, kw_only=True)
class StandOut:
    """Pairs of one passed criterion that a reader of the acceptance has to know."""

    test: str
    criterion: Criterion
    breaking: bool
    """They break the limit, and the criterion's share allows it; else they hold, far from the other pairs."""
    pairs: tuple[PairValue, ...]
    """Worst first."""
    of: int
    """Pairs that the criterion counts."""
    median: Quantity | None
    """Of all its pairs, the lower of two in the middle; None if none has a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TestVerdict:
    name: str
    state: State
    coverage: Coverage
    scope: VerdictScope
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
    scope: VerdictScope
    """Of all tests together."""
    tests: tuple[TestVerdict, ...]
    findings: tuple[Finding, ...] = ()
    """What happened around the measurement, by the plan and the record; from `diagnose`."""
    stand_outs: tuple[StandOut, ...] = ()
    """Of an accepted run; from `diagnose`."""
    suspects: tuple[Suspect, ...] = ()
    """Where the fault lies that makes pairs worse than the rest, the strongest first; from `diagnose`."""

    @property
    def criteria(self) -> tuple[CriterionVerdict, ...]:
        """Those of all tests."""
        return tuple(criterion for test in self.tests for criterion in test.criteria)
