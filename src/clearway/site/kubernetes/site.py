"""The cluster as a site: workers are pods of one Job, mailboxes are objects, and all are deleted with the Job."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace

from clearway.base.clock import Clock
from clearway.base.errors import InternalError
from clearway.base.units import Duration
from clearway.kube.api import Api, ApiObject, connect
from clearway.kube.errors import KubeError
from clearway.kube.objects import KubeNode, Pod
from clearway.probe.clock_offset import ClockOffset
from clearway.probe.observations import SITE_FINDING
from clearway.probe.paths import NO_SERVICES, WantedServices
from clearway.probe.records import (
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
from clearway.site.base import Event, FindingLog, Lost, NotFit, Ready, Received, at_once
from clearway.site.kubernetes.encapsulation import encapsulations
from clearway.site.kubernetes.installation import Installation
from clearway.site.kubernetes.job_deadline import JobDeadline
from clearway.site.kubernetes.jobs import RunJobs, jobs_for, scope_for
from clearway.site.kubernetes.mailboxes import MailboxSpec, Watching, specs_of_round
from clearway.site.kubernetes.names import Paths
from clearway.site.kubernetes.nodes import (
    check_nodes,
    chosen_nodes,
    cluster_id,
    described,
    mixed_architectures,
    server_version,
    silent_nodes,
    wanted_nodes,
)
from clearway.site.kubernetes.options import KubernetesOptions
from clearway.site.kubernetes.pods import PLACED_WITHIN, PodMonitor
from clearway.site.kubernetes.policies import policies
from clearway.site.kubernetes.removal import WorkerRemoval
from clearway.site.kubernetes.rights import bind_role
from clearway.site.kubernetes.run_lease import RunLease
from clearway.site.kubernetes.services import WorkerServices
from clearway.site.kubernetes.surroundings import unverified
from clearway.site.kubernetes.worker_image import WorkerImage, by_digest
from clearway.site.kubernetes.worker_kinds import WORKER_KINDS, WorkerChannel
from clearway.site.kubernetes.workers import WORKER_LABELS, SlotAssignment
from clearway.site.listening import elsewhere

_CATCHING_UP = Duration(15)
"""After an outage a worker finds the API server again within 10 s, with its longest wait for an answer; its rights take
a moment more."""


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
        self._run_lease: RunLease | None = None
        self._jobs: RunJobs | None = None
        self._services: WorkerServices | None = None
        self._open_channel: WorkerChannel | None = None
        self._monitor: PodMonitor | None = None
        self._assignment = SlotAssignment(())
        self._events: asyncio.Queue[Event | Exception | None] = asyncio.Queue()
        self._following: list[asyncio.Task[None]] = []
        self._announced: set[Slot] = set()
        self._lost: dict[Slot, Reason] = {}

    async def inspect(self) -> Inventory:
        """The nodes that are to be measured. Raises SiteError."""
        async with connect(self._options.access, self._log) as api:
            chosen = await chosen_nodes(api, self._options)
            return Inventory(
                site=f"{self.name} {await cluster_id(api)}",
                nodes=tuple(described(node, self._options.machine_label) for node in chosen.nodes),
                versions={"kubernetes": (await server_version(api)).text},
                in_pods=True,
                findings=(*chosen.left_out, *mixed_architectures(self._options.image, chosen.nodes)),
            )

    async def start(self, slots: Sequence[Slot], services: WantedServices = NO_SERVICES) -> None:
        """Create the Job and all that it owns. Raises SiteError; `stop` must be called even then."""
        api = self._api = await self._open.enter_async_context(connect(self._options.access, self._log))
        nodes, names = await wanted_nodes(api, self._options), {slot.node for slot in slots}
        unfit = check_nodes(nodes, self._options.tolerations, names)
        self._take_image([node for node in nodes if node.name in names])
        self._assignment = SlotAssignment(slots)
        self._refuse_or_lose(unfit)
        self._installation = Installation(api, self._options.namespace, self._log, scope_for(self._kind.scope, slots))
        await self._installation.ensure()
        run_lease = self._run_lease = RunLease(api, self._paths, self._note)
        await run_lease.take(beside_others=self._options.beside_others)
        self._follow(run_lease.keep)
        await self._note_surroundings(api)
        jobs = self._jobs = await jobs_for(api, self._options, [slot for slot in slots if slot not in self._lost])
        owner = await self._put_up(api, jobs, run_lease)
        self._services = WorkerServices(api, self._paths, jobs.name, services, owner)

    async def submit(self, round_id: str, requests: Mapping[Slot, Sequence[Request]]) -> None:
        """Hand out; a worker that is lost is passed over: its Lost event has been reported."""
        named = {slot: name for slot, name in self._assignment.names.items() if slot in requests}
        written = specs_of_round(requests)
        await self._channel().submit(round_id, {name: written[slot] for slot, name in named.items()})

    def handing_out(self, mailboxes: int) -> Duration:
        """By the API server's answers so far."""
        return self._channel().handing_out(mailboxes)

    async def reconnected(self) -> Duration:
        """Asks the API server, which may be away, in the usual way: with patience."""
        api = self._connected()
        begun = asyncio.get_running_loop().time()
        await server_version(api)
        return _CATCHING_UP if api.presence.was_away_since(begun - _CATCHING_UP.si) else Duration(0)

    async def absent(self, slots: Collection[Slot]) -> Mapping[Slot, Reason]:
        """Those on nodes of which the cluster hears nothing."""
        silent = await silent_nodes(self._connected(), {slot.node for slot in slots})
        return {slot: silent[slot.node] for slot in slots if slot.node in silent}

    async def cancel(self) -> None:
        """Empty every mailbox."""
        empty = MailboxSpec((), "", "", "")
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
        job = "" if self._jobs is None else self._jobs.name
        for task in self._following:
            task.cancel()
        await asyncio.gather(*self._following, return_exceptions=True)
        self._following = []
        if self._monitor is not None:
            self._monitor.close()
        try:
            await self._remove()
        except KubeError as error:
            self._log(Finding("kubernetes.not-removed", Severity.WARNING, job, {"cause": error.reason}))
        finally:
            await self._open.aclose()
            self._api = None
            self._events.put_nowait(None)

    def leftover_hint(self) -> Reason | None:
        """Kubernetes ends the Job itself when its lease is over."""
        if self._jobs is None:
            return None
        values = {"namespace": self._options.namespace, "job": self._jobs.name, "lease": self._options.lease}
        return Reason("kubernetes.leftover", values)

    # As ChannelListener: called with the name of the worker.

    async def ready(self, name: str, worker: Worker, clock: ClockOffset) -> None:
        """The cluster says where a worker is: one that claims something else is lost."""
        assert self._monitor is not None
        try:
            pod = await self._monitor.placed(name)
        except TimeoutError:
            self.lost(name, Reason("kubernetes.place-unknown", {"within": PLACED_WITHIN}))
            return
        node = str(pod.spec.node_name)
        if (wrong := elsewhere(worker, node, [address.ip for address in pod.status.pod_ips])) is not None:
            self.lost(name, wrong)
            return
        slot = self._assignment.assign(name, node)
        if slot is None:
            self._log(Finding("kubernetes.extra-worker", Severity.INFO, name, {"node": node}))
            return
        try:
            served = await self._with_services(name, replace(worker, slot=slot), pod)
        except KubeError as error:
            self._events.put_nowait(error)
        else:
            self._announced.add(slot)
            self._events.put_nowait(Ready(served, clock))

    async def _with_services(self, name: str, worker: Worker, pod: Pod) -> Worker:
        """What it claims itself of services does not count."""
        found = None if self._services is None else await self._services.made_for(name, worker, pod)
        return replace(worker, services=found)

    def received(self, name: str, item: Result | Observation) -> None:
        slot = self._assignment.slot_of(name)
        if slot in self._announced:
            self._events.put_nowait(Received(slot, item))
        else:
            self.lost(name, Reason("kubernetes.not-announced"))

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

    async def _note_surroundings(self, api: Api) -> None:
        """What figures are read with. A namespace that was made just now may have got policies from the cluster."""
        for finding in unverified(api):
            self._note(finding)
        async for finding in encapsulations(api):
            self._note(finding)
        async for finding in policies(api, self._options.namespace, WORKER_LABELS):
            self._note(finding)

    def _note(self, finding: Finding) -> None:
        """Say it at once, and let the record have it."""
        self._log(finding)
        values = {"code": finding.code, "severity": finding.severity.value, **finding.values}
        self._events.put_nowait(SITE_FINDING.seen(finding.subject, self._clock.now(), values))

    def _take_image(self, nodes: Sequence[KubeNode]) -> None:
        """By its digest, where the nodes say it."""
        named, image = self._options.image, by_digest(self._options.image, nodes)
        if image != named:
            self._options = replace(self._options, image=image)
            self._note(Finding("kubernetes.image-digest", Severity.INFO, named, {"image": image}))

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

    async def _put_up(self, api: Api, jobs: RunJobs, run_lease: RunLease) -> ApiObject:
        """Returns the reference to the owner of all."""
        owner = await jobs.create(api, self._paths)
        self._open_channel = self._kind.channel(api, self._paths, jobs.name, self, self._clock)
        image = WorkerImage.of(self._options.image)
        self._monitor = PodMonitor(api, self._paths, jobs.name, jobs.sizes, self._lose, image, self._note)
        self._follow(self._monitor.follow_pods, self._monitor.follow_events, *self._open_channel.watches)
        created = self._open_channel.create(jobs.mailboxes(owner))
        await at_once([jobs.equip(api, self._paths, owner), run_lease.adopt(owner), created])
        await bind_role(api, self._paths.role_bindings, jobs.first.role_binding(owner))
        for job in jobs.sizes:
            self._follow(JobDeadline(api, f"{self._paths.jobs}/{job}", self._options.lease.si, self._clock).keep)
        return owner

    def _follow(self, *watches: Watching) -> None:
        self._following += [asyncio.create_task(self._reported(watch)) for watch in watches]

    async def _reported(self, watching: Watching) -> None:
        """A watch that can't go on ends the run: nothing from the workers would arrive any more."""
        try:
            await watching()
        except Exception as error:  # noqa: BLE001 - raised where the events are read
            self._events.put_nowait(error)

    async def _remove(self) -> None:
        jobs, self._jobs = self._jobs, None
        if self._api is None:
            return
        if jobs is not None:
            removal = WorkerRemoval(self._api, self._paths, jobs.name)
            await removal.delete()
            if (left := await removal.await_gone(self._assignment.names)) is not None:
                self._log(left)
        if self._run_lease is not None:
            await self._run_lease.give_back()
        if self._installation is not None:
            await self._installation.remove()

    def _channel(self) -> WorkerChannel:
        if self._open_channel is None:
            raise InternalError("kubernetes.not-started")
        return self._open_channel

    def _connected(self) -> Api:
        if self._api is None:
            raise InternalError("kubernetes.not-started")
        return self._api
