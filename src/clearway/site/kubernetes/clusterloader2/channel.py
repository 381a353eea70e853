"""The channel to ClusterLoader2's workers: one object per pair, written before the round and answered by one pod."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

import msgspec

from clearway.base.clock import Clock
from clearway.base.errors import Unreadable
from clearway.base.units import Duration
from clearway.engine.base import Output, proven
from clearway.engine.clusterloader2 import TOOL
from clearway.engine.table import ENGINES
from clearway.kube.api import Api
from clearway.kube.objects import Metadata, Pod
from clearway.kube.watch import ObjectChange, watch
from clearway.probe.clock_offset import ClockOffset
from clearway.probe.clusterloader2 import (
    CLIENT_LABEL,
    GROUP,
    KIND,
    NAMESPACE,
    NETWORK_TEST_SPEC,
    SERVER_LABEL,
    VERSION,
    NetworkTestProtocol,
    NetworkTestSpec,
)
from clearway.probe.measurement import Evidence
from clearway.probe.parameters import UdpParameters
from clearway.probe.records import Half, Outcome, Reason, Request, Result, Slot, Worker
from clearway.site.base import at_once
from clearway.site.kubernetes.mailboxes import ChannelListener, MailboxSpec, Watching
from clearway.site.kubernetes.names import OURS, RUN, Paths, selector
from clearway.site.kubernetes.pods import index_of

_UNKNOWN_CLOCK = ClockOffset(Duration(0), Duration(3600))
"""The workers report no clock: it is taken to agree with the controller's, with an error of up to an hour."""
_MTU = 1500
"""The workers report none: Ethernet's usual one, and no parameter of theirs depends on it."""
_WRITE = 0.05
"""Seconds per object, with as many at a time as there are connections."""


class _NetworkTest(msgspec.Struct, frozen=True):
    metadata: Metadata
    status: dict[str, Any] = {}


@dataclass(frozen=True)
class _Pair:
    """Both halves of a probe, by the worker that does each."""

    client: str
    server: str
    send: Request
    serve: Request


class ClusterLoader2Channel:
    """The workers report nothing before they have measured: each counts as ready once it runs and has an address."""

    def __init__(self, api: Api, paths: Paths, run: str, listener: ChannelListener, clock: Clock) -> None:
        self._api = api
        self._paths = paths
        self._run = run
        self._listener = listener
        self._pods: dict[str, Pod] = {}
        self._pairs: dict[str, _Pair] = {}
        self._numbers = count()

    @property
    def watches(self) -> tuple[Watching, ...]:
        return self._watch_pods, self._watch_answers

    async def create(self, manifests: Iterable[Mapping[str, Any]]) -> None:
        """Does nothing: objects are created with a round."""

    async def submit(self, round_id: str | None, specs: Mapping[str, MailboxSpec]) -> None:
        """Delete the objects of the last round and create those of this one. Raises KubeError."""
        self._pairs.clear()
        await self._api.delete_all(self._paths.mailboxes, **selector(self._run))
        await at_once(self._create(pair) for pair in _pairs(specs))

    def handing_out(self, mailboxes: int) -> Duration:
        return Duration(mailboxes * _WRITE)

    async def _create(self, pair: _Pair) -> None:
        name = f"{self._run}-{next(self._numbers)}"
        self._pairs[name] = pair
        await self._api.create(self._paths.mailboxes, self._manifest(name, pair))

    def _manifest(self, name: str, pair: _Pair) -> dict[str, Any]:
        """Owned by the pod that answers, so that it is deleted with it."""
        client, server = self._pods[pair.client].metadata, self._pods[pair.server].metadata
        is_udp = isinstance(pair.send.parameters, UdpParameters)
        spec = NetworkTestSpec(
            client_pod_name=client.name,
            server_pod_name=server.name,
            server_pod_ip=pair.send.server.address,
            protocol=NetworkTestProtocol.UDP if is_udp else NetworkTestProtocol.TCP,
            duration=pair.send.window.end,
            client_start_timestamp=math.ceil(pair.send.start),
        )
        labels = {**OURS, RUN: self._run, client.name: CLIENT_LABEL, server.name: SERVER_LABEL}
        owner = {"apiVersion": "v1", "kind": "Pod", "name": server.name, "uid": server.uid}
        return {
            "apiVersion": f"{GROUP}/{VERSION}",
            "kind": KIND,
            "metadata": {"name": name, "namespace": NAMESPACE, "labels": labels, "ownerReferences": [owner]},
            "spec": NETWORK_TEST_SPEC.encode(spec),
            "status": {"metrics": []},
        }

    async def _watch_pods(self) -> None:
        """Until cancelled. Raises KubeError."""
        async for news in watch(self._api, self._paths.pods, Pod, selector(self._run)):
            for pod in (news.item,) if isinstance(news, ObjectChange) else news.items:
                await self._announce(pod)

    async def _announce(self, pod: Pod) -> None:
        index = index_of(pod)
        name = f"{self._run}-{index}"
        if name in self._pods or pod.status.phase != "Running" or not pod.status.pod_ips:
            return
        self._pods[name] = pod
        addresses = tuple(address.ip for address in pod.status.pod_ips)
        worker = Worker(Slot(pod.spec.node_name or "", index), addresses, _MTU, (NetworkTestProtocol.TCP.port,))
        await self._listener.ready(name, worker, _UNKNOWN_CLOCK)

    async def _watch_answers(self) -> None:
        """Until cancelled. Raises KubeError."""
        async for news in watch(self._api, self._paths.mailboxes, _NetworkTest, selector(self._run)):
            for item in (news.item,) if isinstance(news, ObjectChange) else news.items:
                self._take(item)

    def _take(self, item: _NetworkTest) -> None:
        """Only the first status with figures or an error counts; later writes are ignored."""
        if not item.status.get("metrics") and not item.status.get("error"):
            return
        pair = self._pairs.pop(item.metadata.name, None)
        if pair is not None:
            self._listener.received(pair.server, _served(pair.serve, msgspec.json.encode(item.status).decode()))
            # The worker reports nothing about the half that sends.
            self._listener.received(pair.client, pair.send.result(Outcome.NOT_RUN, Reason("kubernetes.half-untold")))


def _pairs(specs: Mapping[str, MailboxSpec]) -> Iterator[_Pair]:
    halves: dict[str, dict[Half, tuple[str, Request]]] = defaultdict(dict)
    for name, spec in specs.items():
        for request in spec.requests:
            halves[request.probe][request.half] = name, request
    for found in halves.values():
        (client, send), (server, serve) = found[Half.SEND], found[Half.SERVE]
        yield _Pair(client, server, send, serve)


def _served(request: Request, status: str) -> Result:
    """The result that its figures prove."""
    evidence = Evidence((TOOL,), stdout=status)
    try:
        measurement = proven(ENGINES[TOOL], request, Output(status, ""))
    except Unreadable as error:
        outcome = Outcome.TOOL_FAILED if error.code == "tool.failed" else Outcome.UNPARSABLE
        return request.result(outcome, error.reason, evidence=evidence)
    return request.result(Outcome.MEASURED, measurement=measurement, evidence=evidence)
