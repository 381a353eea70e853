"""Which names stand for more than one type."""

from __future__ import annotations

from pathlib import Path

from scripts.shape.figure import Figure
from scripts.shape.names import figures
from scripts.shape.source import read_source
from unit.shape.trees import write_tree


def taken(folder: Path, **texts: str) -> list[Figure]:
    return figures(read_source(write_tree(folder, {f"{name}.py": text for name, text in texts.items()})))


def test_a_class_in_two_files_is_counted_once_with_both_places(tmp_path: Path) -> None:
    classes, types = taken(
        tmp_path, a="class Pair: ...\nclass One: ...\n", b="class Pair: ...\n", c="class Pair: ...\n"
    )
    assert classes.places == types.places == ["Pair: a.py, b.py, c.py"]
    assert classes.now == types.now == 1


def test_a_class_inside_another_counts_and_one_file_is_no_double(tmp_path: Path) -> None:
    nested = "class Outer:\n    class Inner: ...\n"
    classes, _ = taken(tmp_path, a=nested, b="class Inner: ...\n", c="class Two: ...\nif True:\n    class Two: ...\n")
    assert classes.places == ["Inner: a.py, b.py"]


def test_an_alias_counts_among_the_types_only_and_a_constant_never(tmp_path: Path) -> None:
    classes, types = taken(tmp_path, a="Json = dict\nLIMIT = 1\n", b="Json: type = dict\nLIMIT = 2\n")
    assert (classes.now, types.now) == (0, 1)
    assert types.places == ["Json: a.py, b.py"]


def test_a_class_and_an_alias_of_one_name_are_a_double_of_types(tmp_path: Path) -> None:
    classes, types = taken(tmp_path, a="class Node: ...\n", b="Node = str\n")
    assert (classes.now, types.now) == (0, 1)
