"""Lines of the source, its functions and files, comments and docstrings."""

from __future__ import annotations

from pathlib import Path

from scripts.shape.sizes import figures
from scripts.shape.source import read_source
from unit.shape.trees import write_tree

SMALL = '''\
"""A module
of two lines."""

# a comment
x = 1  # none on a line of its own
"""An attribute."""
'''
LONG = "async def long():\n" + "    x = 1\n" * 9 + "def short():\n    return '# text'\n"


def taken(folder: Path, texts: dict[str, str]) -> dict[str, float | None]:
    return {figure.name: figure.now for figure in figures(read_source(write_tree(folder, texts)))}


def test_the_lines_are_counted(tmp_path: Path) -> None:
    found = taken(tmp_path, {"a.py": SMALL, "b/c.py": LONG, "d.toml": "x = 1\n"})
    assert found["source lines"] == 6 + 12
    assert found["lines of the largest file"] == 12
    assert found["lines that are a comment, %"] == round(100 / 18, 1)
    assert found["lines of docstrings, %"] == round(300 / 18, 1)


def test_a_function_counts_from_its_def_to_its_last_line(tmp_path: Path) -> None:
    found = taken(tmp_path, {"b.py": LONG})
    assert found["function lines, median"] == 6
    assert found["function lines, longest"] == 10


def test_the_99th_percentile_leaves_out_the_one_longest_of_a_hundred_and_one(tmp_path: Path) -> None:
    hundred = "".join(f"def f{number}():\n    x = 1\n    return x\n" for number in range(100))
    assert taken(tmp_path, {"a.py": hundred + LONG.split("def short", maxsplit=1)[0]})["function lines, p99"] == 3
