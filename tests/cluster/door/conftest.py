"""ClusterLoader2's door on a cluster that has the worker image."""

from __future__ import annotations

from pathlib import Path

import pytest

from cluster.door.doors import Doors
from harness.cluster import Cluster


@pytest.fixture
def doors(equipped: Cluster, tmp_path: Path) -> Doors:
    return Doors(tmp_path, equipped.kubeconfig)
