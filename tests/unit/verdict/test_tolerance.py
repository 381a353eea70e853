"""What the measured pairs say of all roads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.base.units import Ratio
from clearway.spec.criteria import parse_criterion
from clearway.verdict.model import CriterionVerdict, PairState, PairValue, State
from clearway.verdict.tolerance import confidence, pairs_needed, tolerance


def judged(holds: int, breaks: int = 0, undecided: int = 0, share: str = "") -> CriterionVerdict:
    standings = [PairState.HOLDS] * holds + [PairState.BREAKS] * breaks + [PairState.UNDECIDED] * undecided
    pairs = tuple(PairValue(subject=str(n), standing=one, limit=None) for n, one in enumerate(standings))
    criterion = parse_criterion(f"throughput >= 5 Gbit/s{share}")
    return CriterionVerdict(criterion=criterion, state=State.INCONCLUSIVE, pairs=pairs)


@pytest.mark.parametrize(("missed", "pairs"), [(0, 29), (1, 46), (2, 61)])
def test_the_pairs_that_nine_roads_in_ten_need_are_those_of_the_published_tables(missed: int, pairs: int) -> None:
    assert pairs_needed(missed, 0.9) == pairs


def test_twelve_pairs_that_hold_make_it_72_per_cent_sure() -> None:
    found = tolerance(judged(12))
    assert found.share == Ratio(0.9)
    assert found.confidence.si == pytest.approx(1 - 0.9**12)
    assert (found.needed, found.is_sure) == (29, False)


def test_a_pair_that_is_undecided_was_not_seen_to_hold() -> None:
    assert tolerance(judged(28, undecided=1)) == tolerance(judged(28, breaks=1))


def test_a_smaller_share_that_was_asked_is_what_the_statement_is_about() -> None:
    found = tolerance(judged(14, share=" for 80 % of pairs"))
    assert found.share == Ratio(0.8)
    assert found.is_sure


@given(st.integers(0, 200), st.integers(0, 200), st.floats(0.01, 0.99))
def test_the_confidence_is_a_probability_that_falls_with_each_miss(measured: int, missed: int, share: float) -> None:
    now, more = confidence(measured, missed, share), confidence(measured, missed + 1, share)
    assert -1e-9 <= more <= now + 1e-9 <= 1 + 2e-9


def test_nothing_measured_says_nothing() -> None:
    assert confidence(0, 0, 0.9) == 0
