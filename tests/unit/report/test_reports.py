"""The formats: kept texts, schemas that hold, and readers that are not ours."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import junitparser
import pytest
from lxml import etree

from clearway.base.errors import ClearwayError
from clearway.report.compose import compose
from clearway.report.document import read, schema
from clearway.report.table import REPORTS
from clearway.report.text import TextReport
from clearway.report.wording import LANGUAGES, Language
from clearway.verdict.model import PairState, State
from unit.report.factories import TCP, inventory, record, spec
from unit.report.golden import REPORTS as GOLDEN
from unit.report.golden import SCHEMAS, check
from unit.report.runs import RUNS, Run, big, composed, judged

ACROSS = {**TCP, "scope": "any"}
KEPT = {"accepted", "rejected", "tolerated", "unreachable", "interrupted", "ladder"}
every_run = pytest.mark.parametrize("run", RUNS.values(), ids=list(RUNS))
every_language = pytest.mark.parametrize("language", LANGUAGES)


def rendered(run: Run, name: str, language: Language = "en") -> str:
    return REPORTS[name].render(composed(run, language))


@cache
def by_schema() -> jsonschema.Draft202012Validator:
    """What the schema says; it is itself a schema."""
    jsonschema.Draft202012Validator.check_schema(schema())
    return jsonschema.Draft202012Validator(schema())


def junit(run: Run) -> junitparser.JUnitXml:
    return junitparser.JUnitXml.fromstring(rendered(run, "junit").encode())


def cases(run: Run) -> Iterator[junitparser.TestCase]:
    for suite in junit(run):
        yield from suite


@pytest.mark.parametrize("name", sorted(KEPT))
@pytest.mark.parametrize(
    ("format_", "language", "file"),
    [
        ("text", "en", "report.en.txt"),
        ("text", "ko", "report.ko.txt"),
        ("junit", "en", "junit.xml"),
        ("markdown", "en", "report.md"),
    ],
)
def test_the_report_reads_as_it_was_approved(name: str, format_: str, language: Language, file: str) -> None:
    check(GOLDEN / name / file, rendered(RUNS[name], format_, language))


def test_every_format_has_a_file_of_its_own() -> None:
    assert len({report.file_name for report in REPORTS.values()}) == len(REPORTS)


@every_run
@every_language
@pytest.mark.parametrize("format_", sorted(REPORTS))
def test_every_format_renders_every_run_with_no_code_left_unsaid(run: Run, language: Language, format_: str) -> None:
    text = rendered(run, format_, language)
    assert text.endswith("\n")
    if format_ in ("text", "markdown"):
        plain = text.replace("\\", "")
        assert not re.search(r"\b(?:verdict|claim|tool|plan|condition|metric|report)\.[a-z]+-?[a-z-]*\b", plain), plain
        assert "?" not in plain


@every_run
def test_rendering_again_gives_the_same(run: Run) -> None:
    again = compose(run.record, run.verdict, "en")
    assert all(rendered(run, name) == report.render(again) for name, report in REPORTS.items())


# text


@every_language
def test_plain_text_holds_no_terminal_sequence_and_colour_does(language: Language) -> None:
    run = RUNS["rejected"]
    document = composed(run, language)
    plain = TextReport().render(document)
    colour = TextReport(colour=True).render(document)
    assert "\x1b" not in plain
    assert "\x1b" in colour
    bare = re.sub(r"\x1b\[[0-9;]*m", "", colour)
    assert [line.rstrip() for line in bare.splitlines()] == plain.splitlines()


@pytest.mark.parametrize("format_", sorted(REPORTS))
def test_what_a_tool_said_can_not_steer_a_terminal(format_: str) -> None:
    text = rendered(RUNS["interrupted"], format_)
    assert "broken pipe" in text
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", text)


@every_run
@every_language
@pytest.mark.parametrize("width", [80, 120])
def test_no_word_is_cut_off(run: Run, language: Language, width: int) -> None:
    assert "…" not in TextReport(width).render(composed(run, language))


def test_the_slow_node_is_named_with_how_much_is_missing() -> None:
    text = rendered(RUNS["rejected"], "text")
    assert "node-3 -> node-1: 96.40 Mbit/s, 403.60 Mbit/s below the limit of 500.00 Mbit/s" in text


def test_long_lists_of_pairs_are_cut_and_say_so() -> None:
    text = rendered(big(), "text")
    assert "and 590 more pairs" in text
    assert len(text.splitlines()) < 120


def test_pairs_across_zones_are_reported_and_said_to_be_unjudged() -> None:
    run = RUNS["across-zones"]
    assert run.verdict.state is State.PASS
    text = rendered(run, "text")
    assert "throughput (mean), across zones, Mbit/s" in text
    assert "Pairs across zones are reported, not judged." in text


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "0 of 1 measured pairs is judged: all cross zones; set `judge-cross-zone`"),
        ("ko", "쌍 1개 중 판정 대상"),
    ],
)
def test_a_run_whose_pairs_all_cross_zones_says_that_none_is_judged(language: Language, said: str) -> None:
    run = judged(record(spec({**ACROSS, "pairing": "one-to-one", "direction": "forward"}), inventory(2, zones=2)))
    assert run.verdict.state is State.INCONCLUSIVE
    document = composed(run, language)
    assert said in document.tests[0].reasons[0].sentence
    assert said in document.findings[0].sentence
    assert document.coverage is not None
    if language == "en":
        assert document.headline.startswith("Inconclusive: 1 of 1 criteria could not be decided")
        assert document.coverage.sentence.startswith("No pair is judged;")
    assert [row.pairs for row in document.tests[0].summary if row.metric == "throughput"] == [1, 1]


def test_one_pair_that_is_not_judged_is_said_as_one() -> None:
    wish = spec({**TCP, "pairing": "one-to-one", "direction": "forward", "accept": []})
    assert "throughput (mean) over 1 pair: median" in rendered(judged(record(wish, inventory(2))), "text")
    assert "over 12 pairs: median" in rendered(RUNS["unjudged"], "text")


def test_a_cluster_without_zone_labels_is_said_to_be_one_zone() -> None:
    assert "No node has a zone label: all 4 nodes are one zone." in rendered(RUNS["interrupted"], "text")


def test_a_void_attempt_shows_what_was_asked_and_what_was_said() -> None:
    text = rendered(RUNS["unreachable"], "text")
    assert "asked: iperf -c 10.0.0.2 -p 5201" in text
    assert "tcp connect failed: Connection timed out" in text


# JSON


def test_the_published_json_schema_is_the_one_of_the_code() -> None:
    check(SCHEMAS / "report.schema.json", json.dumps(schema(), indent=2) + "\n")


@every_run
@every_language
def test_json_follows_its_schema(run: Run, language: Language) -> None:
    by_schema().validate(json.loads(rendered(run, "json", language)))


@every_run
def test_json_reads_back_to_the_document_it_was_made_of(run: Run) -> None:
    """But for what could steer a terminal: in a record that was read from its files there is none."""
    back = composed(run)
    assert repr(read(rendered(run, "json"))) == re.sub(r"\\x1b\[31m|\\x07", "\ufffd", repr(back))


def test_json_of_another_format_is_refused() -> None:
    with pytest.raises(ClearwayError) as refused:
        read('{"format": 99}')
    assert refused.value.code == "codec.wrong-format"


def test_json_holds_every_pair_and_its_values() -> None:
    data: dict[str, Any] = json.loads(rendered(big(), "json"))
    assert len(data["tests"][0]["criteria"][0]["pairs"]) == 600
    assert len(data["tests"][0]["measured"]) == 600
    assert data["tests"][0]["measured"][0]["values"]["throughput mean"] == {"bit/s": 1e6}


# JUnit


@every_run
@every_language
def test_junit_is_valid_by_the_written_xsd(run: Run, language: Language) -> None:
    written = etree.XMLSchema(etree.parse(SCHEMAS / "junit.xsd"))
    written.assertValid(etree.fromstring(rendered(run, "junit", language).encode()))


@every_run
def test_junit_counts_what_another_reader_counts(run: Run) -> None:
    read_back = junit(run)
    stated = (read_back.tests, read_back.failures, read_back.errors, read_back.skipped)
    read_back.update_statistics()  # type: ignore[no-untyped-call]
    assert (read_back.tests, read_back.failures, read_back.errors, read_back.skipped) == stated


@every_run
def test_junit_fails_if_and_only_if_the_run_is_rejected(run: Run) -> None:
    assert (junit(run).failures > 0) == (run.verdict.state is State.FAIL)


@every_run
def test_junit_has_errors_without_failures_if_and_only_if_the_run_is_inconclusive(run: Run) -> None:
    read_back = junit(run)
    undecided = read_back.errors > 0 and read_back.failures == 0
    assert undecided == (run.verdict.state is State.INCONCLUSIVE)


def test_junit_failures_carry_the_reason() -> None:
    failing = [case for case in cases(RUNS["rejected"]) if case.name and case.name.endswith("node-3 -> node-1")]
    (case,) = failing
    assert "403.60 Mbit/s below the limit" in case.result[0].message


def test_junit_shows_what_a_passing_criterion_tolerated() -> None:
    run = RUNS["tolerated"]
    assert run.verdict.state is State.PASS
    (case,) = cases(run)
    assert "node-3 -> node-1: 96.40 Mbit/s" in case.system_out


def test_junit_cases_for_pairs_are_capped_with_a_summary() -> None:
    names = [case.name for case in cases(big())]
    assert len(names) == 102
    assert names[-1] == "throughput >= 500 Mbit/s for 90 % of pairs: and 500 more pairs"


def test_junit_puts_properties_first() -> None:
    root = ET.fromstring(rendered(RUNS["accepted"], "junit"))
    assert [suite[0].tag for suite in root] == ["properties"] * len(root)


def test_junit_strips_what_xml_can_not_hold() -> None:
    named = record(spec(TCP, name="a\x1b[31m\x00b\ufffe"), inventory())
    assert junit(judged(named)).name == "ab"


def test_junit_of_an_unjudged_run_skips_and_does_not_pass() -> None:
    read_back = junit(RUNS["unjudged"])
    assert (read_back.tests, read_back.skipped, read_back.failures, read_back.errors) == (1, 1, 0, 0)


# Markdown


def test_markdown_does_not_let_a_tool_write_markup() -> None:
    text = rendered(RUNS["rejected"], "markdown")
    assert r"node-3 -\> node-1" in text


def test_the_runs_are_what_their_names_say() -> None:
    states = {name: run.verdict.state for name, run in RUNS.items()}
    assert states == {
        "accepted": State.PASS,
        "rejected": State.FAIL,
        "tolerated": State.PASS,
        "unreachable": State.FAIL,
        "interrupted": State.INCONCLUSIVE,
        "across-zones": State.PASS,
        "unjudged": State.MEASURED,
        "ladder": State.INCONCLUSIVE,
    }
    assert RUNS["unreachable"].verdict.tests[0].criteria[0].count(PairState.BREAKS) == 3
