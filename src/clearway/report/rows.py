"""The summary over pairs as cells of a table, the same in every format that has tables."""

from __future__ import annotations

from clearway.base.units import Quantity
from clearway.report.document import SummaryPart
from clearway.report.phrases import Phrases

SUMMARY_COLUMNS = ("figure", "pairs", "mean", "p5", "p50", "p95", "worst", "worst-pair")
"""Names of the columns, worded as `column.<name>`."""


def summary_row(row: SummaryPart, phrases: Phrases) -> tuple[str, ...]:
    """A cell a column. A unit that all figures share stands once, beside the label."""
    label = phrases.say("report.across-zones", label=row.label) if row.across_zones else row.label
    unit, figures = _shared_unit((row.mean, row.p5, row.p50, row.p95, row.worst))
    return f"{label}, {unit}" if unit else label, str(row.pairs), *figures, row.worst_pair


def _shared_unit(figures: tuple[Quantity, ...]) -> tuple[str, tuple[str, ...]]:
    """The unit that all figures have in common and their numbers; no unit and whole figures where there is none."""
    texts = tuple(map(str, figures))
    units = {
        unit for figure, (_, _, unit) in zip(figures, (text.partition(" ") for text in texts), strict=True) if figure.si
    }
    if len(units) != 1:
        return "", texts
    (unit,) = units
    return unit, tuple(text.partition(" ")[0] for text in texts)
