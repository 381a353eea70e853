"""A config's templates: files of its folder only, and values that stay values."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clearway.cl2.templates import Templates
from clearway.report.wording import describe_error
from clearway.spec.problems import Problem, SpecError

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file below the config's folder."""
    root = tmp_path / "config"

    def written(text: str, name: str = "config.yaml") -> Path:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
        return root / name

    return written


def rendered(path: Path, **variables: Any) -> str:
    return Templates(path.parent)(path, variables)


def refusal(path: Path, **variables: Any) -> Problem:
    with pytest.raises(SpecError) as caught:
        rendered(path, **variables)
    (problem,) = caught.value.problems
    return problem


def test_a_value_is_printed_into_the_yaml(write: Write) -> None:
    path = write("a: {{.text}}\nb: {{AddInt .number 1}}\nc: {{.missing}}\n{{range Loop 2}}d{{.}}: 1\n{{end}}")
    assert rendered(path, text="x y", number=4.0) == "a: x y\nb: 5\nc: <no value>\nd0: 1\nd1: 1\n"


LABELS = "metadata:\n  labels:\n    {{.client}}: clientPodName\n    {{.server}}: serverPodName\n"


def test_a_label_key_may_come_from_a_value(write: Write) -> None:
    assert "    pod-1: clientPodName\n    pod-2: serverPodName\n" in rendered(
        write(LABELS), client="pod-1", server="pod-2"
    )


@pytest.mark.parametrize(
    ("template", "values", "code", "line", "key"),
    [
        ("a: 1\nb: {{.x}}\n", {"x": "y\nc: 2"}, "template.value-changes-shape", 2, ".x"),
        ("a: {{.y}}\nb: {{.x}}\n", {"x": "[1]", "y": "fine"}, "template.value-changes-shape", 2, ".x"),
        ("a: {{.x}}\n", {"x": "{{"}, "template.value-breaks-yaml", 1, ".x"),
        ('a: "{{.x}}"\n', {"x": 'q"'}, "template.value-breaks-yaml", 1, ".x"),
        ("{{.x}}: 1\n", {"x": "key"}, "template.value-changes-keys", 1, ".x"),
        ("{{range .l}}\n- {{.}}\n{{end}}", {"l": ["a", "b: c"]}, "template.value-changes-shape", 2, "."),
        ("a: {{(index .l 0).x}}\n", {"l": [{"x": "[]"}]}, "template.value-changes-shape", 1, "(...).x"),
        ("{{$v := .x}}a: {{$v}}\n", {"x": "- b"}, "template.value-breaks-yaml", 1, "$v"),
        (LABELS, {"client": "a", "server": "a"}, "template.value-changes-keys", 3, ".client"),
        (LABELS, {"client": "a b", "server": "c"}, "template.value-changes-keys", 3, ".client"),
        ("a: {{AddInt .x 1}}\n", {"x": "5"}, "template.value-is-text", 1, ".x"),
        ("a: {{.x}}\n", {"x": "!t b"}, "template.value-changes-shape", 1, ".x"),
        ("{{.x}}: 1\n", {"x": "[b]"}, "template.value-changes-keys", 1, ".x"),
        ("{{.x}}\n", {"x": "a: 1"}, "template.value-changes-shape", 1, ".x"),
        ("a: 1\n{{.x}}\n", {"x": "b: 1"}, "template.value-changes-shape", 2, ".x"),
        ('{{define "t"}}a: {{.}}{{end}}{{template "t" .x}}\n', {"x": "[1]"}, "template.value-changes-shape", 1, "."),
    ],
)
def test_a_value_that_changes_the_structure_is_named(
    write: Write, template: str, values: dict[str, Any], code: str, line: int, key: str
) -> None:
    problem = refusal(write(template), **values)
    assert (problem.code, problem.place.line, problem.key) == (code, line, key)
    assert problem.place.source.endswith("config.yaml")


