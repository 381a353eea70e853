"""Suites: several tests in one file."""

from __future__ import annotations

from pathlib import Path

import pytest

from clearway.cl2.config.load import load_suite
from clearway.cl2.prepare import HERE, locate, shipped_names
from clearway.spec.problems import SpecError


def loaded(folder: Path, text: str) -> list[tuple[str, int | None]]:
    path = folder / "suite.yaml"
    path.write_text(text)
    with pytest.raises(SpecError) as caught:
        load_suite(path)
    return [(problem.code, problem.place.line) for problem in caught.value.problems]


def test_our_own_suite_names_files_that_are_there() -> None:
    scenarios = load_suite(HERE / "testing/network/suite.yaml")
    files = [path for scenario in scenarios for path in (scenario.config_path, *scenario.override_paths)]
    assert len(scenarios) == 6
    assert set(files) <= set(shipped_names())


def test_identifiers_differ_and_have_no_underscores(tmp_path: Path) -> None:
    text = "- {identifier: a, configPath: x}\n- {identifier: a, configPath: x}\n- {identifier: b_c, ConfigPath: x}\n"
    assert loaded(tmp_path, text) == [("door.same-identifier", 2), ("door.underscore", 3)]


def test_a_suite_is_a_list_of_what_it_knows(tmp_path: Path) -> None:
    assert loaded(tmp_path, "- {identifier: a, confPath: x}\n") == [("spec.missing-key", 1), ("spec.unknown-key", 1)]
    assert loaded(tmp_path, "identifier: a\n") == [("spec.not-a-list", 1)]


def test_the_users_own_file_goes_before_ours(here: Path) -> None:
    asked = "testing/network/config.yaml"
    assert locate(asked).path == HERE / asked
    assert locate(f"clusterloader2/{asked}").shipped
    own = here / asked
    own.parent.mkdir(parents=True)
    own.write_text("name: mine")
    assert not locate(asked).shipped


@pytest.mark.parametrize("asked", ["testing/network/other.yaml", "config.yaml", "testing/../flags.py", "testing"])
def test_a_file_that_does_not_exist_stays_missing(here: Path, asked: str) -> None:
    found = locate(asked)
    assert (found.shipped, found.path) == (False, Path(asked))
