"""Folders that import each other, directly or round about: neither can be understood without the other."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath

from scripts.goal import Goal
from scripts.shape.figure import Figure
from scripts.shape.source import SourceFile

_Folder = tuple[str, ...]
_Graph = Mapping[_Folder, set[_Folder]]
"""Folders by the sibling folder that imports from them."""


def figures(files: Sequence[SourceFile]) -> list[Figure]:
    circles = [" <-> ".join("/".join(folder) for folder in sorted(circle)) for circle in folder_circles(files)]
    return [Figure("circles of folders that import each other", len(circles), 2, Goal(most=0), sorted(circles))]


def folder_circles(files: Sequence[SourceFile]) -> set[frozenset[_Folder]]:
    """The smallest ones: one that holds a smaller one is not counted again. Late imports count as all others."""
    graph = _graph(files)
    found = {circle for start, nexts in graph.items() for other in nexts if (circle := _back(graph, other, start))}
    return {circle for circle in found if not any(smaller < circle for smaller in found)}


def _graph(files: Sequence[SourceFile]) -> _Graph:
    folders = {_place(file.path) for file in files}
    graph: dict[_Folder, set[_Folder]] = defaultdict(set)
    for file in files:
        for imported in _imports(file, folders):
            if siblings := _siblings(_place(file.path), imported):
                graph[siblings[0]].add(siblings[1])
    return dict(graph)


def _place(path: PurePath) -> _Folder:
    return path.parent.parts


def _imports(file: SourceFile, folders: set[_Folder]) -> Iterator[_Folder]:
    """The folders whose modules it imports."""
    for name in _names(file.module):
        parts = tuple(name.split("."))
        while parts and parts not in folders:
            parts = parts[:-1]
        if parts:
            yield parts


def _names(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _siblings(importing: _Folder, imported: _Folder) -> tuple[_Folder, _Folder] | None:
    """The two folders where their paths part; None if one holds the other."""
    for depth, (ours, theirs) in enumerate(zip(importing, imported, strict=False), 1):
        if ours != theirs:
            return importing[:depth], imported[:depth]
    return None


def _back(graph: _Graph, start: _Folder, end: _Folder) -> frozenset[_Folder]:
    """The folders of a shortest way; empty if there is none."""
    ways: list[tuple[_Folder, ...]] = [(start,)]
    seen = {start}
    for way in ways:
        if way[-1] == end:
            return frozenset(way)
        for other in sorted(graph.get(way[-1], set()) - seen):
            seen.add(other)
            ways.append((*way, other))
    return frozenset()
