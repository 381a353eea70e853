"""The first lines of every format name the node, not the list of its pairs."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

from clearway.report.compose import compose
from clearway.report.document import ReportDocument, read
from clearway.report.table import REPORTS
from clearway.report.wording import Language
from clearway.verdict.suspect import Place, PlaceKind
from unit.report.factories import TCP, Network, dead_towards, inventory, record, spec
from unit.report.runs import judged


def unreachable(language: Language = "en") -> ReportDocument:
    """Of eight nodes nothing reaches one."""
    run = judged(record(spec(TCP), inventory(8), Network(rate=dead_towards("node-2"))))
    return compose(run.record, run.verdict, language)


def test_the_line_below_the_headline_names_the_node_and_its_direction() -> None:
    line = unreachable().first_lines[1]
    assert line.startswith("Suspected: what node-2 receives. bandwidth, throughput (mean): 0 bit/s")
    assert "on the median of its 7 pairs, 950.00 Mbit/s on that of the other 49" in line
    assert "Sound: what node-2 sends." in line
    assert "It was seen, and not confirmed by a measurement of its own. Likely: nothing gets through, since no" in line


def test_so_does_the_korean_report() -> None:
    assert (
        unreachable("ko")
        .first_lines[1]
        .startswith("의심 대상: node-2 노드의 수신. bandwidth, 처리량(평균): 해당 쌍 7개")
    )


def test_json_has_the_place_its_signs_and_what_is_ruled_out() -> None:
    text = REPORTS["json"].render(unreachable())
    (suspect,) = json.loads(text)["suspects"]
    assert suspect["place"] == {"kind": "receives", "names": ["node-2"]}
    assert suspect["sound"] == [{"kind": "sends", "names": ["node-2"]}]
    assert read(text).suspects[0].place == Place(PlaceKind.RECEIVES, ("node-2",))


def test_junit_has_it_in_the_failure_of_the_criterion() -> None:
    root = ET.fromstring(REPORTS["junit"].render(unreachable()))
    failure = root.find(".//testcase/failure")
    assert failure is not None
    assert "Suspected: what node-2 receives." in (failure.text or "")
