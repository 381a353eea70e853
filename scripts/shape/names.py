"""Names of types that are defined in more than one file: one word with several meanings."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from scripts.goal import Goal
from scripts.shape.figure import Figure
from scripts.shape.source import SourceFile

_TYPE_NAME = re.compile(r"_?[A-Z]\w*[a-z]\w*")
"""Like `Pair` or `_Row`; a constant, `LIMIT`, has no small letter."""

_Definitions = Callable[[SourceFile], Iterator[str]]


def figures(files: Sequence[SourceFile]) -> list[Figure]:
    """Aliases count too in the second figure: assignments to a type's name on the level of the module."""
    by_class = _in_several(files, _classes)
    by_type = _in_several(files, _types)
    return [
        Figure("class names in more than one file", len(by_class), 51, Goal(most=12), by_class),
        Figure("class and alias names in more than one file", len(by_type), 64, None, by_type),
    ]


def _in_several(files: Sequence[SourceFile], definitions: _Definitions) -> list[str]:
    places: dict[str, set[Path]] = defaultdict(set)
    for file in files:
        for name in definitions(file):
            places[name].add(file.path)
    return [f"{name}: {', '.join(map(str, sorted(paths)))}" for name, paths in sorted(places.items()) if len(paths) > 1]


def _classes(file: SourceFile) -> Iterator[str]:
    return (node.name for node in ast.walk(file.module) if isinstance(node, ast.ClassDef))


def _types(file: SourceFile) -> Iterator[str]:
    yield from _classes(file)
    for statement in file.module.body:
        yield from (name for name in _assigned(statement) if _TYPE_NAME.fullmatch(name))


def _assigned(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    else:
        return
    yield from (target.id for target in targets if isinstance(target, ast.Name))
