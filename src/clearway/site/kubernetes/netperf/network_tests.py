"""The other end of ClusterLoader2's requests: one object a pair, written before the round and answered by one pod."""

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
from clearway.engine.base import Output
from clearway.engine.netperfbenchmark import TOOL
from clearway.engine.table import ENGINES
from clearway.kube.api import Api
from clearway.kube.objects import Metadata, Pod
from clearway.kube.watch import ObjectChange, watch
from clearway.probe.clusterloader2 import (
    CLIENT_LABEL,
    GROUP,
    KIND,
    NAMESPACE,
    NETWORK_TEST_SPEC,
    SERVER_LABEL,
    VERSION,
    NetworkTestSpec,
    Protocol,
)
from clearway.probe.measurement import Evidence
from clearway.probe.parameters import UdpParameters
from clearway.probe.records import ClockOffset, Half, Outcome, Reason, Request, Result, Slot, Worker
from clearway.site.kubernetes.mailboxes import ChannelListener, MailboxSpec, Watching
from clearway.site.kubernetes.names import OURS, RUN, Paths, selector
from clearway.site.kubernetes.pods import index_of
from clearway.site.parallel import at_once

_UNASKED = ClockOffset(Duration(0), Duration(3600))
"""Nobody answers for its clock: it is taken for ours, and an hour either way is not excluded."""
_MTU = 1500
_WRITE = 0.05
"""Seconds that making an object takes, with as many at a time as there are connections."""


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


class NetworkTests:
    """Its workers say nothing before they have measured: each is ready once it runs and has an address."""

    def __init__(self, api: Api, paths: Paths, run: str, listener: ChannelListener, clock: Clock) -> None:
        self._api = api
        self._paths = paths
        self._run = run
        self._listener = listener
        self._pods: dict[str, Pod] = {}
        self._asked: dict[str, _Pair] = {}
        self._numbers = count()

    @property
    def watches(self) -> tuple[Watching, ...]:
        return self._follow_pods, self._follow_answers

    async def create(self, manifests: Iterable[Mapping[str, Any]]) -> None:
        """There is nothing to put up before a round."""

    async def submit(self, round_id: str | None, specs: Mapping[str, MailboxSpec]) -> None:
        """Take away what the last round asked, and ask anew. Raises KubeError."""
        self._asked.clear()
        await self._api.delete_all(self._paths.mailboxes, **selector(self._run))
        await at_once(self._ask(pair) for pair in _pairs(specs))

    def handing_out(self, mailboxes: int) -> Duration:
        return Duration(mailboxes * _WRITE)

    async def _ask(self, pair: _Pair) -> None:
        name = f"{self._run}-{next(self._numbers)}"
        self._asked[name] = pair
        await self._api.create(self._paths.mailboxes, self._manifest(name, pair))

    def _manifest(self, name: str, pair: _Pair) -> dict[str, Any]:
        """It goes with the pod that is to answer."""
        client, server = self._pods[pair.client].metadata, self._pods[pair.server].metadata
        wanted = NetworkTestSpec(
            client_pod_name=client.name,
            server_pod_name=server.name,
            server_pod_ip=pair.send.server.address,
            protocol=_protocol(pair.send),
            duration=pair.send.window.end,
            client_start_timestamp=math.ceil(pair.send.start),
        )
        labels = {**OURS, RUN: self._run, client.name: CLIENT_LABEL, server.name: SERVER_LABEL}
        owner = {"apiVersion": "v1", "kind": "Pod", "name": server.name, "uid": server.uid}
        return {
            "apiVersion": f"{GROUP}/{VERSION}",
            "kind": KIND,
            "metadata": {"name": name, "namespace": NAMESPACE, "labels": labels, "ownerReferences": [owner]},
            "spec": NETWORK_TEST_SPEC.encode(wanted),
            "status": {"metrics": []},
        }

    async def _follow_pods(self) -> None:
        """Until cancelled. Raises KubeError."""
        async for news in watch(self._api, self._paths.pods, Pod, selector(self._run)):
            for pod in (news.item,) if isinstance(news, ObjectChange) else news.items:
                self._announce(pod)

    def _announce(self, pod: Pod) -> None:
        index = index_of(pod)
        name = f"{self._run}-{index}"
        if name in self._pods or pod.status.phase != "Running" or not pod.status.pod_ips:
            return
        self._pods[name] = pod
        addresses = tuple(address.ip for address in pod.status.pod_ips)
        worker = Worker(Slot(pod.spec.node_name or "", index), addresses, _MTU, (Protocol.TCP.port,))
        self._listener.ready(name, worker, _UNASKED)

    async def _follow_answers(self) -> None:
        """Until cancelled. Raises KubeError."""
        async for news in watch(self._api, self._paths.mailboxes, _NetworkTest, selector(self._run)):
            for item in (news.item,) if isinstance(news, ObjectChange) else news.items:
                self._take(item)

    def _take(self, item: _NetworkTest) -> None:
        """The first word is the last: what is written after it is of no round any more."""
        if not item.status.get("metrics") and not item.status.get("error"):
            return
        pair = self._asked.pop(item.metadata.name, None)
        if pair is not None:
            self._listener.received(pair.server, _served(pair.serve, msgspec.json.encode(item.status).decode()))
            self._listener.received(pair.client, _untold(pair.send))


def _pairs(specs: Mapping[str, MailboxSpec]) -> Iterator[_Pair]:
    halves: dict[str, dict[Half, tuple[str, Request]]] = defaultdict(dict)
    for name, spec in specs.items():
        for request in spec.requests:
            halves[request.probe][request.half] = name, request
    for found in halves.values():
        (client, send), (server, serve) = found[Half.SEND], found[Half.SERVE]
        yield _Pair(client, server, send, serve)


def _protocol(request: Request) -> Protocol:
    return Protocol.UDP if isinstance(request.parameters, UdpParameters) else Protocol.TCP


def _served(request: Request, status: str) -> Result:
    """What its figures prove, read with an engine's doubt."""
    evidence = Evidence((TOOL,), stdout=status)
    try:
        measurement = ENGINES[TOOL].read(request, Output(status, ""))
    except Unreadable as error:
        outcome = Outcome.TOOL_FAILED if error.code == "tool.failed" else Outcome.UNPARSABLE
        return request.result(outcome, error.reason, evidence=evidence)
    return request.result(Outcome.MEASURED, measurement=measurement, evidence=evidence)


def _untold(request: Request) -> Result:
    """Nothing is known of the half that sends."""
    return request.result(Outcome.NOT_RUN, Reason("kubernetes.half-untold"))
