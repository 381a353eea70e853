"""Which folders are in a circle of imports."""

from __future__ import annotations

from pathlib import Path

from scripts.shape.circles import figures
from scripts.shape.source import read_source
from unit.shape.trees import write_tree


def circles(folder: Path, texts: dict[str, str]) -> list[str]:
    (figure,) = figures(read_source(write_tree(folder, texts)))
    assert figure.now == len(figure.places)
    return list(figure.places)


def test_one_way_is_no_circle(tmp_path: Path) -> None:
    assert circles(tmp_path, {"p/a/x.py": "from p.b import y\nimport p.b.y\n", "p/b/y.py": "import os\n"}) == []


def test_two_folders_that_import_each_other_are_one_circle(tmp_path: Path) -> None:
    texts = {"p/a/x.py": "import p.b.y\n", "p/b/y.py": "", "p/b/z.py": "def late():\n    from p import a\n"}
    assert circles(tmp_path, texts) == ["p/a <-> p/b"]


def test_a_circle_of_three_counts_once(tmp_path: Path) -> None:
    texts = {"p/a/x.py": "import p.b.y\n", "p/b/y.py": "import p.c.z\n", "p/c/z.py": "import p.a.x\n"}
    assert circles(tmp_path, texts) == ["p/a <-> p/b <-> p/c"]


def test_a_circle_that_holds_a_smaller_one_is_not_counted_again(tmp_path: Path) -> None:
    texts = {"p/a/x.py": "import p.b.y\n", "p/b/y.py": "import p.c.z\nimport p.a.x\n", "p/c/z.py": "import p.a.x\n"}
    assert circles(tmp_path, texts) == ["p/a <-> p/b"]


def test_deep_folders_count_where_their_paths_part(tmp_path: Path) -> None:
    texts = {"p/a/d/x.py": "import p.b.e.y\n", "p/b/e/y.py": "", "p/b/f/z.py": "import p.a.g.w\n", "p/a/g/w.py": ""}
    assert circles(tmp_path, texts) == ["p/a <-> p/b"]


def test_a_folder_and_what_it_holds_are_no_siblings(tmp_path: Path) -> None:
    assert circles(tmp_path, {"p/x.py": "import p.a.y\n", "p/a/y.py": "import p.x\n"}) == []
