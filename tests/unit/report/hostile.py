"""Documents whose every text holds what could harm a reader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from enum import Enum
from typing import Any

from clearway.base.texts import cleaned
from clearway.base.units import Quantity
from clearway.report.document import ReportDocument

KEPT = frozenset({"language", "metric", "statistic", "relation", "over", "code", "word"})
"""Fields of a closed list, which no one outside can fill."""


def poisoned(document: ReportDocument, evil: str) -> ReportDocument:
    """The same with `evil` in every text, as it is after a record was read: cleaned."""
    made = _poisoned(document, cleaned(evil))
    assert isinstance(made, ReportDocument)
    return made


def _poisoned(value: Any, evil: str) -> Any:
    if isinstance(value, str) and not isinstance(value, Enum):
        return f"{value}{evil}" if not value.endswith("/0") else f"{value[:-2]}{evil}/0"
    if isinstance(value, Mapping):
        return {name: _poisoned(one, evil) for name, one in value.items()}
    if isinstance(value, tuple):
        return tuple(_poisoned(one, evil) for one in value)
    if isinstance(value, (Quantity, Enum)) or not hasattr(value, "__dataclass_fields__"):
        return value
    changed = {
        field.name: _poisoned(getattr(value, field.name), evil) for field in fields(value) if field.name not in KEPT
    }
    return replace(value, **changed)
