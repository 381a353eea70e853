"""The figures of a bench run, for people and as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from rich.table import Table

from benchmarks.figure import Figure

Report = Mapping[str, Sequence[Figure]]
"""Figures by the title of their bench."""


def as_table(report: Report) -> Table:
    table = Table("figure", title="clearway beside what is known")
    table.add_column("value", justify="right")
    for heading in ("goal", "met", "runs", "spread", ""):
        table.add_column(heading)
    for title, figures in report.items():
        table.add_section()
        table.add_row(f"[bold]{title}[/bold]")
        for one in figures:
            table.add_row(*_cells(one))
    return table


def _cells(one: Figure) -> tuple[str, ...]:
    goal = "" if one.goal is None else str(one.goal)
    ends = f"{_number(min(one.runs))} to {_number(max(one.runs))}" if len(one.runs) > 1 else ""
    return f"  {one.name}", f"{_number(one.value)} {one.unit}", goal, _met(one), str(len(one.runs)), ends, one.note


def _met(one: Figure) -> str:
    return "" if one.met is None else "[green]yes[/green]" if one.met else "[red]no[/red]"


def _number(value: float) -> str:
    return f"{value:.4g}"


def as_json(report: Report) -> str:
    """Every figure with its single runs."""
    return json.dumps(
        [{"bench": title, **asdict(one), "met": one.met} for title, figures in report.items() for one in figures],
        indent=2,
    )
