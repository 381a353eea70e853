"""The cluster as a site: workers are pods of one Job, mailboxes are objects, and all of it goes with the Job."""

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
from clearway.site.base import Event, FindingLog, Lost, NotFit, Ready
from clearway.site.kubernetes.installation import GONE_WITHIN, Installation
from clearway.site.kubernetes.mailboxes import MailboxSpec, Watching, specs_of_round
from clearway.site.kubernetes.names import Paths, selector
from clearway.site.kubernetes.nodes import described, wanted_nodes
from clearway.site.kubernetes.options import KubernetesOptions
from clearway.site.kubernetes.pod_monitor import PodMonitor
from clearway.site.kubernetes.preflight import check_nodes, cluster_id, server_version
from clearway.site.kubernetes.slot_assignment import SlotAssignment
from clearway.site.kubernetes.worker_kinds import WORKER_KINDS, WorkerChannel
from clearway.site.kubernetes.workers import WorkerManifests, owned_by
from clearway.site.parallel import at_once

_BOUND_WITHIN = Duration(5)
"""API servers learn of a new role through a watch, a fraction of a second after it is created."""
_RENEWALS = 3
"""How often a lease is renewed in its own time."""


class KubernetesSite:
    """One cluster, for one run."""

    name = "kubernetes"

    def __init__(self, options: KubernetesOptions, *, log: FindingLog, clock: Clock | None = None) -> None:
        self._options = options
        self._log = log
        self._clock = clock or Clock()
        self._dialect = WORKER_KINDS[options.workers]
        self._paths = Paths(options.namespace, self._dialect.scope.kind)
        self._open = AsyncExitStack()
        self._api: Api | None = None
        self._installation: Installation | None = None
        self._team: WorkerManifests | None = None
        self._mailboxes: WorkerChannel | None = None
        self._monitor: PodMonitor | None = None
        self._assignment = SlotAssignment(())
        self._events: asyncio.Queue[Event | Exception | None] = asyncio.Queue()
        self._following: list[asyncio.Task[None]] = []
        self._greeted: set[Slot] = set()
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
        """Put up the Job and all that it owns. Raises SiteError; `stop` is still due then."""
        api = self._api = await self._open.enter_async_context(connect(self._options.access))
        unfit = await check_nodes(api, self._options, {slot.node for slot in slots})
        self._assignment = SlotAssignment(slots)
        self._refuse_or_lose(unfit)
        self._installation = Installation(api, self._options.namespace, self._log, self._dialect.scope)
        await self._installation.ensure()
        team = self._team = await self._assembled(api, [slot for slot in slots if slot not in self._lost])
        await self._put_up(api, team)

    async def submit(self, round_id: str, requests: Mapping[Slot, Sequence[Request]]) -> None:
        """Hand out; a worker that is lost is passed over, its Lost event has told so."""
        named = {slot: name for slot, name in self._assignment.names.items() if slot in requests}
        written = specs_of_round(requests)
        await self._boxes().submit(round_id, {name: written[slot] for slot, name in named.items()})

    def handing_out(self, mailboxes: int) -> Duration:
        """By the API server's answers so far."""
        return self._boxes().handing_out(mailboxes)

    async def cancel(self) -> None:
        """Empty every mailbox."""
        empty = MailboxSpec((), "", "")
        await self._boxes().submit(None, dict.fromkeys(self._assignment.names.values(), empty))

    async def events(self) -> AsyncIterator[Event]:
        """Everything the workers say, and what the cluster says of them; ends after `stop`.

        Raises SiteError where hearing them has become impossible, or a worker doesn't start and all are wanted.
        """
        while (event := await self._events.get()) is not None:
            if isinstance(event, Exception):
                raise event
            yield event

    async def stop(self) -> None:
        """Remove what `start` put up: the run's objects first, then what they lived in."""
        for task in self._following:
            task.cancel()
        await asyncio.gather(*self._following, return_exceptions=True)
        self._following = []
        if self._monitor is not None:
            self._monitor.close()
        try:
            await self._take_down()
        except KubeError as error:
            self._log(Finding("kubernetes.not-removed", Severity.WARNING, self._team_name, {"cause": error.reason}))
        finally:
            await self._open.aclose()
            self._api = None
            self._events.put_nowait(None)

    def leftover_hint(self) -> Reason | None:
        """The Job goes by itself once its lease is over."""
        if self._team is None:
            return None
        values = {"namespace": self._options.namespace, "job": self._team.name, "lease": self._options.lease}
        return Reason("kubernetes.leftover", values)

    # What the mailboxes tell, by the name of the worker.

    def ready(self, name: str, worker: Worker, clock: ClockOffset) -> None:
        slot = self._assignment.assign(name, worker.slot.node)
        if slot is None:
            self._log(Finding("kubernetes.extra-worker", Severity.INFO, name, {"node": worker.slot.node}))
            return
        self._greeted.add(slot)
        self._events.put_nowait(Ready(replace(worker, slot=slot), clock))

    def said(self, name: str, event: Result | Observation) -> None:
        self._events.put_nowait(event)

    def gone(self, name: str, reason: Reason) -> None:
        node = self._monitor.node_of(name) if self._monitor is not None else None
        self._lose(name, node, reason)

    def _lose(self, name: str, node: str | None, reason: Reason) -> None:
        slot = self._assignment.assign(name, node) if node is not None else self._assignment.assign_anywhere(name)
        if slot is None:
            return
        if slot in self._greeted or self._options.partial:
            self._lost[slot] = reason
            self._events.put_nowait(Lost(slot, reason))
        else:
            finding = Finding(reason.code, Severity.ERROR, str(slot), reason.values)
            self._events.put_nowait(NotFit((finding,)))

    def _refuse_or_lose(self, unfit: Mapping[str, Sequence[Finding]]) -> None:
        """Nodes that can't hold a worker: a reason to stop, or, if asked so, to do without them."""
        if not unfit:
            return
        if not self._options.partial:
            raise NotFit(tuple(finding for findings in unfit.values() for finding in findings))
        for slot in self._assignment.slots:
            if slot.node in unfit:
                first = unfit[slot.node][0]
                self._lost[slot] = reason = Reason(first.code, {"subject": first.subject, **first.values})
                self._events.put_nowait(Lost(slot, reason))

    async def _assembled(self, api: Api, slots: Sequence[Slot]) -> WorkerManifests:
        """As many on each node as on the busiest one, because pods are spread evenly."""
        nodes = tuple(sorted({slot.node for slot in slots}))
        a_node = max(sum(slot.node == node for slot in slots) for node in nodes)
        version = await server_version(api)
        name = f"clearway-{secrets.token_hex(3)}"
        return self._dialect.team(name, len(nodes) * a_node, nodes, self._options, version.number)

    async def _put_up(self, api: Api, team: WorkerManifests) -> None:
        await api.create(self._paths.accounts, team.account())
        owner = owned_by(await api.create(self._paths.jobs, team.job()))
        self._mailboxes = self._dialect.post(api, self._paths, team.name, self, self._clock)
        self._monitor = PodMonitor(api, self._paths, team.name, team.size, self._lose)
        self._follow(self._monitor.follow_pods, self._monitor.follow_events, *self._mailboxes.watches)
        adopted = {"metadata": {"ownerReferences": [owner]}}
        await at_once(
            [
                api.merge(f"{self._paths.accounts}/{team.name}", adopted),
                _made(api, self._paths.roles, team.role(owner)),
                self._mailboxes.create(team.mailboxes(owner)),
            ]
        )
        await self._bind(api, team.role_binding(owner))
        self._follow(lambda: self._renew(api, team))

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
        self._following += [asyncio.create_task(self._guarded(watch)) for watch in watches]

    async def _guarded(self, watching: Watching) -> None:
        """A watch that can't go on ends the run: nobody would hear the workers."""
        try:
            await watching()
        except Exception as error:  # noqa: BLE001 - it belongs to whoever reads the events
            self._events.put_nowait(error)

    async def _renew(self, api: Api, team: WorkerManifests) -> None:
        """Extend the Job's life as long as we live ourselves."""
        lease, begun = self._options.lease.si, self._clock.now()
        while True:
            await asyncio.sleep(lease / _RENEWALS)
            until = round(self._clock.now() - begun + lease)
            await api.merge(f"{self._paths.jobs}/{team.name}", {"spec": {"activeDeadlineSeconds": until}})

    async def _take_down(self) -> None:
        team, self._team = self._team, None
        if self._api is None:
            return
        if team is not None:
            await self._disband(self._api, team)
            await self._await_gone(self._api, team)
        if self._installation is not None:
            await self._installation.remove()

    async def _disband(self, api: Api, team: WorkerManifests) -> None:
        """The mailboxes by themselves: a cluster takes half a minute to learn that a new kind's objects have owners."""
        with suppress(NotFound):
            await api.delete(f"{self._paths.jobs}/{team.name}", propagationPolicy="Background")
        with suppress(NotFound):
            await api.delete(f"{self._paths.accounts}/{team.name}")
        with suppress(NotFound):
            await api.delete_all(self._paths.mailboxes, **selector(team.name))

    async def _await_gone(self, api: Api, team: WorkerManifests) -> None:
        """Pods and mailboxes; a node that does not answer keeps its pod, and is named."""
        if left := await settle(lambda: self._left(api, team), operator.not_, GONE_WITHIN):
            nodes = tuple(sorted({slot.node for slot, name in self._assignment.names.items() if _is_of(name, left)}))
            values = {"count": len(left), "nodes": nodes, "within": GONE_WITHIN}
            self._log(Finding("kubernetes.workers-left", Severity.WARNING, team.name, values))

    async def _left(self, api: Api, team: WorkerManifests) -> list[str]:
        return [*await _left(api, self._paths.pods, team), *await _left(api, self._paths.mailboxes, team)]

    def _boxes(self) -> WorkerChannel:
        if self._mailboxes is None:
            raise InternalError("kubernetes.not-started")
        return self._mailboxes

    @property
    def _team_name(self) -> str:
        return self._team.name if self._team is not None else ""


async def _made(api: Api, collection: str, manifest: dict[str, Any]) -> None:
    await api.create(collection, manifest)


async def _left(api: Api, collection: str, team: WorkerManifests) -> list[str]:
    found = await api.get(collection, ObjectList[KubeObject], **selector(team.name))
    return [item.metadata.name for item in found.items]


def _is_of(name: str, left: Sequence[str]) -> bool:
    return any(one == name or one.startswith(f"{name}-") for one in left)
