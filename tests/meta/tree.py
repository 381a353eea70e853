"""The project's own files, as the meta-tests look at them."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "clearway"
TEMPLATES = ROOT / "src" / "gotemplate"
PACKAGES = (PACKAGE, TEMPLATES)

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def project_files() -> tuple[Path, ...]:
    """Everything that is, or would be, committed."""
    argv = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(argv, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return tuple(path for name in listed.split("\0") if name and (path := ROOT / name).is_file())


def texts() -> Iterator[tuple[Path, str]]:
    for path in project_files():
        content = path.read_bytes()
        if b"\0" not in content:
            yield path.relative_to(ROOT), content.decode()


@cache
def sources(folder: str) -> tuple[tuple[Path, ast.Module], ...]:
    """The modules of one of clearway's folders, parsed."""
    return parsed(PACKAGE / folder)


@cache
def all_sources() -> tuple[tuple[Path, ast.Module], ...]:
    return tuple(module for package in PACKAGES for module in parsed(package))


@cache
def parsed(folder: Path) -> tuple[tuple[Path, ast.Module], ...]:
    return tuple((path, _module(path)) for path in sorted(folder.rglob("*.py")))


@cache
def _module(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@cache
def nodes(folder: Path) -> tuple[tuple[Path, ast.AST], ...]:
    """All nodes of all modules of a folder, with the module's file."""
    return tuple((path, node) for path, module in parsed(folder) for node in ast.walk(module))


@cache
def functions(module: ast.Module) -> tuple[Function, ...]:
    return tuple(node for node in ast.walk(module) if isinstance(node, Function))


def length(function: Function) -> int:
    """Lines from `def` to the last one."""
    return (function.end_lineno or function.lineno) - function.lineno + 1
