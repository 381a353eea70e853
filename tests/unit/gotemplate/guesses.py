"""Templates and data at random: mostly well made, some broken."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

NAMES = ("a", "b", "c", "d", "e", "m", "l", "s", "n", "nothing")
VARIABLES = ("$", "$x", "$y")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NUMBERS = st.one_of(
    st.integers(-100, 100), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False)
)
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS)
VALUES: SearchStrategy[object] = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(NAMES), inner, max_size=4)),
    max_leaves=8,
)
DATA = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=8)

CONSTANTS = st.one_of(
    st.integers(-20, 20).map(str),
    st.sampled_from(
        ("1.5", "-0.25", "1e3", "1e21", "0x1F", "0b11", "017", "1_000", "'a'", "'\\n'", '"t"', '""', '"é\\t\\x41"')
    ),
    st.sampled_from(("true", "false", "nil", "`raw`", '"%v"', '"%d|%s"', '"a"', '"b"', "0", "9223372036854775807")),
)
VERBS = st.sampled_from("vdsqxXtTbcoOUeEfFgG%zw")
FLAGS = st.text(st.sampled_from("+-# 0"), max_size=2)
WIDTHS = st.sampled_from(("", "", "5", "1", "12", "*", "[1]*"))
PRECISIONS = st.sampled_from(("", "", ".", ".0", ".3", ".*"))
INDICES = st.sampled_from(("", "", "", "[1]", "[2]", "[9]", "[x]", "["))
DIRECTIVES = st.tuples(FLAGS, WIDTHS, PRECISIONS, INDICES, VERBS).map(lambda parts: "%" + "".join(parts))
FORMATS = st.lists(st.one_of(DIRECTIVES, st.sampled_from((" ", "x", "é"))), max_size=4).map(
    lambda parts: '"' + "".join(parts) + '"'
)
ANY = -1
FUNCTIONS = {
    "print": ANY,
    "println": ANY,
    "len": 1,
    "index": ANY,
    "slice": ANY,
    "html": ANY,
    "js": ANY,
    "urlquery": ANY,
    "not": 1,
    "and": ANY,
    "or": ANY,
    "eq": ANY,
    "ne": 2,
    "lt": 2,
    "le": 2,
    "gt": 2,
    "ge": 2,
    "call": ANY,
}


def fields() -> SearchStrategy[str]:
    chains = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map(lambda names: "." + ".".join(names))
    return st.one_of(chains, st.just("."), st.sampled_from(VARIABLES), st.just("$.a"), st.just("$x.b"))


@st.composite
def operands(draw: DrawFn, depth: int = 2) -> str:
    if depth == 0 or draw(st.integers(0, 3)) > 0:
        return draw(st.one_of(CONSTANTS, fields(), fields()))
    inner = draw(commands(depth - 1))
    return f"({inner})" + draw(st.sampled_from(("", "", ".a")))


@st.composite
def commands(draw: DrawFn, depth: int = 2) -> str:
    kind = draw(st.integers(0, 9))
    if kind < 4:
        return draw(operands(depth))
    if kind < 6:
        arguments = draw(st.lists(operands(depth), max_size=3))
        return " ".join(("printf", draw(FORMATS), *arguments))
    name = draw(st.sampled_from(sorted(FUNCTIONS)))
    count = FUNCTIONS[name] if FUNCTIONS[name] != ANY else draw(st.integers(0, 3))
    return " ".join((name, *(draw(operands(depth)) for _ in range(count))))


@st.composite
def pipelines(draw: DrawFn) -> str:
    stages = draw(st.lists(commands(), min_size=1, max_size=3))
    return draw(st.sampled_from(("|", " | "))).join(stages)


OPEN = st.sampled_from(("{{", "{{", "{{", "{{- ", "{{ "))
CLOSE = st.sampled_from(("}}", "}}", "}}", " -}}", " }}"))


@st.composite
def actions(draw: DrawFn, content: str) -> str:
    return draw(OPEN) + content + draw(CLOSE)


@st.composite
def blocks(draw: DrawFn, depth: int) -> str:
    keyword = draw(st.sampled_from(("if", "with", "range", "range")))
    setting = draw(st.sampled_from(("", "", "$x := ", "$x = ")))
    if keyword == "range":
        setting = draw(st.sampled_from(("", "", "$x := ", "$x, $y := ", "$x = ", "$x, $y = ")))
    parts = [draw(actions(f"{keyword} {setting}{draw(pipelines())}")), draw(templates(depth - 1))]
    if keyword == "range" and draw(st.booleans()):
        leaving = draw(st.sampled_from(("break", "continue")))
        parts.append(f"{{{{if {draw(pipelines())}}}}}{{{{{leaving}}}}}{{{{end}}}}")
    if draw(st.booleans()):
        again = f" {keyword} {draw(pipelines())}" if draw(st.integers(0, 3)) == 0 else ""
        parts += (draw(actions(f"else{again}")), draw(templates(depth - 1)))
    return "".join((*parts, draw(actions("end"))))


@st.composite
def pieces(draw: DrawFn, depth: int) -> str:
    kind = draw(st.integers(0, 11))
    if kind < 3:
        return draw(st.sampled_from(("text", " ", "\n", " \n x", "}}", "é", "{", "a: b\n")))
    if kind < 7 or depth == 0:
        return draw(actions(draw(pipelines())))
    if kind < 8:
        return draw(
            actions(f"{draw(st.sampled_from(VARIABLES[1:]))} {draw(st.sampled_from(':='))}= {draw(pipelines())}")
        )
    if kind < 9:
        return draw(st.sampled_from(("{{/* c */}}", "{{- /* c */ -}}", '{{template "t" .}}', '{{template "t" .a}}')))
    return draw(blocks(depth))


def templates(depth: int = 2) -> SearchStrategy[str]:
    return st.lists(pieces(depth), max_size=4).map("".join)


@st.composite
def whole_templates(draw: DrawFn) -> str:
    beginning = draw(st.sampled_from(("", "", "{{$x := .a}}", "{{$x := 1}}{{$y := .l}}")))
    defined = draw(st.sampled_from(("", '{{define "t"}}<{{.}}{{$.a}}>{{end}}')))
    return beginning + draw(templates()) + defined


@st.composite
def broken_templates(draw: DrawFn) -> str:
    """A well made one with something taken out, put in, or said twice."""
    text = draw(whole_templates())
    start = draw(st.integers(0, len(text)))
    end = draw(st.integers(start, min(len(text), start + 3)))
    return (
        text[:start] + draw(st.sampled_from(("", "", "{{", "}}", "(", ")", "|", '"', " ", ".", "$", "-"))) + text[end:]
    )
