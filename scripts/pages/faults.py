"""What goes wrong, what a user sees of it, and the tests that hold it, for docs/faults.md.

A test names its fault: `@pytest.mark.fault(AREA, FAULT, SEEN)`, where several tests may share an area and a fault.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).parents[2] / "tests"

AREAS = {
    "road": "The road",
    "host": "A worker and its host",
    "tool": "The tools",
    "cluster": "The cluster",
    "api": "The API server",
    "controller": "The controller",
    "record": "The run directory",
}
"""In the order of the page."""

_START = "<!-- faults -->\n"
_MARK = "pytest.mark.fault"


@dataclass(frozen=True)
class HeldFault:
    """One mark of one test."""

    area: str
    fault: str
    seen: str
    test: str
    """`FILE::NAME`, below the folder of the tests."""


def with_faults(page: str) -> str:
    """The page with a table for each area, as the tests have them now."""
    faults = list(held_faults())
    tables = (_table(area, [one for one in faults if one.area == area]) for area in AREAS)
    return page.partition(_START)[0] + _START + "".join(tables)


def held_faults() -> Iterator[HeldFault]:
    """Of all tests, in the order of their files. Raises ValueError if a mark is no three texts."""
    texts = ((file, file.read_text(encoding="utf-8")) for file in sorted(TESTS.rglob("test_*.py")))
    for file, text in texts:
        for node in ast.walk(ast.parse(text)) if _MARK in text else ():
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                test = f"{file.relative_to(TESTS)}::{node.name}"
                yield from (HeldFault(*_texts(mark, test), test) for mark in filter(_is_fault, node.decorator_list))


def _is_fault(decorator: ast.expr) -> bool:
    return isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == _MARK


def _texts(mark: ast.expr, test: str) -> tuple[str, str, str]:
    assert isinstance(mark, ast.Call)
    texts = [ast.literal_eval(one) for one in mark.args]
    if len(texts) != 3 or mark.keywords or texts[0] not in AREAS:
        raise ValueError(f"{test}: a fault has an area ({', '.join(AREAS)}), a name, and what is seen of it")
    return texts[0], texts[1], texts[2]


def _table(area: str, faults: Sequence[HeldFault]) -> str:
    rows = {(one.fault, one.seen): [same.test for same in faults if same.fault == one.fault] for one in faults}
    shown = (
        f"| {fault} | {seen} | {'<br>'.join(f'`{one}`' for one in tests)} |\n" for (fault, seen), tests in rows.items()
    )
    return f"\n## {AREAS[area]}\n\n| fault | what you see | held by |\n|---|---|---|\n" + "".join(sorted(shown))
