"""Where literary words are counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.shape.source import read_source
from scripts.shape.words import figures
from unit.shape.trees import write_tree


def places(folder: Path, texts: dict[str, str]) -> list[list[str]]:
    write_tree(folder, texts)
    return [list(figure.places) for figure in figures(folder, read_source(folder))]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('"""One line.\n\nFor whoever\nasks.\n"""\n', ["a.py:3: whoever: For whoever"]),
        ("x = 1  # Nobody asks\n", ["a.py:1: Nobody: # Nobody asks"]),
        ('help = "what somebody sees"\n', ['a.py:1: somebody: "what somebody sees"']),
        ("whatever = nobody = 1\n", []),
        ("# nobodys, somebodyelse\n", []),
        ("# nobody and nobody\n", ["a.py:1: nobody: # nobody and nobody"] * 2),
    ],
    ids=["docstring", "comment", "string", "name", "part-of-a-word", "twice"],
)
def test_a_pronoun_counts_in_text_and_not_in_a_name(tmp_path: Path, text: str, found: list[str]) -> None:
    assert places(tmp_path, {"a.py": text}) == [found, []]


def test_an_english_catalogue_counts_by_its_texts_and_a_korean_one_does_not(tmp_path: Path) -> None:
    catalogue = '# for nobody\n[x]\nnobody = "all"\nall = "nobody"\n'
    found = places(tmp_path, {"w/explain.en.toml": catalogue, "w/ko.toml": 'a = "nobody"\n'})
    assert found == [["w/explain.en.toml:1: nobody: # for nobody", 'w/explain.en.toml:4: nobody: "nobody"'], []]


def test_verbs_are_a_figure_of_their_own(tmp_path: Path) -> None:
    assert places(tmp_path, {"a.py": "# it goes along\n# retold\n# told\n"}) == [
        [],
        ["a.py:1: goes along: # it goes along", "a.py:3: told: # told"],
    ]
