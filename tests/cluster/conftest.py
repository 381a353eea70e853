"""Clusters for tests: one of two nodes that all share, or one as a test wants it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster.links import LINK
from cluster.runs.home import clear, furnish
from harness.cluster import Cluster
from harness.spec import ClusterSpec
from harness.starting import running_cluster

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
_LONGEST = ("test_chaos.py", "test_run.py", "test_door.py", "test_outage.py", "test_harness.py", "test_faults.py")
"""Files of 100 seconds and more."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest come first: begun as the last of two at a time, one would run on alone."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.cluster)
            item.add_marker(pytest.mark.timeout(300))
    items.sort(key=lambda item: _LONGEST.index(item.path.name) if item.path.name in _LONGEST else len(_LONGEST))


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """Two nodes without zones, or the cluster that CLEARWAY_TEST_KUBECONFIG names. Who changes it changes it back."""
    if (given := Cluster.given()) is not None:
        yield given
        return
    with running_cluster(ClusterSpec(nodes=2, rate=LINK)) as own:
        yield own


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


@pytest.fixture(scope="session")
def left_as_found(equipped: Cluster) -> Iterator[None]:
    yield
    if Cluster.given() is not None:
        clear(equipped)


@pytest.fixture
def furnished(equipped: Cluster, left_as_found: None) -> None:
    """The workers' namespace is there already."""
    furnish(equipped)


@pytest.fixture
def bare(equipped: Cluster) -> None:
    """It is not: who needs it makes it and removes it."""
    clear(equipped)


@pytest.fixture
def namespace(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace of the test's own; it may be used at once."""
    name = f"test-{abs(hash(request.node.nodeid)) % 10**8}"
    cluster.kubectl("create", "namespace", name)
    cluster.kubectl("wait", "--for=create", "serviceaccount/default", f"--namespace={name}", "--timeout=30s")
    yield name
    cluster.kubectl("delete", "namespace", name, "--wait=false")
