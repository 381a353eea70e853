"""Real runs with known faults: the rule of each cause speaks of its own faults, and no other rule does."""

from __future__ import annotations

import pytest

from benchmarks.causes import table
from clearway.diagnose.causes.table import causes_of_place
from golden.causes import CapturedFault, captured

FAULTS = [pytest.param(one, id=one.name) for one in captured()]


@pytest.mark.parametrize("fault", FAULTS)
def test_its_cause_is_named_and_no_other_one(fault: CapturedFault) -> None:
    assert [reason.code for reason in causes_of_place(fault.record, fault.place)] == [f"cause.{fault.cause}"]


@pytest.mark.parametrize("fault", FAULTS)
def test_of_the_sound_road_beside_it_none_is_named(fault: CapturedFault) -> None:
    assert causes_of_place(fault.record, fault.sound) == ()


def test_the_table_has_a_row_for_each_fault_with_one_mark() -> None:
    rows = table().partition("\n\n")[2].splitlines()[1:]
    assert [row.count(" x") for row in rows] == [1] * len(FAULTS)
