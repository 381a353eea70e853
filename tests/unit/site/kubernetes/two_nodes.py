"""A cluster of two nodes on the tests' own API server, and a site on it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from api_objects import Json
from api_server import ApiServer
from clearway.kube.access import Access
from clearway.probe.records import Finding, Result, Slot
from clearway.site.base import Event, Received
from clearway.site.kubernetes.options import KubernetesOptions
from clearway.site.kubernetes.site import KubernetesSite

NODES = ("node-1", "node-2")
SLOTS = tuple(Slot(node) for node in NODES)


def node(name: str, **spec: Any) -> Json:
    ready = {"conditions": [{"type": "Ready", "status": "True"}]}
    return {"metadata": {"name": name, "labels": {}}, "spec": spec, "status": ready}


def options(server: ApiServer, folder: Path, **how: Any) -> KubernetesOptions:
    return KubernetesOptions(Access(server.kubeconfig(folder)), **how)


@asynccontextmanager
async def started(
    server: ApiServer, folder: Path, slots: tuple[Slot, ...] = SLOTS, **how: Any
) -> AsyncIterator[KubernetesSite]:
    told: list[Finding] = []
    site = KubernetesSite(options(server, folder, **how), log=told.append)
    try:
        await site.start(slots)
        yield site
    finally:
        await site.stop()


async def hear(site: KubernetesSite, count: int) -> list[Event | Result]:
    """The next so many events; what a worker sent stands for itself."""
    heard: list[Event | Result] = []
    async for event in site.events():
        heard.append(event.item if isinstance(event, Received) else event)
        if len(heard) == count:
            break
    return heard
