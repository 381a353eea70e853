"""The command line on a cluster that has the worker image."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster.runs.commands import Commands
from cluster.runs.home import clear, furnish
from harness.cluster import Cluster


@pytest.fixture
def commands(equipped: Cluster, tmp_path: Path) -> Commands:
    return Commands(equipped.kubeconfig, tmp_path)


@pytest.fixture(scope="session")
def left_as_found(equipped: Cluster) -> Iterator[None]:
    yield
    if Cluster.given() is not None:
        clear(equipped)


@pytest.fixture
def furnished(equipped: Cluster, left_as_found: None) -> None:
    """The workers' namespace is there already."""
    furnish(equipped)
