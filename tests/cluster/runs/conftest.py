"""A cluster that has the worker image, and the command line on it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cluster.harness.cluster import Cluster
from cluster.runs.commands import Commands

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def worker_image() -> Path:
    """The archive of this clone's worker, made if it is not there yet."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
    made = subprocess.run(
        [sys.executable, "-m", "image"], cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    )
    return Path(made.stdout.strip().splitlines()[-1])


@pytest.fixture(scope="session")
def equipped(cluster: Cluster, worker_image: Path) -> Cluster:
    """The shared cluster, with the worker image on every node."""
    cluster.load_image(worker_image)
    return cluster


@pytest.fixture
def commands(equipped: Cluster, tmp_path: Path) -> Commands:
    return Commands(equipped.kubeconfig, tmp_path)