def test_structural_data_may_bring_structure(write: Write) -> None:
    assert rendered(write("a: {{StructuralData .x}}\n"), x="{b: 1}") == "a: {b: 1}\n"


def test_without_the_protection_everything_goes(write: Write) -> None:
    path = write("a: {{.x}}\n")
    assert Templates(path.parent).unchecked(path, {"x": "[1\nb: "}) == "a: [1\nb: \n"


def test_a_template_that_makes_no_yaml_says_where(write: Write) -> None:
    problem = refusal(write("a: 1\nb: [\n"))
    assert (problem.code, problem.values["line"]) == ("template.not-yaml", 3)
    assert refusal(write("a: 1\na: 2\n")).values["detail"] == "the key a is there twice"


@pytest.mark.parametrize("opening", ["[", "- ", "? ", "{a: "])
def test_yaml_of_any_depth_ends_in_a_clear_error(write: Write, opening: str) -> None:
    assert refusal(write(f"{{{{range 100000}}}}{opening}{{{{end}}}}")).code == "template.not-yaml"
    assert refusal(write("a: {{.x}}\n"), x=opening * 100_000).code == "template.value-breaks-yaml"


def test_what_is_no_utf8_is_refused(write: Write) -> None:
    assert refusal(write('a: 1\nb: {{"\\xff"}}\n')).values == {"detail": "it is not UTF-8 text", "line": 2}


def test_what_the_engine_refuses_is_shown_with_a_caret(write: Write) -> None:
    path = write("a: 1\nb: {{AddIntt 1}}\n")
    with pytest.raises(SpecError) as caught:
        rendered(path)
    assert describe_error(caught.value, "en") == (
        f"{path}:2:6: there is no function AddIntt\n    b: {{{{AddIntt 1}}}}\n         ^\n  hint: did you mean AddInt?"
    )


def test_a_range_of_a_thousand_million_is_refused(write: Write) -> None:
    assert "does not come to an end" in refusal(write("{{range $n := .n}}{{end}}"), n=10**9).values["cause"]
    assert "1000000 is the most" in refusal(write("{{range Loop .n}}{{end}}"), n=1e9).values["cause"]


def test_a_file_of_the_folder_is_included(write: Write) -> None:
    write("b: 1\n", "sub/part.yaml")
    assert rendered(write('{{IncludeFile "sub/part.yaml"}}')) == "b: 1\n"


def test_nothing_outside_of_the_folder_is_included(write: Write, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s")
    for name in ("../secret", str(tmp_path / "secret"), "sub/../../secret", "link"):
        path = write(f'{{{{IncludeFile "{name}"}}}}')
        (path.parent / "link").unlink(missing_ok=True)
        (path.parent / "link").symlink_to(tmp_path / "secret")
        assert "outside" in refusal(path).values["cause"]


def test_a_file_that_is_missing_is_named(write: Write) -> None:
    problem = refusal(write('{{IncludeFile "nope.yaml"}}'))
    assert "nope.yaml can't be read: No such file or directory" in problem.values["cause"]
    assert "looked for at" in str(problem.values["advice"])


def test_files_that_include_each_other_are_refused(write: Write) -> None:
    write('{{IncludeFile "config.yaml"}}', "b.yaml")
    assert "config.yaml -> b.yaml -> config.yaml" in refusal(write('{{IncludeFile "b.yaml"}}')).values["cause"]
    assert "without end" in refusal(write('{{IncludeEmbedFile "config.yaml"}}')).values["cause"]


def test_what_is_drawn_goes_on_from_file_to_file_and_begins_with_the_seed(write: Write) -> None:
    path = write("a: {{RandInt 1000000}}\nb: {{.x}}\n")
    templates = Templates(path.parent)
    first, second = templates(path, {"x": "y"}), templates(path, {"x": "y"})
    assert first != second
    assert [first, second] == [renders(path, {"x": "y"}) for renders in [Templates(path.parent)] for _ in range(2)]
