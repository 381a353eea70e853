"""The HTML report as a text: well formed, one file, both languages, and harmless whatever the names are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pytest
from lxml import etree, html

from clearway.report.html import HtmlReport
from clearway.verdict.model import State
from unit.report.factories import HTTP, TCP, UDP, Network, inventory, record, slow_node, spec
from unit.report.hostile import poisoned
from unit.report.runs import RUNS, Run, big, composed, judged

EVIL = "<script>alert(1)</script>\"' onload=x \u202egnp.exe ${7*7} {{ 7*7 }} =cmd|' /C calc'!A0 " + "x" * 300
every_run = pytest.mark.parametrize("run", [*RUNS.values(), big()], ids=[*RUNS, "big"])


@cache
def text_of(run: Run) -> str:
    return HtmlReport().render(composed(run, "en"), [composed(run, "ko")])


def tree(text: str) -> html.HtmlElement:
    return html.document_fromstring(text)


def said(element: html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


def addresses(page: html.HtmlElement) -> Iterator[str]:
    for attribute in ("src", "href", "data", "action", "poster", "srcset"):
        yield from page.xpath(f"//@{attribute}")


@every_run
def test_nothing_is_loaded_from_anywhere(run: Run) -> None:
    page = tree(text_of(run))
    assert [one for one in addresses(page) if not one.startswith("#")] == []
    assert not re.search(r"@import|url\((?!#)", text_of(run))
    (policy,) = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    assert policy.startswith("default-src 'none'; ")


@every_run
def test_no_element_has_a_handler_or_a_style_of_its_own(run: Run) -> None:
    page = tree(text_of(run))
    assert page.xpath("//@*[starts-with(name(), 'on')] | //@style") == []


@every_run
def test_every_id_is_there_once_and_every_reference_finds_one(run: Run) -> None:
    page = tree(text_of(run))
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    named = [
        one
        for name in ("aria-labelledby", "aria-controls", "for")
        for value in page.xpath(f"//@{name}")
        for one in value.split()
    ]
    assert set(named) | {one[1:] for one in page.xpath("//@href")} <= set(ids)


@every_run
def test_the_verdict_its_scope_and_every_criterion_are_there_in_both_languages(run: Run) -> None:
    page = tree(text_of(run))
    (band,) = page.xpath("//section[@class='band' or starts-with(@class, 'band ')]")
    for language in ("en", "ko"):
        document = composed(run, language)
        assert document.headline in said(band)
        assert document.scope.sentence in said(band)
        for part in (part for test in document.tests for part in test.criteria):
            assert part.sentence in said(page)


def test_a_missed_limit_is_a_word_and_a_shape_beside_its_colour() -> None:
    page = tree(text_of(RUNS["rejected"]))
    tile = page.xpath("//article[contains(@class, 't-fail')]")[0]
    assert "No, limit missed" in said(tile)
    assert tile.xpath(".//use/@href")[0] == "#i-fail"
    assert "96.40" in said(tile)


def test_a_bad_node_is_named_above_the_map_and_every_cell_has_its_figure() -> None:
    page = tree(text_of(RUNS["rejected"]))
    first = page.xpath("//div[@class='map']")[0]
    assert "All roads from and to these nodes are beyond the limit: node-3 (6 of 12 pairs)." in said(first)
    broken = first.xpath(".//tbody//td[starts-with(@class, 'b')]")
    assert [one.text for one in broken] == ["96.4"] * 6
    assert first.xpath(".//thead//th[contains(@class, 'bad')]/@title") == ["node-3"]


def test_a_dead_road_is_said_to_be_unreachable() -> None:
    page = tree(text_of(RUNS["unreachable"]))
    cells = page.xpath("//div[@class='map'][1]//tbody//td[starts-with(@class, 'x')]/@data-tip")
    assert [tip.partition(":")[0] for tip in cells] == ["node-1 → node-2", "node-3 → node-2", "node-4 → node-2"]


def test_what_a_reader_may_repeat_says_what_it_does_not_cover() -> None:
    run = RUNS["interrupted"]
    page = tree(text_of(run))
    (box,) = page.xpath("//section[@class='shield']")
    assert "Neither can be said yet" in said(box)
    scope = composed(run).scope
    assert f"{scope.total - scope.judged} of {scope.total} roads, which were not measured." in said(box)


def test_only_an_accepted_network_is_said_to_be_ready_for_blaming_the_application() -> None:
    ready = "look at the application first"
    assert {name for name, run in RUNS.items() if ready in text_of(run)} == {
        name for name, run in RUNS.items() if run.verdict.state is State.PASS
    }


def test_the_decision_is_left_to_the_people_who_sign() -> None:
    page = tree(text_of(RUNS["accepted"]))
    assert [said(cell) for cell in page.xpath("//table[@class='sign']//tbody//td")][:12] == [""] * 12
    assert page.xpath("//table[@class='sign']//input") == []


def test_a_report_in_one_language_has_no_switch() -> None:
    page = tree(HtmlReport().render(composed(RUNS["accepted"], "ko")))
    assert page.xpath("//input[@name='language']") == []
    assert page.xpath("//@lang") == ["ko"]


def test_a_node_that_differs_from_the_others_is_marked() -> None:
    document = composed(RUNS["accepted"])
    nodes = tuple(replace(node, mtu=1400 if node.name == "node-3" else 1500) for node in document.nodes)
    page = tree(HtmlReport().render(replace(document, nodes=nodes)))
    (marked,) = page.xpath("//td[@class='differs']/..")
    assert said(marked).startswith("node-3")
    assert "1400 differs" in said(marked)


def test_hostile_names_stay_text() -> None:
    """In every field that a person, a cluster or a tool fills."""
    document = composed(RUNS["rejected"])
    text = HtmlReport().render(poisoned(document, EVIL))
    page = tree(text)
    assert len(page.xpath("//script")) == 2
    assert "\u202e" not in text
    assert "49" not in said(page.xpath("//h1/..")[0]).split()
    assert page.xpath("//@*[starts-with(name(), 'on')]") == []
    etree.tostring(page)  # every name is one that XML allows


def test_a_dead_road_is_no_number_on_the_first_sheet() -> None:
    page = tree(text_of(RUNS["unreachable"]))
    (number,) = page.xpath("//article[1]/p[contains(@class, 'number')]/span[@lang='en']")
    assert said(number) == "unreachable"


def test_what_is_undecided_is_said_to_be_so_in_the_sentence_to_repeat() -> None:
    (box,) = tree(text_of(RUNS["interrupted"])).xpath("//blockquote")
    assert "are undecided" in said(box)
    assert "lanes" not in said(tree(text_of(RUNS["interrupted"])).xpath("//article[1]")[0])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("nodes", "bandwidth", "most"),
    [
        (100, {**TCP, "direction": "forward"}, 500_000),
        (1000, {**TCP, "pairing": "sample", "sample": "0.3 %"}, 8_000_000),
    ],
)
def test_a_large_network_is_a_file_of_bounded_size(nodes: int, bandwidth: dict[str, object], most: int) -> None:
    """The limits of what can be mailed; a thousand nodes are sampled."""
    run = judged(record(spec(bandwidth, HTTP, UDP), inventory(nodes, 2), Network(rate=slow_node("node-3"))))
    text = HtmlReport().render(composed(run, "en"), [composed(run, "ko")])
    assert len(text.encode()) <= most
    page = tree(text)
    assert len(page.xpath("//div[@id='map-0']//table[starts-with(@class, 'heat')]/tbody/tr")) == 20
    assert "node-3" in page.xpath("//div[@id='map-0']//table[starts-with(@class, 'heat')]/tbody/tr/th/bdi/text()")
    assert len(page.xpath("//table[@data-table='0']/tbody/tr")) == 200


def test_a_ladder_has_a_bar_for_each_path_and_says_what_each_layer_costs() -> None:
    page = tree(text_of(RUNS["ladder"]))
    (part,) = composed(RUNS["ladder"]).ladders
    rows = page.xpath("//table[contains(@class, 'ladder')]/tbody/tr")
    assert len(rows) == len(part.rungs)
    for row, rung in zip(rows, part.rungs, strict=True):
        assert (rung.sentence or "-") in said(row)
        width = float(row.xpath(".//*[@class='fill']/@width")[0].rstrip("%"))
        assert (width > 0) == (rung.value is not None)
