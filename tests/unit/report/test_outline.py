"""The outline: every section of a report once, in order, for each format to lay out."""

from __future__ import annotations

from clearway.report.outline import Bullets, Facts, Heading, Judgements, Quote, Table, Title, outline
from unit.report.runs import RUNS, Run, big, composed


def blocks(run: Run, pairs: int = 10) -> list[object]:
    return list(outline(composed(run), pairs))


def test_a_report_begins_with_its_title_and_has_its_sections_in_order() -> None:
    title, *rest = blocks(RUNS["unreachable"])
    assert isinstance(title, Title)
    assert [block.text for block in rest if isinstance(block, Heading)] == [
        "In plain words",
        "Criteria",
        "Pairs that do not hold",
        "Attempts that are void, or that show what the road did",
        "Test: bandwidth",
        "Coverage",
        "Conditions",
        "Evidence",
        "Notes",
    ]
    assert {type(block) for block in rest} >= {Bullets, Facts, Judgements, Quote, Table}


def test_a_section_without_content_has_no_heading() -> None:
    headings = {block.text for block in blocks(RUNS["unjudged"]) if isinstance(block, Heading)}
    assert headings.isdisjoint({"Criteria", "Pairs that do not hold", "Evidence", "Notes"})


def test_as_many_pairs_are_listed_as_a_format_asks_for() -> None:
    (listed,) = (block for block in blocks(big(), 3) if isinstance(block, Bullets) and block.title is not None)
    assert len(listed.items) == 4
    assert listed.items[-1] == ("and 597 more pairs",)
