"""What tests that run at the same time must not have in common."""

from __future__ import annotations

import os


def place() -> int:
    """This test process among those that run side by side: 0, 1 ... A worker of that slot has ports of its own."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
