"""Two runs side by side, figure by figure: the first is what the second is measured against.

Pairs are matched by the names of their nodes. Where no pair of a test was measured in both runs, the medians over
all pairs stand beside each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from clearway.base.units import Count, Quantity, Ratio
from clearway.diagnose.figures import Figure, PairFigures, pair_figures, shown_figures
from clearway.ledger.record import Record
from clearway.probe.metrics import Better
from clearway.probe.records import Pair
from clearway.spec.model import Test

_ONLY_JUDGED = {"accept", "repeats", "name"}
"""Fields of a test that change nothing of how a pair is measured."""


@dataclass(frozen=True, slots=True)
class Change:
    """One figure in both runs, of one pair or (None) the median over the pairs compared."""

    test: str
    figure: Figure
    pair: Pair | None
    first: Quantity
    second: Quantity

    @property
    def share(self) -> Ratio | None:
        """How much worse the second run is, as a share of the first; below 0 it is better.

        None for counts and shares (retransmits, loss): they are near 0, where chance alone doubles them.
        """
        if isinstance(self.first, Count | Ratio) or self.first.si == 0:
            return None
        change = self.second.over(self.first) - 1
        return Ratio(-change if self.figure.metric.better is Better.HIGHER else change)


@dataclass(frozen=True, slots=True)
class TestComparison:
    """One test in both runs."""

    test: str
    differing: tuple[str, ...]
    """Fields, as a spec writes them, in which the two tests of this name did not do the same."""
    common: int
    """Pairs that were measured in both runs."""
    known: int
    """Pairs that were measured in one of them."""
    changes: tuple[Change, ...]
    """By figure: the median first, then each pair."""


def compare(first: Record, second: Record) -> tuple[TestComparison, ...]:
    """Every test of the first run that has a test of the same name and protocol in the second."""
    others = {test.name: test for test in second.spec.tests}
    found = ((test, others.get(test.name)) for test in first.spec.tests)
    return tuple(
        _compare(test, other, _by_pair(first, test), _by_pair(second, other))
        for test, other in found
        if other is not None and other.protocol == test.protocol
    )


_Figures = Mapping[Pair, PairFigures]


def _by_pair(record: Record, test: Test) -> _Figures:
    return {found.pair: found for found in pair_figures(record, test)}


def _compare(test: Test, other: Test, first: _Figures, second: _Figures) -> TestComparison:
    common = tuple(pair for pair in first if pair in second)
    known = len({*first, *second})
    return TestComparison(
        test.name, _differing(test, other), len(common), known, tuple(_changes(test, common, first, second))
    )


def _differing(test: Test, other: Test) -> tuple[str, ...]:
    fields = sorted(set(Test.model_fields) - _ONLY_JUDGED)
    unlike = (name for name in fields if getattr(test, name) != getattr(other, name))
    return tuple(Test.model_fields[name].alias or name for name in unlike)


def _changes(test: Test, common: Sequence[Pair], first: _Figures, second: _Figures) -> Iterator[Change]:
    for figure in shown_figures(test):
        before = _values(figure, [first[pair] for pair in common or first])
        after = _values(figure, [second[pair] for pair in common or second])
        if before and after:
            yield Change(test.name, figure, None, _median(figure, before), _median(figure, after))
            for pair in common:
                if pair in before and pair in after:
                    yield Change(test.name, figure, pair, before[pair], after[pair])


def _values(figure: Figure, pairs: Sequence[PairFigures]) -> dict[Pair, Quantity]:
    return {found.pair: found.values[figure.name] for found in pairs if figure.name in found.values}


def _median(figure: Figure, values: Mapping[Pair, Quantity]) -> Quantity:
    return figure.metric.unit(median(value.si for value in values.values()))
