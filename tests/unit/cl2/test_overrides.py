"""Variables: files in order, the environment beside them, and no contradiction between the two."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clearway.cl2.overrides import from_text, variables
from clearway.spec.problems import SpecError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10", 10),
        ("-3", -3),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("true", True),
        ("F", False),
        ("yes", "yes"),
        ("10s", "10s"),
        ("", ""),
        ("1_000", "1_000"),
        (" 1", " 1"),
    ],
)
def test_a_variable_of_the_environment_has_the_first_type_that_fits(text: str, value: object) -> None:
    assert (from_text(text), type(from_text(text))) == (value, type(value))


def written(folder: Path, **files: str) -> list[Path]:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    return [folder / f"{name}.yaml" for name in files]


def test_later_files_win_and_the_environment_adds(tmp_path: Path) -> None:
    files = written(tmp_path, one="CL2_A: 1\nCL2_B: x", two="CL2_A: 2")
    found = variables(files, {"CL2_C": "3", "HOME": "/"}, {"ImageRegistry": ""})
    assert found == {"CL2_A": 2.0, "CL2_B": "x", "CL2_C": 3, "ImageRegistry": ""}


def test_numbers_of_a_file_are_floats_as_go_decodes_them(tmp_path: Path) -> None:
    (file,) = written(tmp_path, one="A: 5\nB: [1, {C: 2}]\nD: true")
    found: Any = variables([file], {}, {})
    assert (type(found["A"]), found["B"], found["D"]) == (float, [1.0, {"C": 2.0}], True)


def test_equal_values_of_file_and_environment_are_no_contradiction(tmp_path: Path) -> None:
    files = written(tmp_path, one="CL2_A: 50")
    assert variables(files, {"CL2_A": "50"}, {})["CL2_A"] == 50


def test_a_contradiction_names_the_line_and_the_variable(tmp_path: Path) -> None:
    files = written(tmp_path, one="# a comment\nCL2_PROTOCOL: TCP\n")
    with pytest.raises(SpecError) as caught:
        variables(files, {"CL2_PROTOCOL": "UDP"}, {})
    (problem,) = caught.value.problems
    assert (problem.code, str(problem.place)) == ("door.contradiction", f"{files[0]}:2:1")
    assert (problem.found, problem.values["environment"]) == ("TCP", "UDP")


def test_every_file_that_is_wrong_is_reported_at_once(tmp_path: Path) -> None:
    files = written(tmp_path, one="- a list", two="a: [")
    with pytest.raises(SpecError) as caught:
        variables([*files, tmp_path / "missing.yaml"], {}, {})
    codes = {problem.code for problem in caught.value.problems}
    assert codes == {"door.overrides-no-mapping", "yaml.syntax", "spec.file-missing"}
