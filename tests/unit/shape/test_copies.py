"""Which places are the same."""

from __future__ import annotations

from pathlib import Path

from scripts.shape.copies import figures
from scripts.shape.source import read_source
from unit.shape.trees import write_tree

SIX = """\
def first(a, b):
    total = a + b
    if total > 10:
        return None
    print("sum", total)
    return [total, 3]
"""
SAME_SHAPE = """\
def second(c, d):  # the same with other words
    \"\"\"In other words.\"\"\"
    number = c + d

    if number > 20:
        return None
    print('together', number)
    return [number, 4]
"""


def copies(folder: Path, texts: dict[str, str]) -> list[str]:
    (figure,) = figures(read_source(write_tree(folder, texts)))
    assert figure.now == len(figure.places)
    return list(figure.places)


def test_six_lines_of_one_shape_are_a_pair_under_other_names(tmp_path: Path) -> None:
    assert copies(tmp_path, {"a.py": SIX, "b.py": SAME_SHAPE}) == ["6 lines: a.py:1-6 and b.py:1-8"]


def test_five_lines_are_not(tmp_path: Path) -> None:
    assert copies(tmp_path, {"a.py": SIX, "b.py": SAME_SHAPE.rsplit("\n", 2)[0] + "\n    return 4\n"}) == []


def test_another_sign_or_keyword_is_another_shape(tmp_path: Path) -> None:
    other_sign, other_word = SAME_SHAPE.replace("c + d", "c - d"), SAME_SHAPE.replace("return None", "return x")
    assert copies(tmp_path, {"a.py": SIX, "b.py": other_sign, "c.py": other_word}) == []


def test_a_longer_run_is_one_pair(tmp_path: Path) -> None:
    more = "    print(total)\n    print(total, 5)\n"
    texts = {"a.py": SIX + more, "b.py": SIX + more}
    assert copies(tmp_path, texts) == ["8 lines: a.py:1-8 and b.py:1-8"]


def test_three_places_are_three_pairs_the_longest_first(tmp_path: Path) -> None:
    longer = SIX + "    print(total)\n"
    found = copies(tmp_path, {"a.py": SIX, "b.py": longer, "c.py": longer})
    assert found == [
        "7 lines: b.py:1-7 and c.py:1-7",
        "6 lines: a.py:1-6 and b.py:1-6",
        "6 lines: a.py:1-6 and c.py:1-6",
    ]


def test_a_place_twice_in_one_file_is_a_pair(tmp_path: Path) -> None:
    assert copies(tmp_path, {"a.py": SIX + SIX}) == ["6 lines: a.py:1-6 and a.py:7-12"]


def test_imports_are_no_copies(tmp_path: Path) -> None:
    imports = "".join(f"import module{number}\n" for number in range(8))
    assert copies(tmp_path, {"a.py": imports, "b.py": imports}) == []


def test_records_constants_and_tables_are_the_same_word_by_word_only(tmp_path: Path) -> None:
    def record(kind: str) -> str:
        return "class R:\n" + "".join(f"    {kind}{number}: int\n" for number in range(6))

    def constants(kind: str) -> str:
        return "class E:\n" + "".join(f'    {kind.upper()}{number} = "{kind}"\n' for number in range(6))

    def table(kind: str) -> str:
        return "{\n" + "".join(f'    "{kind}{number}": {number},\n' for number in range(6)) + "}\n"

    different = {f"{kind}.py": record(kind) + constants(kind) + table(kind) for kind in ("a", "b")}
    assert copies(tmp_path, different) == []
    assert copies(tmp_path, {"b.py": different["a.py"]}) == ["22 lines: a.py:1-22 and b.py:1-22"]
