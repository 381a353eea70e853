"""A hostile template ends with one clear error, and before it has used much."""

from __future__ import annotations

import pytest

from gotemplate import Limits, Template, TemplateError

SMALL = Limits(steps=10_000, characters=100_000)
DOUBLING = "{{$x := `aaaaaaaa`}}{{range 60}}{{$x = print $x $x}}{{end}}"


def nested(depth: int) -> str:
    return "{{if true}}" * depth + "{{end}}" * depth


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("{{range 1000000000}}{{end}}", "does not come to an end"),
        ("{{range 1000000000}}{{continue}}{{end}}", "does not come to an end"),
        ("{{range 100000}}{{range 100000}}{{end}}{{end}}", "does not come to an end"),
        ("{{range 9000}}some text of a certain length{{end}}", "more than 100000 characters"),
        (DOUBLING, "more than 100000 characters"),
        (DOUBLING.replace("print $x $x", "printf `%[1]s%[1]s` $x"), "more than 100000 characters"),
        ('{{printf "%1000000d" 1}}', "more than 100000 characters"),
        ('{{define "x"}}{{template "x"}}{{end}}{{template "x"}}', "call each other more than 100 deep"),
        (nested(51), "nested more than 50 deep"),
        ("{{" + "(" * 51 + "1" + ")" * 51 + "}}", "nested more than 50 deep"),
    ],
)
def test_it_is_stopped(text: str, cause: str) -> None:
    with pytest.raises(TemplateError, match=cause):
        Template(text, limits=SMALL).render(None)


@pytest.mark.parametrize("number", ["9" * 5000, "1_0" * 2000 + "e1", "0x" + "0" * 5000 + "1", "1" + "0" * 400 + "e1"])
def test_a_number_without_bound_is_refused(number: str) -> None:
    with pytest.raises(TemplateError):
        Template(f"{{{{{number}}}}}")


def test_one_call_of_printf_has_a_bound_too() -> None:
    text = "{{$x := printf `%100000d` 1}}{{printf `" + "%[1]s" * 1000 + "` $x}}"
    with pytest.raises(TemplateError, match="more than"):
        Template(text).render(None)


def test_one_call_with_many_long_arguments_has_a_bound_too() -> None:
    text = "{{$x := printf `%900000d` 1}}{{len (print " + "$x " * 1000 + ")}}"
    with pytest.raises(TemplateError, match="more than"):
        Template(text).render(None)


def test_templates_that_call_each_other_inside_blocks_end_too() -> None:
    inside = "{{if true}}" * 40 + '{{template "x"}}' + "{{end}}" * 40
    with pytest.raises(TemplateError, match="deep"):
        Template(f'{{{{define "x"}}}}{inside}{{{{end}}}}{{{{template "x"}}}}').render(None)


def test_data_that_contain_themselves_end_too() -> None:
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(TemplateError, match="deep"):
        Template("{{.}}").render(endless)


@pytest.mark.slow
def test_honest_templates_are_far_from_the_bounds() -> None:
    assert len(Template(nested(50)).render(None)) == 0
    chain = "{{if eq . 1}}" + "".join(f"{{{{else if eq . {number}}}}}{number}" for number in range(2, 2000)) + "{{end}}"
    assert Template(chain).render(1999) == "1999"
    assert Template("{{range 100000}}x{{end}}").render(None) == "x" * 100_000
