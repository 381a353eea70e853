"""The table, the JSON and the exit status."""

from __future__ import annotations

import json

import pytest

from scripts.goal import Goal
from scripts.shape import __main__ as shape
from scripts.shape.figure import Figure
from scripts.shape.table import as_table

MET = Figure("lines", 900, 1000, Goal(most=950), ["a.py"])
MISSED = Figure("names", 20, 51, Goal(most=12))
OPEN = Figure("calls", 11, 12)
ABSENT = Figure("files", None, 90, Goal(most=65), note="no lab")


def test_the_table_has_a_line_a_figure() -> None:
    assert as_table([MET, MISSED, OPEN, ABSENT]).splitlines() == [
        "figure  337177c        now  goal    met",
        "lines     1,000        900  <= 950  yes",
        "names        51         20  <= 12   no",
        "calls        12         11",
        "files        90  not taken  <= 65   no   no lab",
    ]


def test_places_stand_below_the_table_if_asked_for() -> None:
    assert as_table([MET, MISSED], with_places=True).endswith("no\n\nlines\n  a.py")
    assert "a.py" not in as_table([MET, MISSED])


@pytest.mark.parametrize(
    ("goal", "text", "met"),
    [(Goal(most=5), "<= 5", True), (Goal(5, 7), "5 to 7", True), (Goal(1, 1), "1", False), (Goal(6), ">= 6", False)],
    ids=str,
)
def test_a_goal_includes_its_ends(goal: Goal, text: str, met: bool) -> None:
    assert (str(goal), goal.is_met(5)) == (text, met)


@pytest.mark.parametrize(
    ("figures", "words", "status"),
    [([MET, OPEN], ["--check"], 0), ([MISSED], ["--check"], 1), ([ABSENT], ["--check"], 1), ([MISSED], [], 0)],
    ids=["met", "missed", "not-taken", "not-checked"],
)
def test_only_check_makes_a_missed_goal_an_exit_status(
    monkeypatch: pytest.MonkeyPatch, figures: list[Figure], words: list[str], status: int
) -> None:
    monkeypatch.setattr(shape, "take", lambda source: figures)
    assert shape.main(words) == status


def test_json_has_every_figure_with_its_places(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shape, "take", lambda source: [MET, ABSENT])
    shape.main(["--json"])
    lines, files = json.loads(capsys.readouterr().out)
    assert lines == {
        "name": "lines",
        "now": 900,
        "baseline": 1000,
        "goal": {"least": None, "most": 950},
        "places": ["a.py"],
        "note": "",
        "met": True,
    }
    assert (files["now"], files["met"], files["note"]) == (None, False, "no lab")
