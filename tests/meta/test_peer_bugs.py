"""The page of ClusterLoader2's bugs names a test for each, and every test that it names is there."""

from __future__ import annotations

import ast
import re

import pytest

from meta.tree import ROOT, functions

PAGE = ROOT / "docs" / "developers" / "peer-bugs.md"
NUMBERED = re.compile(r"^\| (\d+) \|", re.MULTILINE)
NAMED = re.compile(r"`([\w/]+\.py)::(\w+)`")


def rows() -> list[str]:
    return [line for line in PAGE.read_text(encoding="utf-8").splitlines() if NUMBERED.match(line)]


def test_all_27_are_reported_in_order() -> None:
    assert [int(NUMBERED.findall(row)[0]) for row in rows()] == list(range(1, 28))


@pytest.mark.parametrize("row", rows(), ids=lambda row: NUMBERED.findall(row)[0])
def test_each_is_held_by_tests_that_are_there(row: str) -> None:
    named = NAMED.findall(row)
    assert len(named) == row.count("::") > 0
    for path, name in named:
        module = ast.parse((ROOT / "tests" / path).read_text(encoding="utf-8"))
        assert name in {function.name for function in functions(module)}, f"{path}::{name}"
