"""The way of the smallest probe in the controller: a lab of two nodes, one pair, TCP only, from flags to reports."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from scripts.goal import Goal
from scripts.shape.figure import Figure

SPEC = """\
version: 1
tests:
  - {name: bulk, protocol: tcp, direction: forward, duration: 1 s, warm-up: 1 s, accept: [throughput >= 1 Mbit/s]}
"""
LAB = """\
nodes: 2
zones: 1
"""
TRACER = Path(__file__).with_name("tracer.py")
DEADLINE = 120
"""Seconds; the run takes about 6, and more on a busy machine."""


@dataclass(frozen=True)
class Way:
    calls: int
    changes: int
    functions: Sequence[Mapping[str, Any]]
    """Each with `file`, `name` and how many `calls`."""

    @classmethod
    def read(cls, path: Path) -> Self:
        return cls(**json.loads(path.read_text()))

    @property
    def files(self) -> Counter[str]:
        """With the number of functions that were called in each."""
        return Counter(function["file"] for function in self.functions)

    def calls_of(self, name: str) -> int:
        return sum(function["calls"] for function in self.functions if function["name"] == name)


@dataclass(frozen=True)
class _Row:
    name: str
    baseline: int
    take: Callable[[Way], int]
    goal: Goal | None = None
    places: Callable[[Way], list[str]] | None = None


class RunFailedError(Exception):
    """With the end of what the run printed."""


def figures(source: Path) -> list[Figure]:
    """Calls and changes differ by a few from run to run; the rest does not."""
    try:
        way = _walk(source)
    except RunFailedError as error:
        return [Figure(row.name, None, row.baseline, row.goal, note=str(error)) for row in _ROWS]
    return [_figure(row, way) for row in _ROWS]


def _figure(row: _Row, way: Way) -> Figure:
    return Figure(row.name, row.take(way), row.baseline, row.goal, row.places(way) if row.places else ())


def _files(way: Way) -> list[str]:
    return [f"{file}: {count} functions" for file, count in sorted(way.files.items())]


def _functions(way: Way) -> list[str]:
    return sorted(f"{one['file']} {one['name']}: {one['calls']} calls" for one in way.functions)


_ROWS = (
    _Row("probe's way: files", 90, lambda way: len(way.files), Goal(most=65), _files),
    _Row("probe's way: functions", 532, lambda way: len(way.functions), Goal(most=400), _functions),
    _Row("probe's way: changes of file", 3_557, lambda way: way.changes, Goal(most=1_800)),
    _Row("probe's way: calls", 11_670, lambda way: way.calls),
    _Row("calls of compose in a run", 6, lambda way: way.calls_of("compose"), Goal(1, 1)),
    _Row("calls of make_plan in a run", 7, lambda way: way.calls_of("make_plan"), Goal(1, 1)),
)


def _walk(source: Path) -> Way:
    with tempfile.TemporaryDirectory(prefix="clearway-shape-") as name:
        folder = Path(name)
        (folder / "cat.yaml").write_text(SPEC)
        (folder / "lab.yaml").write_text(LAB)
        _run(source, folder)
        return Way.read(folder / "way.json")


def _run(source: Path, folder: Path) -> None:
    words = ["run", "cat.yaml", "--lab-file", "lab.yaml", "--report-dir", "run"]
    argv = [sys.executable, str(TRACER), str(source), "way.json", *words]
    environment = os.environ | {"PYTHONPATH": str(source)}
    try:
        subprocess.run(argv, cwd=folder, env=environment, check=True, capture_output=True, text=True, timeout=DEADLINE)
    except subprocess.TimeoutExpired:
        raise RunFailedError(f"not over after {DEADLINE} s") from None
    except subprocess.CalledProcessError as failed:
        raise RunFailedError(f"exit status {failed.returncode}: {' '.join(failed.stderr.split())[-200:]}") from failed
