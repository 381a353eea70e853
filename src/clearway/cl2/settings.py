"""How a network test measures: clearway's way, or so that figures compare with those of ClusterLoader2."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from clearway.base.units import Duration, Frequency, Rate

SettingsName = Literal["clearway", "clusterloader2"]


@dataclass(frozen=True)
class Settings:
    cpu: str | None
    """Limit of a worker; None: not throttled."""
    warm_up: Duration
    attempts: int
    tests: Mapping[str, Mapping[str, Any]]
    """Protocol -> fields of the spec's test."""


SETTINGS: Mapping[SettingsName, Settings] = {
    "clearway": Settings(
        cpu=None,
        warm_up=Duration(2),
        attempts=3,
        tests={
            "tcp": {"streams": 8},
            "udp": {"rate": Rate(200e6)},
            "http": {"rate": Frequency(500), "connections": 16},
        },
    ),
    "clusterloader2": Settings(
        cpu="500m",
        warm_up=Duration(0),
        attempts=1,
        tests={
            "tcp": {"streams": 1},
            "udp": {"rate": Rate(750e6)},
            # One user who thinks for half a second on average.
            "http": {"rate": Frequency(2), "connections": 1},
        },
    ),
}
