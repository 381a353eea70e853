"""The Python files of a source tree, read and parsed once."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class SourceFile:
    path: Path
    """Relative to the source folder."""
    text: str
    module: ast.Module

    @property
    def line_count(self) -> int:
        return len(self.text.splitlines())

    @property
    def docstrings(self) -> Iterator[ast.Constant]:
        """Strings that stand as a statement of their own: of modules, classes, functions and attributes."""
        for node in ast.walk(self.module):
            if (
                isinstance(node, ast.Expr)
                and isinstance(node.value, ast.Constant)
                and isinstance(node.value.value, str)
            ):
                yield node.value

    @property
    def functions(self) -> Iterator[Function]:
        return (node for node in ast.walk(self.module) if isinstance(node, Function))


def read_source(folder: Path) -> Sequence[SourceFile]:
    paths = sorted(folder.rglob("*.py"))
    return tuple(_read(path, folder) for path in paths)


def _read(path: Path, folder: Path) -> SourceFile:
    text = path.read_text()
    return SourceFile(path.relative_to(folder), text, ast.parse(text))


def lines_of(node: ast.stmt | ast.expr) -> range:
    """The numbers of the lines that it stands on."""
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)
