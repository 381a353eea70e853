"""One plain word for one thing: class names stand once, literary words stand nowhere, the glossary is true."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from meta.shown import EXAMPLES, PAGES
from meta.tree import PACKAGE, ROOT

LITERARY = re.compile(
    r"\b(whoever|nobody|somebody|everybody|anybody|whatever|whomever|told|tells?|heard|goes along|sake of)\b",
    re.IGNORECASE,
)
"""Words that a reader without perfect English has to look up, or that blur who does what."""

NAMES = re.compile(r"`[^`\n]*`")
"""Code in a page's text."""

CATALOGUES = ("en.toml", "explain.en.toml")
ROW = re.compile(r"^\| (?P<term>[^|]+) \| (?P<korean>[^|]+) \| [^|]+ \| `(?P<path>[\w/.]+)`: `(?P<name>[\w-]+)` \|$")


def texts(table: Mapping[str, Any]) -> Iterator[str]:
    for value in table.values():
        if isinstance(value, dict):
            yield from texts(value)
        elif isinstance(value, str):
            yield value


@pytest.mark.parametrize("name", CATALOGUES)
def test_english_messages_are_free_of_literary_words(name: str) -> None:
    catalogue = tomllib.loads((PACKAGE / "report" / "wording" / name).read_text(encoding="utf-8"))
    assert [text for text in texts(catalogue) if LITERARY.search(text.replace("{told}", ""))] == []


@pytest.mark.parametrize("page", [*PAGES, *EXAMPLES], ids=lambda path: str(path.relative_to(ROOT)))
def test_pages_and_examples_are_free_of_literary_words(page: Path) -> None:
    lines = NAMES.sub("", page.read_text(encoding="utf-8")).splitlines()
    assert [line for line in lines if LITERARY.search(line)] == []


def test_names_of_tests_are_free_of_literary_words() -> None:
    names = [name for path in sorted((ROOT / "tests").rglob("test_*.py")) for name in names_of_tests(path)]
    assert [name for name in names if LITERARY.search(name.replace("_", " "))] == []


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
