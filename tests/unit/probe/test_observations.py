"""Every observation is of a kind that probe/observations.py has a row for."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from clearway.probe import observations
from clearway.probe.observations import KINDS, ObservationKind
from meta.tree import PACKAGE, parsed

TABLE = PACKAGE / "probe" / "observations.py"


def elsewhere(word: str) -> Iterator[tuple[str, ast.AST]]:
    """All nodes of the source but those of the table itself, of files with this word: the others have none to find."""
    for path, module in parsed(PACKAGE):
        if path != TABLE and word in path.read_text():
            yield from ((str(path.relative_to(PACKAGE)), node) for node in ast.walk(module))


def made_without_a_kind(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Observation"


def compared_with_a_word(node: ast.AST) -> bool:
    """`seen.kind == "oom"`, in either order, or `in`."""
    if not isinstance(node, ast.Compare) or not any(
        isinstance(side, ast.Attribute) and side.attr == "kind" for side in (node.left, *node.comparators)
    ):
        return False
    return any(isinstance(inner, ast.Constant) and inner.value in KINDS for inner in ast.walk(node))


def test_no_observation_is_made_but_from_a_kind() -> None:
    assert [place for place, node in elsewhere("Observation") if made_without_a_kind(node)] == []


def test_no_reader_spells_a_kind() -> None:
    assert [place for place, node in elsewhere(".kind") if compared_with_a_word(node)] == []


def test_the_searches_find_what_they_look_for() -> None:
    found = ast.parse('Observation("oom", "n", 1.0)\nseen.kind == "oom"\n"oom" in (seen.kind,)\nseen.kind in ("oom",)')
    nodes = list(ast.walk(found))
    assert sum(map(made_without_a_kind, nodes)) == 1
    assert sum(map(compared_with_a_word, nodes)) == 2


def test_every_kind_is_in_the_table() -> None:
    assert {kind for kind in vars(observations).values() if isinstance(kind, ObservationKind)} == set(KINDS.values())
