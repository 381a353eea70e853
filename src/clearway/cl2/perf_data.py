"""PerfData: the JSON that ClusterLoader2 writes and perfdash reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_VERSION = "v1"


@dataclass(frozen=True)
class Item:
    """Figures of one kind, in one unit."""

    data: Mapping[str, float]
    unit: str
    labels: Mapping[str, str]


def perf_data(items: Iterable[Item]) -> dict[str, Any]:
    """What was not measured is left out: no figure stands for "not measured"."""
    return {
        "version": _VERSION,
        "dataItems": [
            {"data": dict(item.data), "unit": item.unit, "labels": dict(item.labels)} for item in items if item.data
        ],
    }
