"""The command line on a cluster that has the worker image."""

from __future__ import annotations

from pathlib import Path

import pytest

from cluster.runs.commands import Commands
from harness.cluster import Cluster


@pytest.fixture
def commands(equipped: Cluster, tmp_path: Path) -> Commands:
    return Commands(tmp_path, equipped.kubeconfig)
