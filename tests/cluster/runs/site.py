"""A site in the test's own process: workers on the real cluster, requests and events in the test's hands."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from clearway.kube.access import Access
from clearway.probe.records import Endpoint, Finding, Half, Request, Slot
from clearway.site.base import Ready, Received
from clearway.site.kubernetes.options import KubernetesOptions
from clearway.site.kubernetes.site import KubernetesSite
from harness.cluster import Cluster
from making import request

T = TypeVar("T")
SLOTS = (Slot("node-1"), Slot("node-2"))
PATIENCE = 60.0


@asynccontextmanager
async def started(cluster: Cluster, told: list[Finding] | None = None, **how: Any) -> AsyncIterator[KubernetesSite]:
    findings = [] if told is None else told
    site = KubernetesSite(KubernetesOptions(Access(cluster.kubeconfig), **how), log=findings.append)
    try:
        await site.start(SLOTS)
        yield site
    finally:
        await site.stop()


async def hear(site: KubernetesSite, kind: type[T], count: int) -> list[T]:
    """The next so many events of a kind; others are passed over. Raises AssertionError, naming them, if too few."""
    heard: list[T] = []
    others: list[object] = []
    try:
        async with asyncio.timeout(PATIENCE):
            async for sent in site.events():
                event = sent.item if isinstance(sent, Received) else sent
                if isinstance(event, kind):
                    heard.append(event)
                else:
                    others.append(event)
                if len(heard) == count:
                    return heard
    except TimeoutError:
        pass
    raise AssertionError(f"{len(heard)} of {count} {kind.__name__} came, and besides: {others}")


def requests(
    ready: Sequence[Ready], *, start: float = 4.0, duration: float = 1.0, round_: str = "r1"
) -> Mapping[Slot, Sequence[Request]]:
    """A TCP probe from the first slot's worker to the second's, beginning in `start` seconds."""
    workers = {event.worker.slot: event.worker for event in ready}
    clocks = {event.worker.slot: event.clock for event in ready}
    server = workers[SLOTS[1]]
    endpoint = Endpoint(server.addresses[0], server.ports[0])
    instant = time.time() + start

    def half(slot: Slot, which: Half) -> Request:
        begin = instant + clocks[slot].ahead.si
        about = {"round": round_, "server": endpoint, "start": begin, "deadline": begin + duration + 5}
        return request(which, duration=duration, **about)

    return {SLOTS[0]: [half(SLOTS[0], Half.SEND)], SLOTS[1]: [half(SLOTS[1], Half.SERVE)]}
