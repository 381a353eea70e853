"""What is wrong is said with its place, a caret under it, and what to do."""

from __future__ import annotations

import pytest

from gotemplate import Position, Template, TemplateError


def refused(text: str, data: object = None) -> TemplateError:
    with pytest.raises(TemplateError) as caught:
        Template(text, name="f.yaml").render(data)
    return caught.value


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("{{.a", "f.yaml:1:1"),
        ("a\nb {{if .x}}", "f.yaml:2:5"),
        ("a\n\tb: {{ printff 1 }}", "f.yaml:2:8"),
        ("{{/* a", "f.yaml:1:3"),
        ("é {{index . 1}}", "f.yaml:1:5"),
        ("{{- range 3}}\n{{. | len}}{{end}}", "f.yaml:2:7"),
        ('{{template "x"}}', "f.yaml:1:3"),
        ("{{end}}", "f.yaml:1:3"),
        ("{{$x}}", "f.yaml:1:3"),
        ('{{"\\q"}}', "f.yaml:1:3"),
        ("{{range $i, $x := 3}}{{end}}", "f.yaml:1:3"),
        ("{{.a.b.c}}", "f.yaml:1:3"),
        ('{{printf "%d" (index .a 1)}}', "f.yaml:1:16"),
    ],
)
def test_it_names_file_line_and_column(text: str, place: str) -> None:
    assert str(refused(text, {"a": {"b": "text"}}).place) == place


def test_it_shows_the_line_and_a_caret_and_a_hint() -> None:
    error = refused("first\n  b: {{ printff 1 }}\nlast")
    assert error.place == Position("f.yaml", 2, 9)
    assert error.shown() == (
        "f.yaml:2:9: there is no function printff\n      b: {{ printff 1 }}\n            ^\nhint: did you mean printf?"
    )


def test_of_a_long_line_only_the_neighbourhood_is_shown() -> None:
    excerpt = refused("x" * 1000 + "{{nope}}" + "y" * 1000).excerpt().splitlines()
    assert max(map(len, excerpt)) < 130
    assert excerpt[0][excerpt[1].index("^") :].startswith("nope")


def test_a_function_of_ones_own_refuses_by_value_error() -> None:
    def fails(value: object) -> object:
        raise ValueError(f"{value} does not suit me")

    template = Template("{{fails 5}}", functions={"fails": fails})
    with pytest.raises(TemplateError, match="fails: 5 does not suit me"):
        template.render(None)


def test_a_bug_in_a_function_stays_a_bug() -> None:
    def broken() -> object:
        raise TypeError("a bug")

    with pytest.raises(TypeError, match="a bug"):
        Template("{{broken}}", functions={"broken": broken}).render(None)


def test_a_function_that_takes_text_is_given_nothing_else() -> None:
    def joined(*texts: str) -> str:
        return "-".join(texts)

    assert Template('{{joined "a" .b}}', functions={"joined": joined}).render({"b": "c"}) == "a-c"
    for wrong in ("1", ".n", "nil", ".missing"):
        with pytest.raises(TemplateError, match="has to be text"):
            Template(f"{{{{joined {wrong}}}}}", functions={"joined": joined}).render({"n": 5})


def test_too_few_and_too_many_arguments_are_refused_when_they_are_reached() -> None:
    def pair(first: object, second: object) -> object:
        return first or second

    functions = {"pair": pair}
    assert Template("{{if false}}{{pair 1}}{{end}}", functions=functions).render(None) == ""
    with pytest.raises(TemplateError, match="pair takes 2 arguments, not 1"):
        Template("{{pair 1}}", functions=functions).render(None)
    with pytest.raises(TemplateError, match="pair takes 2 arguments, not 3"):
        Template("{{3 | pair 1 2}}", functions=functions).render(None)
