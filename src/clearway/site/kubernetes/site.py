"""The cluster as a site: workers are pods of one Job, mailboxes are objects, and all are deleted with the Job."""

from __future__ import annotations

import asyncio
import operator
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from typing import Any

from clearway.base.clock import Clock
from clearway.base.errors import InternalError
from clearway.base.units import Duration
from clearway.kube.api import Api, connect
from clearway.kube.errors import Forbidden, KubeError, NotFound
from clearway.kube.objects import KubeObject, ObjectList
from clearway.kube.until import settle
from clearway.probe.records import (
    ClockOffset,
    Finding,
    Inventory,
    Observation,
    Reason,
    Request,
    Result,
    Severity,
    Slot,
    Worker,
)
from clearway.site.base import Event, FindingLog, Lost, NotFit, Ready, at_once
from clearway.site.kubernetes.installation import GONE_WITHIN, Installation
from clearway.site.kubernetes.mailboxes import MailboxSpec, Watching, specs_of_round
from clearway.site.kubernetes.names import Paths, selector
from clearway.site.kubernetes.nodes import check_nodes, cluster_id, described, server_version, wanted_nodes
from clearway.site.kubernetes.options import KubernetesOptions
from clearway.site.kubernetes.pods import PodMonitor
from clearway.site.kubernetes.worker_kinds import WORKER_KINDS, WorkerChannel
from clearway.site.kubernetes.workers import SlotAssignment, WorkerManifests, owned_by

_BOUND_WITHIN = Duration(5)
"""API servers learn of a new role through a watch, a fraction of a second after it is created."""
_RENEWALS = 3
"""How often a lease is renewed within its time: two renewals may fail before the Job ends."""


