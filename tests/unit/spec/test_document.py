"""YAML text becomes plain data that knows its places, and scalars stay what was written."""

from __future__ import annotations

import pytest

from clearway.spec.document import parse_document
from clearway.spec.problems import SourcePosition, SpecError


def test_scalars_stay_the_text_that_was_written() -> None:
    text = "a: 1e3\nb: 12:30:45\nc: 2026-01-01\nd: no\ne: 0x10\nf: 5\ng: 'null'\nh: 1_000\ni: =\n"
    data = parse_document(text, "x").data
    assert list(data.values()) == ["1e3", "12:30:45", "2026-01-01", "no", "0x10", "5", "null", "1_000", "="]


def test_nothing_is_none() -> None:
    assert parse_document("a:\nb: ~\nc: null\n", "x").data == {"a": None, "b": None, "c": None}
    assert parse_document("# only words\n", "x").data is None


def test_every_value_and_key_has_its_place() -> None:
    document = parse_document("tests:\n  - name: one\n    rate: 5\n", "cat.yaml")
    assert document.place(("tests", 0, "rate")) == SourcePosition("cat.yaml", 3, 11)
    assert document.key_place(("tests", 0, "rate")) == SourcePosition("cat.yaml", 3, 5)
    assert document.place(("tests", 0)) == SourcePosition("cat.yaml", 2, 5)
    assert str(document.place(("tests", 0, "missing", "below"))) == "cat.yaml:2:5"


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ("a: 1\nb: 2\na: 3\n", "yaml.duplicate-key", 3, 1),
        ("a: !python/object x\n", "yaml.tag", 1, 4),
        ("? [a, b]\n: 1\n", "yaml.key-not-text", 1, 3),
        ("a: &loop\n  b: *loop\n", "yaml.endless-alias", 1, 4),
    ],
)
def test_what_is_yaml_but_not_for_us_is_a_problem_with_its_place(text: str, code: str, line: int, column: int) -> None:
    (problem,) = parse_document(text, "x").problems
    assert (problem.code, problem.place) == (code, SourcePosition("x", line, column))


@pytest.mark.parametrize("written", [r"\e[31m", r"\u202e", r"\x85", r"\0", r"\u2066", r"\ud800", r"\u2028"])
def test_what_could_steer_a_terminal_or_an_eye_is_refused_with_its_place(written: str) -> None:
    """In names and in what they are worth: a control character, a mark that turns the direction, half a character."""
    text = f'name: fine\ntests:\n- {{"{written}x": "b{written}"}}\n'
    try:
        problems = tuple(parse_document(text, "x").problems)
    except SpecError as refused:
        problems = refused.problems
    assert {problem.code for problem in problems} <= {"yaml.not-plain-text", "yaml.syntax"}
    places = {(problem.place.line, problem.place.column) for problem in problems if problem.code != "yaml.syntax"}
    assert places <= {(3, 4), (3, 9 + len(written))}
    assert {problem.place.line for problem in problems} == {3}
    assert all("\ufffd" in str(problem.found) for problem in problems if problem.code == "yaml.not-plain-text")


@pytest.mark.parametrize("written", ["한글", "é", "a\\tb", "line\\nline", "👩\u200d👩"])
def test_text_of_any_language_is_taken(written: str) -> None:
    assert parse_document(f'a: "{written}"\n', "x").problems == []


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("a: b: c\n", 1, 5),
        ("a: [1, 2\n", 2, 1),
        ("a: 1\n---\nb: 2\n", 2, 1),
        ("\ta: 1\n", 1, 1),
        ("a: 1\nb: \x07\n", 2, 4),
    ],
)
def test_what_is_no_yaml_is_refused_where_it_stops_being_one(text: str, line: int, column: int) -> None:
    with pytest.raises(SpecError) as refused:
        parse_document(text, "x")
    (problem,) = refused.value.problems
    assert (problem.code, problem.place) == ("yaml.syntax", SourcePosition("x", line, column))
    assert problem.values["detail"]


def test_an_anchor_may_be_used_twice() -> None:
    assert parse_document("a: &x {b: 1}\nc: *x\n", "x").data == {"a": {"b": "1"}, "c": {"b": "1"}}


@pytest.mark.parametrize(
    "text",
    [
        "[" * 200_000,
        "{a: " * 101 + "1" + "}" * 101,
        "- " * 101 + "a",
        "\n".join(" " * depth + "a:" for depth in range(102)),
    ],
)
def test_a_text_that_is_nested_without_end_is_one_error(text: str) -> None:
    """Composed, the first of these would end the process."""
    with pytest.raises(SpecError) as refused:
        parse_document(text, "spec")
    assert [problem.code for problem in refused.value.problems] == ["yaml.too-deep"]


def test_what_is_nested_as_people_nest_is_fine() -> None:
    assert parse_document("[" * 99 + "]" * 99, "spec").problems == []


@pytest.mark.slow
def test_aliases_of_aliases_do_not_take_all_memory() -> None:
    levels = [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]" for level in range(1, 10)]
    with pytest.raises(SpecError) as refused:
        parse_document("\n".join(["a0: &a0 [x]", *levels]), "spec")
    assert [problem.code for problem in refused.value.problems] == ["yaml.too-many-values"]
