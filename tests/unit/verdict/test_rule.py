"""The rule that turns pairs into a state, and its fold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.verdict.judge import fold, state_of
from clearway.verdict.model import State

RANK = {State.FAIL: 0, State.INCONCLUSIVE: 1, State.PASS: 2}


@st.composite
def counts(draw: st.DrawFn) -> tuple[int, int, int, float]:
    holds, undecided, breaks = draw(st.integers(0, 300)), draw(st.integers(0, 300)), draw(st.integers(0, 300))
    return holds, undecided, holds + undecided + breaks, draw(st.floats(0.01, 1.0))


@given(st.integers(0, 10_000), st.floats(0.001, 1.0))
def test_nothing_measured_is_never_pass(total: int, share: float) -> None:
    assert state_of(0, total, total, share) is State.INCONCLUSIVE


@given(counts())
def test_deciding_an_undecided_pair_never_contradicts_a_verdict(case: tuple[int, int, int, float]) -> None:
    """PASS and FAIL are final: however the undecided turn out, they stay."""
    holds, undecided, total, share = case
    state = state_of(holds, undecided, total, share)
    if undecided and state is not State.INCONCLUSIVE:
        assert state_of(holds + 1, undecided - 1, total, share) is state
        assert state_of(holds, undecided - 1, total, share) is state


@given(counts())
def test_better_is_never_worse(case: tuple[int, int, int, float]) -> None:
    holds, undecided, total, share = case
    before = RANK[state_of(holds, undecided, total, share)]
    if total > holds + undecided:
        assert RANK[state_of(holds + 1, undecided, total, share)] >= before
        assert RANK[state_of(holds, undecided + 1, total, share)] >= before


@pytest.mark.parametrize(
    ("holds", "undecided", "total", "share", "state"),
    [
        (9, 0, 10, 0.9, State.PASS),
        (89, 0, 100, 0.9, State.FAIL),
        (8, 2, 10, 0.9, State.INCONCLUSIVE),
        (3, 0, 10, 0.3, State.PASS),
        (0, 0, 0, 1.0, State.INCONCLUSIVE),
        (10, 0, 10, 1.0, State.PASS),
        (9, 0, 10, 1.0, State.FAIL),
        (9, 1, 10, 1.0, State.INCONCLUSIVE),
    ],
)
def test_shares_are_counted_exactly(holds: int, undecided: int, total: int, share: float, state: State) -> None:
    assert state_of(holds, undecided, total, share) is state


@pytest.mark.parametrize(
    ("states", "folded"),
    [
        ([State.PASS, State.FAIL, State.INCONCLUSIVE], State.FAIL),
        ([State.PASS, State.INCONCLUSIVE, State.MEASURED], State.INCONCLUSIVE),
        ([State.PASS], State.PASS),
        ([], State.INCONCLUSIVE),
        ([State.MEASURED], State.MEASURED),
        ([State.MEASURED, State.PASS], State.PASS),
    ],
)
def test_fold(states: list[State], folded: State) -> None:
    assert fold(states) is folded
