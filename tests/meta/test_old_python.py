"""What a worker needs runs on the Python a host happens to have: 3.9, with nothing installed."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from clearway.probe import records
from meta.tree import PACKAGE, TEMPLATES, parsed, sources

FOLDERS = ("base", "probe", "engine", "worker")
OWN = sys.stdlib_module_names | {"gotemplate"}


def imported(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "."


def is_at_hand(name: str) -> bool:
    top, _, rest = name.partition(".")
    return rest.split(".")[0] in FOLDERS if top == "clearway" else top in sys.stdlib_module_names


def python_39() -> str | None:
    beside = sorted((Path.home() / ".pyenv" / "versions").glob("3.9.*/bin/python3.9"))
    return str(beside[-1]) if beside else shutil.which("python3.9", path="/usr/bin:/usr/local/bin")


@pytest.mark.parametrize("folder", FOLDERS)
def test_only_the_standard_library_is_imported(folder: str) -> None:
    names = {(path.name, name) for path, module in sources(folder) for name in imported(module)}
    assert {(file, name) for file, name in names if not is_at_hand(name)} == set()


def test_the_template_engine_imports_only_itself_and_the_standard_library() -> None:
    names = {(path.name, name) for path, module in parsed(TEMPLATES) for name in imported(module)}
    assert {(file, name) for file, name in names if name.partition(".")[0] not in OWN} == set()


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_syntax_is_that_of_3_9(folder: str) -> None:
    for path, _ in sources(folder):
        ast.parse(path.read_text(), filename=str(path), feature_version=(3, 9))


@pytest.mark.skipif(python_39() is None, reason="no Python 3.9 here; the syntax is checked without one")
def test_a_real_3_9_imports_all_of_it() -> None:
    paths = [path for folder in FOLDERS for path, _ in sources(folder) if path.name != "__main__.py"]
    names = [".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts) for path in paths]
    statements = "\n".join(f"import {name.removesuffix('.__init__')}" for name in names)
    argv = [python_39() or "", "-I", "-c", f"import sys; sys.path.insert(0, {str(PACKAGE.parent)!r})\n{statements}"]
    subprocess.run(argv, check=True)


DERIVED = """
import json, sys
from clearway.probe import records
from clearway.probe.codec import of
print(json.dumps({name: of(getattr(records, name)).schema() for name in sys.argv[1:]}))
"""


@pytest.mark.skipif(python_39() is None, reason="no Python 3.9 here")
def test_a_real_3_9_derives_the_published_schemas_of_the_wire() -> None:
    published = json.loads((PACKAGE.parents[1] / "tests" / "golden" / "schemas.json").read_text(encoding="utf-8"))
    names = [name for name in published if hasattr(records, name)]
    code = f"import sys; sys.path.insert(0, {str(PACKAGE.parent)!r})\n{DERIVED}"
    done = subprocess.run([python_39() or "", "-I", "-c", code, *names], check=True, capture_output=True, text=True)
    derived = json.loads(done.stdout)
    assert len(derived) > 5
    assert json.dumps(derived) == json.dumps({name: published[name] for name in names})
