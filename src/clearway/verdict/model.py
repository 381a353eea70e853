"""The verdict tree: a run over tests over criteria over pairs."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from clearway.base.units import Quantity, Ratio
from clearway.probe.records import Finding, Pair, Reason
from clearway.spec.criteria import Criterion


class State(StrEnum):
    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    SKIPPED = "skipped"
    MEASURED = "measured"
    """There was nothing to judge against."""


class PairState(StrEnum):
    """Where one pair stands against one criterion."""

    HOLDS = "holds"
    BREAKS = "breaks"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class PairValue:
    """One pair (or, for `in total` and `per node`, one member) against one criterion."""

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
    """What the numbers stand for."""

    pairs: int
    """Pairs planned: the N of every share."""
    measured: int
    nodes: int
    """Nodes in the inventory."""
    nodes_covered: int
    """Nodes in at least one measured pair."""
    uncovered: tuple[str, ...] = ()
    """Names of the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A node of the tree: the run (children: tests), a test (children: criteria) or a criterion (leaf)."""

    name: str
    state: State
    criterion: Criterion | None = None
    pairs: tuple[PairValue, ...] = ()
    """Criterion only: every planned pair, worst first."""
    achieved: Quantity | None = None
    """Criterion only: the limit that would just have passed at the asked share."""
    share: Ratio | None = None
    """Criterion only: share of pairs that hold."""
    coverage: Coverage | None = None
    findings: tuple[Finding, ...] = ()
    reasons: tuple[Reason, ...] = ()
    """Why it is skipped or inconclusive as a whole."""
    children: tuple[Verdict, ...] = field(default=())

    def count(self, standing: PairState) -> int:
        return sum(pair.standing is standing for pair in self.pairs)
