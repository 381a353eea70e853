"""Sentences: complete in both languages, filled with what is there, and never in the way."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.base.errors import ClearwayError, UnitError
from clearway.base.quantity_text import parse_rate
from clearway.base.units import Count, Duration, Rate
from clearway.probe.codec import CodecError
from clearway.probe.records import Finding, Outcome, Severity
from clearway.report.wording import LANGUAGES, Language, describe_error, hint, knows, sentence, shown
from clearway.report.wording.sentences import catalogue
from clearway.spec.load import load_spec
from clearway.spec.problems import SpecError
from unit.report.codes import composed_codes, flattened_errors, given_values, written_codes


def test_both_languages_word_the_same_codes() -> None:
    assert catalogue("en").keys() == catalogue("ko").keys()


def test_both_languages_show_the_same_values() -> None:
    english, korean = (
        {code: (entry.fields, entry.count, entry.hint is None) for code, entry in catalogue(language).items()}
        for language in LANGUAGES
    )
    assert english == korean


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_in_the_source_has_a_sentence(language: Language) -> None:
    codes = {*written_codes(), *composed_codes()}
    assert sorted(code for code in codes if not knows(code, language)) == []


def test_every_sentence_about_a_spec_file_is_for_a_code_that_is_raised() -> None:
    worded = {code for code in catalogue("en") if code.partition(".")[0] in ("spec", "yaml", "set")}
    assert worded - written_codes().keys() == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_only_shows_values_that_its_code_is_given(language: Language) -> None:
    """What is in brackets may be missing; `subject` and the parts of a spec's problem are always there."""
    always = {"subject", "key", "found", "choices"}
    wanted = {code: entry.needed - always for code, entry in catalogue(language).items()}
    assert [(code, wanted[code] - given) for code, given in given_values() if wanted.get(code, given) - given] == []


def test_the_scan_of_the_source_finds_codes() -> None:
    """Else the test above would hold for nothing."""
    assert {"verdict.straddles", "tool.refused", "ledger.no-run", "plan.no-pairs", "criterion.syntax"} <= set(
        written_codes()
    )


PARTICLE_AFTER_VALUE = re.compile(r"\}(?:은|는|이|가|을|를|와|과|으로|로)(?=[\s,.)]|$)")


def test_a_korean_sentence_never_hangs_a_particle_on_a_value() -> None:
    """The sound that a value ends in is not known, and these particles depend on it."""
    texts = [(code, text) for code, entry in catalogue("ko").items() for text in (entry.one, entry.other, entry.hint)]
    assert [(code, text) for code, text in texts if text and PARTICLE_AFTER_VALUE.search(text)] == []


def test_a_count_chooses_the_form() -> None:
    assert sentence("verdict.errors", {"count": 1}, "en") == "1 request failed"
    assert sentence("verdict.errors", {"count": 2}, "en") == "2 requests failed"
    assert sentence("verdict.errors", {"count": Count(1)}, "en") == "1 request failed"


def test_an_unknown_code_is_shown_with_its_values() -> None:
    assert sentence("tool.exploded", {"by": Duration(0.5)}, "en") == "tool.exploded (by: 500 ms)"
    assert sentence("tool.exploded", {}, "ko") == "tool.exploded"


def test_a_missing_value_is_shown_as_unknown() -> None:
    assert sentence("worker.late", {}, "en") == "it started ? too late"


def test_a_bracket_is_said_only_where_its_values_are_there() -> None:
    values = {"key": "tests.0.streams", "found": "0"}
    assert sentence("spec.too-small", {**values, "at_least": 1}, "en") == "tests.0.streams: 0 is too small, at least 1."
    assert sentence("spec.too-small", values, "en") == "tests.0.streams: 0 is too small."


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.builds(Rate, st.floats(0, 1e12))),
    lambda inner: st.lists(inner).map(tuple),
    max_leaves=4,
)


@given(st.sampled_from(sorted(catalogue("en"))), st.sampled_from(LANGUAGES), st.data())
def test_no_value_makes_a_sentence_fail(code: str, language: Language, data: st.DataObject) -> None:
    fields = sorted(catalogue(language)[code].fields)
    values = data.draw(st.dictionaries(st.sampled_from(fields), VALUES)) if fields else {}
    assert isinstance(sentence(code, values, language), str)
    hint(code, values, language)


@given(st.text(), st.dictionaries(st.text(), VALUES))
def test_no_code_makes_a_sentence_fail(code: str, values: dict[str, object]) -> None:
    assert isinstance(sentence(code, values, "en"), str)


def test_values_are_shown_as_people_write_them() -> None:
    assert shown(Rate(5e9)) == "5.00 Gbit/s"
    assert shown(("a", "b")) == "a, b"
    assert shown(Outcome.LATE) == "late"
    assert shown(0.123456) == "0.1235"


def test_an_error_is_its_cause_and_then_its_hint() -> None:
    with pytest.raises(UnitError) as refused:
        parse_rate("5G")
    assert describe_error(refused.value, "en").splitlines() == [
        "5G can be read in two ways.",
        "  hint: write one of: 5 Gbit/s, 5 GB/s",
    ]
    assert describe_error(refused.value, "ko").splitlines() == [
        "두 가지로 읽힐 수 있는 값입니다: 5G",
        "  조치: 다음 중 하나로 쓰십시오: 5 Gbit/s, 5 GB/s",
    ]


def test_every_problem_of_a_spec_has_its_place_and_what_to_write(tmp_path: Path) -> None:
    path = tmp_path / "cat.yaml"
    path.write_text("version: 1\ntests:\n  - name: a\n    protcol: tcp\n    duration: 5\n", encoding="utf-8")
    with pytest.raises(SpecError) as refused:
        load_spec(path)
    told = describe_error(refused.value, "en")
    assert f"{path}:4:5: There is no key protcol here." in told
    assert "hint: did you mean protocol?" in told
    assert f"{path}:5:15: 5 is not a duration." in told


def test_an_error_with_findings_says_each_with_its_hint() -> None:
    error = ClearwayError("preflight.failed", count=1)
    missing = Finding("preflight.tool-missing", Severity.ERROR, "node-1/0", {"tool": "iperf", "package": "iperf"})
    error.findings = (missing,)  # type: ignore[attr-defined]
    assert describe_error(error, "en").splitlines() == [
        "One thing is missing before anything can be measured.",
        "iperf is missing on node-1/0.",
        "  hint: apt-get install iperf",
    ]


def test_no_error_of_ours_is_flattened_to_text() -> None:
    assert list(flattened_errors()) == []


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "the worker sent what can't be decoded: Worker: the key mtu is missing"),
        ("ko", "측정 파드가 해독할 수 없는 것을 보냄: Worker: 빠진 키: mtu"),
    ],
)
def test_an_error_behind_an_error_stands_as_its_sentence(language: Language, sentence: str) -> None:
    behind = CodecError("codec.missing-key", record="Worker", key="mtu")
    for cause in (behind, behind.reason):
        assert describe_error(ClearwayError("pipe.undecodable", cause=cause), language) == sentence