class KubernetesSite:
    """One cluster, for one run."""

    name = "kubernetes"

    def __init__(self, options: KubernetesOptions, *, log: FindingLog, clock: Clock | None = None) -> None:
        self._options = options
        self._log = log
        self._clock = clock or Clock()
        self._kind = WORKER_KINDS[options.workers]
        self._paths = Paths(options.namespace, self._kind.scope.kind)
        self._open = AsyncExitStack()
        self._api: Api | None = None
        self._installation: Installation | None = None
        self._manifests: WorkerManifests | None = None
        self._open_channel: WorkerChannel | None = None
        self._monitor: PodMonitor | None = None
        self._assignment = SlotAssignment(())
        self._events: asyncio.Queue[Event | Exception | None] = asyncio.Queue()
        self._following: list[asyncio.Task[None]] = []
        self._announced: set[Slot] = set()
        self._lost: dict[Slot, Reason] = {}

    async def inspect(self) -> Inventory:
        """The nodes that are to be measured. Raises SiteError."""
        async with connect(self._options.access) as api:
            nodes = await wanted_nodes(api, self._options)
            return Inventory(
                site=f"{self.name} {await cluster_id(api)}",
                nodes=tuple(described(node, self._options.machine_label) for node in nodes),
                versions={"kubernetes": (await server_version(api)).text},
            )

    async def start(self, slots: Sequence[Slot]) -> None:
        """Create the Job and all that it owns. Raises SiteError; `stop` must be called even then."""
        api = self._api = await self._open.enter_async_context(connect(self._options.access))
        unfit = await check_nodes(api, self._options, {slot.node for slot in slots})
        self._assignment = SlotAssignment(slots)
        self._refuse_or_lose(unfit)
        self._installation = Installation(api, self._options.namespace, self._log, self._kind.scope)
        await self._installation.ensure()
        manifests = self._manifests = await self._manifests_for(api, [slot for slot in slots if slot not in self._lost])
        await self._put_up(api, manifests)

    async def submit(self, round_id: str, requests: Mapping[Slot, Sequence[Request]]) -> None:
        """Hand out; a worker that is lost is passed over: its Lost event has been reported."""
        named = {slot: name for slot, name in self._assignment.names.items() if slot in requests}
        written = specs_of_round(requests)
        await self._channel().submit(round_id, {name: written[slot] for slot, name in named.items()})

    def handing_out(self, mailboxes: int) -> Duration:
        """By the API server's answers so far."""
        return self._channel().handing_out(mailboxes)

    async def cancel(self) -> None:
        """Empty every mailbox."""
        empty = MailboxSpec((), "", "")
        await self._channel().submit(None, dict.fromkeys(self._assignment.names.values(), empty))

    async def events(self) -> AsyncIterator[Event]:
        """What the workers send, and what the cluster reports of their pods; ends after `stop`.

        Raises SiteError if a watch can't go on, or if a worker doesn't start and all are wanted.
        """
        while (event := await self._events.get()) is not None:
            if isinstance(event, Exception):
                raise event
            yield event

    async def stop(self) -> None:
        """Remove what `start` created: the run's objects first, then their namespace and CRD."""
        for task in self._following:
            task.cancel()
        await asyncio.gather(*self._following, return_exceptions=True)
        self._following = []
        if self._monitor is not None:
            self._monitor.close()
        try:
            await self._remove()
        except KubeError as error:
            self._log(Finding("kubernetes.not-removed", Severity.WARNING, self._job_name, {"cause": error.reason}))
        finally:
            await self._open.aclose()
            self._api = None
            self._events.put_nowait(None)

    def leftover_hint(self) -> Reason | None:
        """Kubernetes ends the Job itself when its lease is over."""
        if self._manifests is None:
            return None
        values = {"namespace": self._options.namespace, "job": self._manifests.name, "lease": self._options.lease}
        return Reason("kubernetes.leftover", values)

    # As ChannelListener: called with the name of the worker.

    def ready(self, name: str, worker: Worker, clock: ClockOffset) -> None:
        slot = self._assignment.assign(name, worker.slot.node)
        if slot is None:
            self._log(Finding("kubernetes.extra-worker", Severity.INFO, name, {"node": worker.slot.node}))
            return
        self._announced.add(slot)
        self._events.put_nowait(Ready(replace(worker, slot=slot), clock))

    def received(self, name: str, event: Result | Observation) -> None:
        self._events.put_nowait(event)

    def lost(self, name: str, reason: Reason) -> None:
        node = self._monitor.node_of(name) if self._monitor is not None else None
        self._lose(name, node, reason)

    def _lose(self, name: str, node: str | None, reason: Reason) -> None:
        slot = self._assignment.assign(name, node) if node is not None else self._assignment.assign_anywhere(name)
        if slot is None:
            return
        if slot in self._announced or self._options.partial:
            self._lost[slot] = reason
            self._events.put_nowait(Lost(slot, reason))
        else:
            finding = Finding(reason.code, Severity.ERROR, str(slot), reason.values)
            self._events.put_nowait(NotFit((finding,)))

    def _refuse_or_lose(self, unfit: Mapping[str, Sequence[Finding]]) -> None:
        """Nodes that can't hold a worker: stop, or with `partial` go on without them."""
        if not unfit:
            return
        if not self._options.partial:
            raise NotFit(tuple(finding for findings in unfit.values() for finding in findings))
        for slot in self._assignment.slots:
            if slot.node in unfit:
                first = unfit[slot.node][0]
                self._lost[slot] = reason = Reason(first.code, {"subject": first.subject, **first.values})
                self._events.put_nowait(Lost(slot, reason))

    async def _manifests_for(self, api: Api, slots: Sequence[Slot]) -> WorkerManifests:
        """As many on each node as on the busiest one, because pods are spread evenly."""
        nodes = tuple(sorted({slot.node for slot in slots}))
        per_node = max(sum(slot.node == node for slot in slots) for node in nodes)
        version = await server_version(api)
        name = f"clearway-{secrets.token_hex(3)}"
        return self._kind.manifests(name, len(nodes) * per_node, nodes, self._options, version.number)

    async def _put_up(self, api: Api, manifests: WorkerManifests) -> None:
        await api.create(self._paths.accounts, manifests.account())
        owner = owned_by(await api.create(self._paths.jobs, manifests.job()))
        self._open_channel = self._kind.channel(api, self._paths, manifests.name, self, self._clock)
        self._monitor = PodMonitor(api, self._paths, manifests.name, manifests.size, self._lose)
        self._follow(self._monitor.follow_pods, self._monitor.follow_events, *self._open_channel.watches)
        adopted = {"metadata": {"ownerReferences": [owner]}}
        await at_once(
            [
                api.merge(f"{self._paths.accounts}/{manifests.name}", adopted),
                _made(api, self._paths.roles, manifests.role(owner)),
                self._open_channel.create(manifests.mailboxes(owner)),
            ]
        )
        await self._bind(api, manifests.role_binding(owner))
        self._follow(lambda: self._renew(api, manifests))

    async def _bind(self, api: Api, binding: dict[str, Any]) -> None:
        """Try until the API server knows the role: before, only an administrator may bind it. Raises KubeError."""
        refusal = await settle(lambda: self._bind_refusal(api, binding), operator.not_, _BOUND_WITHIN)
        if refusal is not None:
            raise refusal

    async def _bind_refusal(self, api: Api, binding: dict[str, Any]) -> KubeError | None:
        try:
            await api.create(self._paths.role_bindings, binding)
        except (NotFound, Forbidden) as error:
            return error
        return None

    def _follow(self, *watches: Watching) -> None:
        self._following += [asyncio.create_task(self._reported(watch)) for watch in watches]

    async def _reported(self, watching: Watching) -> None:
        """A watch that can't go on ends the run: nothing from the workers would arrive any more."""
        try:
            await watching()
        except Exception as error:  # noqa: BLE001 - raised where the events are read
            self._events.put_nowait(error)

    async def _renew(self, api: Api, manifests: WorkerManifests) -> None:
        """Extend the Job's deadline for as long as this process lives."""
        lease, begun = self._options.lease.si, self._clock.now()
        while True:
            await asyncio.sleep(lease / _RENEWALS)
            until = round(self._clock.now() - begun + lease)
            await api.merge(f"{self._paths.jobs}/{manifests.name}", {"spec": {"activeDeadlineSeconds": until}})

    async def _remove(self) -> None:
        manifests, self._manifests = self._manifests, None
        if self._api is None:
            return
        if manifests is not None:
            await self._delete_objects(self._api, manifests)
            await self._await_gone(self._api, manifests)
        if self._installation is not None:
            await self._installation.remove()

    async def _delete_objects(self, api: Api, manifests: WorkerManifests) -> None:
        """Mailboxes are deleted directly: garbage collection starts half a minute late for objects of a new kind."""
        with suppress(NotFound):
            await api.delete(f"{self._paths.jobs}/{manifests.name}", propagationPolicy="Background")
        with suppress(NotFound):
            await api.delete(f"{self._paths.accounts}/{manifests.name}")
        with suppress(NotFound):
            await api.delete_all(self._paths.mailboxes, **selector(manifests.name))

    async def _await_gone(self, api: Api, manifests: WorkerManifests) -> None:
        """Wait for pods and mailboxes to be deleted. A node that does not answer keeps its pod, and is reported."""
        if left := await settle(lambda: self._left(api, manifests), operator.not_, GONE_WITHIN):
            nodes = tuple(sorted({slot.node for slot, name in self._assignment.names.items() if _is_of(name, left)}))
            values = {"count": len(left), "nodes": nodes, "within": GONE_WITHIN}
            self._log(Finding("kubernetes.workers-left", Severity.WARNING, manifests.name, values))

    async def _left(self, api: Api, manifests: WorkerManifests) -> list[str]:
        return [*await _left(api, self._paths.pods, manifests), *await _left(api, self._paths.mailboxes, manifests)]

    def _channel(self) -> WorkerChannel:
        if self._open_channel is None:
            raise InternalError("kubernetes.not-started")
        return self._open_channel

    @property
    def _job_name(self) -> str:
        return self._manifests.name if self._manifests is not None else ""


async def _made(api: Api, collection: str, manifest: dict[str, Any]) -> None:
    await api.create(collection, manifest)


async def _left(api: Api, collection: str, manifests: WorkerManifests) -> list[str]:
    found = await api.get(collection, ObjectList[KubeObject], **selector(manifests.name))
    return [item.metadata.name for item in found.items]


def _is_of(name: str, left: Sequence[str]) -> bool:
    return any(one == name or one.startswith(f"{name}-") for one in left)
