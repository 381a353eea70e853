"""A cluster whose nodes can be broken: it misses them soon, and each has its services' commands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster.chaos.calls import Calls
from cluster.links import LINK
from cluster.runs.home import furnish
from harness.cluster import Cluster
from harness.spec import ClusterSpec
from harness.starting import running_cluster


@pytest.fixture(scope="module")
def breakable(worker_image: Path) -> Iterator[Cluster]:
    with running_cluster(ClusterSpec(nodes=3, silence=8, rate=LINK)) as own:
        own.load_image(worker_image)
        furnish(own)
        yield own


@pytest.fixture
def calls(breakable: Cluster, tmp_path: Path) -> Calls:
    return Calls(tmp_path, breakable)
