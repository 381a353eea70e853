"""No input makes a reader fail in a way that it does not declare, or take long: a short run of `make fuzz`."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from fuzz.hunting import Found, hunted, tried
from fuzz.targets import TARGETS, Target

INPUTS = 150
FOUND = Path(__file__).with_name("found")
"""Inputs that once made a reader fail, in a folder for each."""


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_a_reader_refuses_what_is_wrong_as_it_says(name: str, tmp_path: Path) -> None:
    count, found = hunted(TARGETS[name](), Random(name), tmp_path, lambda count: count < INPUTS)
    assert count == INPUTS
    assert [one.why for one in found] == []


@pytest.mark.parametrize("path", sorted(FOUND.glob("*/*")), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_was_found_once_is_refused_now(path: Path, tmp_path: Path) -> None:
    assert tried(TARGETS[path.parent.name](), path.read_bytes(), tmp_path) is None


def test_a_reader_that_fails_in_another_way_is_found(tmp_path: Path) -> None:
    def read(content: bytes, folder: Path) -> int:
        return int(content)

    content = b"\xff"
    assert tried(Target([content], (ValueError,), read), content, tmp_path) is None
    assert tried(Target([content], (KeyError,), read), content, tmp_path) == Found(
        content, "ValueError: invalid literal for int() with base 10: b'\\xff'"
    )
