"""What is shown never lies on the better side of the truth, and never hides a difference from the limit."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from clearway.base.quantity_text import apart
from clearway.base.units import DOWN, NEAREST, UP, Count, Duration, Quantity, Rate, Ratio, Rounding
from unit.base.quantities import KINDS, PARSERS, SPREAD

VALUES = st.one_of(st.just(0.0), SPREAD)
SIDES = st.sampled_from([DOWN, UP])
NOISE = 1e-11
"""A float's last digits are what arithmetic left; nothing is rounded for them alone."""


def read(kind: type[Quantity], text: str) -> float:
    return PARSERS[kind](text).si


@given(KINDS, VALUES, SIDES)
@example(Rate, 89.9961e6, DOWN)
@example(Ratio, 0.07, UP)
@example(Duration, 123.4, UP)
def test_a_shown_value_never_lies_on_the_better_side_of_the_true_one(
    kind: type[Quantity], si: float, worse: str
) -> None:
    shown = read(kind, kind(si).shown(Rounding(worse)).text)
    if worse == DOWN:
        assert shown <= si * (1 + NOISE)
    else:
        assert shown >= si * (1 - NOISE)
    assert math.isclose(shown, si, rel_tol=0.0101), "and it is the same value to two digits"


@given(KINDS, VALUES, SIDES, st.integers(0, 12))
def test_what_is_shown_says_the_number_that_it_gives(kind: type[Quantity], si: float, side: str, extra: int) -> None:
    shown = kind(si).shown(Rounding(side, extra))
    assert math.isclose(read(kind, shown.text), float(shown.number), rel_tol=1e-15)


@given(KINDS, VALUES, VALUES, SIDES)
def test_a_value_and_its_limit_are_shown_in_their_true_order(
    kind: type[Quantity], value: float, limit: float, worse: str
) -> None:
    _holds_in_order(kind, value, limit, worse)


@given(KINDS, VALUES, st.integers(-3, 3), st.integers(1, 15), SIDES)
def test_a_value_beside_its_limit_is_never_shown_as_the_limit(
    kind: type[Quantity], limit: float, steps: int, power: int, worse: str
) -> None:
    """Also where they differ in the last bits only."""
    _holds_in_order(kind, limit * (1 + steps * 10.0**-power), limit, worse)


def _holds_in_order(kind: type[Quantity], value: float, limit: float, worse: str) -> None:
    one, other = apart(kind(value), kind(limit), worse)
    assert (one != other) == (value != limit)
    assert (read(kind, one) > read(kind, other)) == (value > limit)
    assert (read(kind, one) < read(kind, other)) == (value < limit)


@pytest.mark.parametrize(
    ("value", "limit", "worse", "shown"),
    [
        (Rate(89.9961e6), Rate(90e6), DOWN, ("89.99 Mbit/s", "90.00 Mbit/s")),
        (Rate(90.0001e6), Rate(90e6), DOWN, ("90.0001 Mbit/s", "90.00 Mbit/s")),
        (Rate(90e6), Rate(90e6), DOWN, ("90.00 Mbit/s", "90.00 Mbit/s")),
        (Ratio(0.0010004), Ratio(0.001), UP, ("0.101 %", "0.1 %")),
        (Ratio(0.00099996), Ratio(0.001), UP, ("0.099996 %", "0.1 %")),
        (Duration(0.0100001), Duration(0.01), UP, ("10.1 ms", "10 ms")),
        (Duration(100.4), Duration(100), UP, ("1 min 41 s", "1 min 40 s")),
        (Duration(99.996), Duration(100), UP, ("99.996 s", "1 min 40 s")),
        (Rate(999.996e6), Rate(1e9), DOWN, ("999.99 Mbit/s", "1.00 Gbit/s")),
        (Count(3), Count(2), UP, ("3", "2")),
    ],
)
def test_digits_are_added_until_the_two_differ(
    value: Quantity, limit: Quantity, worse: str, shown: tuple[str, str]
) -> None:
    assert apart(value, limit, worse) == shown


def test_what_arithmetic_left_in_the_last_digits_is_not_rounded_away_from() -> None:
    assert Rate(949_999_999.9999999).shown(Rounding(DOWN)).text == "950.00 Mbit/s"
    assert Ratio(0.1 + 0.2).shown(Rounding(UP)).text == "30 %"


@given(KINDS, VALUES)
def test_without_a_side_it_is_the_nearest(kind: type[Quantity], si: float) -> None:
    nearest, down, up = (Decimal(kind(si).shown(Rounding(side)).number) for side in (NEAREST, DOWN, UP))
    assert down <= nearest <= up
