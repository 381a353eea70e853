"""A cluster in this process, and a folder that a user works in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from api_server import ApiServer, api_server
from clearway.site.kubernetes import names
from clearway.site.kubernetes.cluster_scope import crd

NODES = ("node-1", "node-2")
READY = {"conditions": [{"type": "Ready", "status": "True"}]}


@pytest.fixture
def server() -> Iterator[ApiServer]:
    with api_server() as running:
        for name in NODES:
            running.put(names.NODES, {"metadata": {"name": name, "labels": {}}, "spec": {}, "status": READY})
        for name in ("clearway", "kube-system"):
            running.put(names.NAMESPACES, {"metadata": {"name": name}})
        running.put(names.CRDS, crd("install"))
        yield running


@pytest.fixture
def kubeconfig(server: ApiServer, tmp_path: Path) -> Path:
    return server.kubeconfig(tmp_path)


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests of the network take two seconds."""
    monkeypatch.setenv("CL2_DURATION", "2s")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, and an environment that says nothing."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in ("KUBECONFIG", "PROVIDER", "NUM_NODES", "PROJECT"):
        monkeypatch.delenv(name, raising=False)
    return folder
