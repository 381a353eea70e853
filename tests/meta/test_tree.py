"""Nothing in the project depends on where it was written."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from meta.tree import PACKAGES, ROOT, project_files, texts

# In pieces, or this file would name them itself.
REGISTRY_HOSTS = [
    ".".join(labels)
    for labels in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("proxy", "golang", "org"),
        ("registry", "npmjs", "org"),
        ("registry", "k8s", "io"),
        ("docker", "io"),
        ("ghcr", "io"),
        ("gcr", "io"),
        ("quay", "io"),
        ("pkg", "dev"),
        ("deb", "debian", "org"),
    )
]
SCRIPTS = [*sorted(ROOT.glob("scripts/*.sh")), ROOT / ".ci" / "run"]
REGISTRY = re.compile("|".join(map(re.escape, REGISTRY_HOSTS)))
MACHINE_PATH = re.compile(r"(?<![\w.$}*~-])/(root|work|home)/")


def lines_matching(pattern: re.Pattern[str]) -> Iterator[tuple[Path, int]]:
    for path, text in texts():
        for number, line in enumerate(text.splitlines(), 1):
            if pattern.search(line):
                yield path, number


def test_no_line_names_a_package_registry() -> None:
    assert list(lines_matching(REGISTRY)) == []


def test_no_line_names_a_path_of_one_machine() -> None:
    this_file = Path(__file__).relative_to(ROOT)
    assert [place for place in lines_matching(MACHINE_PATH) if place[0] != this_file] == []


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_a_package_says_that_it_is_typed(package: Path) -> None:
    assert (package / "py.typed").is_file()


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_every_folder_of_a_package_is_a_package(package: Path) -> None:
    folders = {path.parent for path in package.rglob("*.py")}
    assert {folder.relative_to(package) for folder in folders if not (folder / "__init__.py").is_file()} == set()


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_can_be_run_and_read_by_bash(script: Path) -> None:
    assert script.stat().st_mode & 0o111
    subprocess.run(["bash", "-n", script], check=True)


def test_nothing_that_is_made_is_committed() -> None:
    made = {".venv", "__pycache__", "out", "dist", ".hypothesis"}
    assert [path for path in project_files() if made & set(path.relative_to(ROOT).parts)] == []
