"""The cluster of most tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from api_server import ApiServer, api_server
from clearway.site.kubernetes import names
from clearway.site.kubernetes.cluster_scope import crd
from kubelets import NAMESPACE
from unit.site.kubernetes.two_nodes import NODES, node


@pytest.fixture
def server() -> Iterator[ApiServer]:
    with api_server() as running:
        for name in NODES:
            running.put(names.NODES, node(name))
        running.put(names.NAMESPACES, {"metadata": {"name": NAMESPACE}})
        running.put(names.NAMESPACES, {"metadata": {"name": "kube-system"}})
        running.put(names.CRDS, crd("install"))
        yield running
