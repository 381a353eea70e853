"""What is counted of a run, and what a run that fails leaves."""

from __future__ import annotations

from pathlib import Path

from scripts.shape.way import figures
from unit.shape.trees import write_tree

MAIN = """\
from clearway.work import Doubler, compose, paused

LEVEL = [level for level in range(3)]

def main(words):
    return run(words)

def run(words):
    compose(1)
    Doubler().twice(sorted([2, 1], key=lambda number: -number))
    list(paused())
    return 0 if words[0] == "run" else 1
"""
WORK = """\
import threading

class Doubler:
    def twice(self, numbers):
        thread = threading.Thread(target=aside)
        thread.start()
        thread.join()
        return [2 * number for number in numbers]

def aside():
    return None

def compose(number):
    return number

def paused():
    yield 1
"""
EMPTY = {"clearway/__init__.py": "", "clearway/cli/__init__.py": ""}


def test_functions_of_all_threads_count_and_nothing_else(tmp_path: Path) -> None:
    folder = write_tree(tmp_path, EMPTY | {"clearway/cli/main.py": MAIN, "clearway/work.py": WORK})
    files, functions, changes, calls, compose, plan = figures(folder)
    assert files.places == ["clearway/cli/main.py: 2 functions", "clearway/work.py: 4 functions"]
    assert list(functions.places) == [
        "clearway/cli/main.py main: 1 calls",
        "clearway/cli/main.py run: 1 calls",
        "clearway/work.py Doubler.twice: 1 calls",
        "clearway/work.py aside: 1 calls",
        "clearway/work.py compose: 1 calls",
        "clearway/work.py paused: 2 calls",
    ]
    assert (files.now, functions.now, changes.now, calls.now) == (2, 6, 1, 7)
    assert (compose.now, compose.met) == (1, True)
    assert (plan.now, plan.met) == (0, False)


def test_a_run_that_fails_leaves_its_figures_out_with_the_reason(tmp_path: Path) -> None:
    failing = "import sys\n\ndef main(words):\n    sys.stderr.write('no lab here')\n    return 3\n"
    taken = figures(write_tree(tmp_path, EMPTY | {"clearway/cli/main.py": failing}))
    assert {(figure.now, figure.note) for figure in taken} == {(None, "exit status 3: no lab here")}
    assert [figure.met for figure in taken if figure.goal] == [False] * 5
