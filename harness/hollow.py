"""Nodes without machines: kwok plays their kubelets, on the real API server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.spec import ZONE_LABEL

_MARK = {"kwok.x-k8s.io/node": "fake"}
_ROOM = {"cpu": "32", "memory": "256Gi", "pods": "110"}


def hollow_nodes(count: int, zones: Sequence[str]) -> list[dict[str, Any]]:
    """hollow-1, hollow-2, ..., taking `zones` in turn, and pods only if they tolerate it."""
    return [_hollow_node(number, zones[(number - 1) % len(zones)] if zones else None) for number in range(1, count + 1)]


def _hollow_node(number: int, zone: str | None) -> dict[str, Any]:
    name = f"hollow-{number}"
    labels = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "type": "kwok"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": labels if zone is None else {**labels, ZONE_LABEL: zone},
            "annotations": _MARK,
        },
        "spec": {"taints": [{"key": key, "value": value, "effect": "NoSchedule"} for key, value in _MARK.items()]},
        "status": {"allocatable": _ROOM, "capacity": _ROOM},
    }
