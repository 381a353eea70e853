"""The first lines of every format say what the verdict is about and what an acceptance must not hide."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import pytest

from clearway.base.units import Rate
from clearway.probe.records import Probe, Reason, Slot
from clearway.report.compose import compose
from clearway.report.document import ReportDocument
from clearway.report.table import REPORTS
from clearway.report.wording import Language
from clearway.verdict.model import State
from unit.report.factories import TCP, Network, inventory, record, spec
from unit.report.runs import RUNS, judged

ONE_TO_ONE = {**TCP, "pairing": "one-to-one", "accept": ["throughput >= 50 Mbit/s for 90 % of pairs"]}
BAD = (Slot("node-3"), Slot("node-4"))


def rate(probe: Probe) -> Rate:
    return Rate(1.59e6 if probe.pair == BAD else 95.4e6)


def hidden(language: Language = "en") -> ReportDocument:
    """Of 12 pairs one carries a sixtieth of the others, and the criterion allows one in ten."""
    run = judged(record(spec({**ONE_TO_ONE, "pairing": "mesh"}), inventory(4), Network(rate=rate)))
    assert run.verdict.state is State.PASS
    return compose(run.record, run.verdict, language)


def ten_nodes() -> ReportDocument:
    """Five nodes in each of two zones."""
    run = judged(record(spec(ONE_TO_ONE), inventory(10, zones=2)))
    return compose(run.record, run.verdict, "en")


FAR = "node-3 -> node-4: 1.59 Mbit/s; the median pair: 95.40 Mbit/s"
ALTHOUGH = "Accepted, although 1 pair breaks its limit: the criteria allow so few."


def test_text_has_the_pair_and_the_scope_before_anything_else() -> None:
    top, _ = REPORTS["text"].render(hidden()).split("\n\n", 1)
    said = " ".join(top.split())
    assert ALTHOUGH in said
    assert FAR in said
    assert "This verdict is about 12 of 12 roads" in said


def test_markdown_has_them_before_its_first_section() -> None:
    top = REPORTS["markdown"].render(hidden()).split("\n## ")[0].replace("\\", "")
    assert all(part in top for part in (ALTHOUGH, FAR, "This verdict is about 12 of 12 roads"))


def test_json_has_them_as_codes_with_values_and_sentences() -> None:
    data = json.loads(REPORTS["json"].render(hidden()))
    assert data["headline"] == ALTHOUGH
    assert data["scope"]["same_zone"] == {"total": 12, "judged": 12, "shown": 0}
    assert data["tests"][0]["scope"]["nodes_covered"] == 4
    (remark,) = data["remarks"]
    assert remark["code"] == "remark.breaking"
    assert remark["values"]["named"] == ["node-3 -> node-4: 1.59 Mbit/s"]
    assert FAR in remark["sentence"]


def test_junit_has_them_as_properties_and_in_the_output_of_the_suite() -> None:
    root = ET.fromstring(REPORTS["junit"].render(hidden()))
    named = {(one.get("name"), one.get("value")) for one in root.iter("property")}
    said = next(one.text or "" for one in root[0] if one.tag == "system-out")
    assert any(name == "scope" and "12 of 12 roads" in str(value) for name, value in named)
    assert any(name == "remark" and FAR in str(value) for name, value in named)
    assert ALTHOUGH in said
    assert FAR in said
    assert root.get("failures") == "0"


def test_korean_names_the_same_pair() -> None:
    lines = hidden("ko").first_lines
    assert lines[0] == "합격입니다. 단, 기준값을 위반한 쌍이 허용 비율 안에서 1개 있습니다."
    assert "전체 경로 12개 중 12개" in lines[1]
    assert "node-3 → node-4: 1.59 Mbit/s" in lines[2]


def test_an_acceptance_of_some_roads_is_not_one_of_the_network() -> None:
    headline, about, *_ = ten_nodes().first_lines
    assert headline == "Accepted: the roads that were measured meet the one criterion."
    assert about == (
        "This verdict is about 12 of 90 roads (a road is one direction between two nodes): 12 of 40 within a zone, "
        "0 of 50 across zones; 10 of 10 nodes take part."
    )


def test_pairs_that_were_picked_at_random_say_how_sure_they_make_a_statement_on_all_roads() -> None:
    """1 - 0.9^12 is 71.7 %; shown is never more than that."""
    (remark,) = ten_nodes().remarks
    assert remark.sentence == (
        "The 12 pairs were picked at random: it is only 71.7 % sure that at least 90 % of all roads of nodes in the "
        "same zone meet each criterion; 29 pairs would make it 95 %."
    )


def test_enough_pairs_make_it_sure() -> None:
    run = judged(record(spec(ONE_TO_ONE), inventory(40)))
    (remark,) = compose(run.record, run.verdict, "en").remarks
    assert remark.sentence == (
        "The 40 pairs were picked at random: it is 95 % sure that at most 7.22 % of all roads of nodes in the same "
        "zone do not meet every criterion. Every node sent on 1 of them or more, and received on as many: it is as "
        "sure that at most 4 nodes miss one on half of their roads."
    )


def test_a_mesh_needs_no_statement_on_roads_that_were_not_measured() -> None:
    assert [remark.code for remark in hidden().remarks] == ["remark.breaking"]


def test_an_acceptance_names_a_pair_whose_only_attempt_was_void() -> None:
    wish, said = spec({**ONE_TO_ONE, "pairing": "mesh"}), Reason("tool.failed", {"tool": "iperf"})
    first = record(wish, inventory(4)).plan[0].probes[0].id
    run = judged(record(wish, inventory(4), Network(void={first: said})))
    assert run.verdict.state is State.PASS
    assert "remark.lost-attempts" in [one.code for one in compose(run.record, run.verdict, "en").remarks]


@pytest.mark.parametrize("name", ["rejected", "unreachable", "interrupted", "unjudged"])
def test_only_an_acceptance_has_remarks(name: str) -> None:
    run = RUNS[name]
    document = compose(run.record, run.verdict, "en")
    assert document.remarks == ()
    assert "roads" in document.scope.sentence


def test_figures_that_are_not_judged_say_what_they_are_about() -> None:
    run = RUNS["unjudged"]
    assert compose(run.record, run.verdict, "en").scope.sentence.startswith("These figures are about 12 of 12 roads")


def test_tests_that_are_about_fewer_roads_are_named() -> None:
    run = RUNS["accepted"]
    said = compose(run.record, run.verdict, "en").scope.sentence
    assert "Not every test is about all of them: bandwidth 12, latency under load 4" in said
