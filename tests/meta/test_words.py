"""One plain word for one thing: class names stand once, literary words stand nowhere, the glossary is true."""

from __future__ import annotations

import ast
import io
import re
import tokenize
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from meta.shown import EXAMPLES, PAGES
from meta.tree import PACKAGE, PACKAGES, ROOT, all_sources, parsed

LITERARY = re.compile(
    r"\b(whoever|nobody|somebody|everybody|anybody|whatever|whomever|told|tells?|heard|goes along|sake of|noughts?)\b",
    re.IGNORECASE,
)
"""Words that a reader without perfect English has to look up, or that blur who does what."""

A_FOR_PER = re.compile(
    r"\b(one (?!of|in|on|for|to)\w+|streams|requests|datagrams|transactions|megabytes|events) an? "
    r"(pair|node|flow|stream|second|worker|machine|line|round)\b",
    re.IGNORECASE,
)
"""`requests a second` for `requests per second`: a reader may take it for a list of two things."""

TWICE: Mapping[str, str] = {}
"""Class names that may stand in two files, each with its reason."""

NAMES = re.compile(r"`[^`\n]*`")
"""Code in a page's text."""

CATALOGUES = ("en.toml", "explain.en.toml")
ROW = re.compile(r"^\| (?P<term>[^|]+) \| (?P<korean>[^|]+) \| [^|]+ \| `(?P<path>[\w/.]+)`: `(?P<name>[\w-]+)` \|$")


def is_hard(text: str) -> bool:
    return any(pattern.search(text) for pattern in (LITERARY, A_FOR_PER))


def types(module: ast.Module) -> Iterator[str]:
    yield from (node.name for node in ast.walk(module) if isinstance(node, ast.ClassDef))


def test_a_class_name_stands_for_one_class() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for path, module in all_sources():
        for name in set(types(module)):
            places[name].append(str(path.relative_to(ROOT)))
    assert {name: found for name, found in places.items() if len(found) > 1 and name not in TWICE} == {}
    assert [name for name in TWICE if len(places[name]) < 2] == []


def prose(path: Path) -> Iterator[tuple[int, str]]:
    """Docstrings and comments, with their lines; none of a file without a hard word."""
    text = path.read_text(encoding="utf-8")
    if not is_hard(text):
        return
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(ast.parse(text)):
        bodies = node.body if isinstance(node, documented) else []
        for statement in bodies:
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                yield statement.lineno, str(statement.value.value)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_docstrings_and_comments_are_free_of_literary_words(package: Path) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {text.strip()[:100]}"
        for path, _ in parsed(package)
        for line, text in prose(path)
        if is_hard(text)
    ]
    assert found == []


def texts(table: Mapping[str, Any]) -> Iterator[str]:
    for value in table.values():
        if isinstance(value, dict):
            yield from texts(value)
        elif isinstance(value, str):
            yield value


@pytest.mark.parametrize("name", CATALOGUES)
def test_english_messages_are_free_of_literary_words(name: str) -> None:
    catalogue = tomllib.loads((PACKAGE / "report" / "wording" / name).read_text(encoding="utf-8"))
    assert [text for text in texts(catalogue) if is_hard(text.replace("{told}", ""))] == []


@pytest.mark.parametrize("page", [*PAGES, *EXAMPLES], ids=lambda path: str(path.relative_to(ROOT)))
def test_pages_and_examples_are_free_of_literary_words(page: Path) -> None:
    lines = NAMES.sub("", page.read_text(encoding="utf-8")).splitlines()
    assert [line for line in lines if is_hard(line)] == []


SHELL = (ROOT / "Makefile", *sorted((ROOT / "scripts").glob("*.sh")))


@pytest.mark.parametrize("path", SHELL, ids=lambda path: path.name)
def test_comments_of_scripts_are_free_of_literary_words(path: Path) -> None:
    comments = [line for line in path.read_text(encoding="utf-8").splitlines() if line.lstrip().startswith("#")]
    assert [line for line in comments if is_hard(line)] == []


def test_names_of_tests_are_free_of_literary_words() -> None:
    names = [name for path in sorted((ROOT / "tests").rglob("test_*.py")) for name in names_of_tests(path)]
    assert [name for name in names if is_hard(name.replace("_", " "))] == []


def names_of_tests(path: Path) -> list[str]:
    return re.findall(r"def (test_\w+)", path.read_text(encoding="utf-8"))


def rows() -> list[re.Match[str]]:
    lines = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines()
    entries = [line for line in lines if line.startswith("| ") and not line.startswith("| term ")]
    found = [ROW.match(line) for line in entries]
    assert [line for line, match in zip(entries, found, strict=True) if match is None] == []
    return [match for match in found if match is not None]


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["term"])
def test_the_glossary_names_a_place_that_is_there(row: re.Match[str]) -> None:
    text = (PACKAGE / row["path"]).read_text(encoding="utf-8")
    assert re.search(rf"(?<![\w-]){re.escape(row['name'])}(?![\w-])", text)


def test_the_glossary_has_a_term_once() -> None:
    terms = [row["term"] for row in rows()]
    assert len(terms) == len(set(terms)) >= 25
