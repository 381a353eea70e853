"""The pods of a run's Job: which worker each is, and why one does not work, as soon as the cluster knows."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from clearway.base.errors import ClearwayError
from clearway.base.units import Duration
from clearway.kube.api import Api
from clearway.kube.objects import KubeEvent, Pod, Terminated
from clearway.kube.watch import ObjectChange, watch
from clearway.probe.records import Finding, Reason, Severity
from clearway.probe.slot import POD
from clearway.probe.wire import REASON
from clearway.site.base import FindingLog
from clearway.site.kubernetes.names import JOB_INDEX, NETWORK, Paths, job_name, selector
from clearway.site.kubernetes.worker_image import WorkerImage
from clearway.site.kubernetes.workers import WORKER_CONTAINER

_IMAGE = ("ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName")
_OTHER_MACHINE = "exec format error"
"""What the kernel says of a program for another kind of processor."""
_CONTAINER = ("CreateContainerConfigError", "CreateContainerError", "RunContainerError", "StartError")


def index_of(pod: Pod) -> int:
    """Its number in the Job; -1 if it has none."""
    return int(pod.metadata.labels.get(JOB_INDEX, -1))


def ended(pod: Pod) -> Reason | None:
    """Why it has ended for good; None while it may work. A container that the cluster added may end as it likes."""
    for container in pod.status.container_statuses:
        if container.name in ("", WORKER_CONTAINER) and (end := container.state.terminated) is not None:
            return _termination_message(end.message) or _of_exit(end)
    if pod.status.phase in ("Failed", "Succeeded"):
        return Reason("pod.ended", {"cause": pod.status.reason or pod.status.phase, "message": pod.status.message})
    if pod.metadata.deletion_timestamp is not None:
        return Reason("pod.deleted")
    return None


def added_containers(pod: Pod) -> tuple[str, ...]:
    """Names of the containers that are not ours: sidecars, as a service mesh adds them."""
    specs = (*pod.spec.init_containers, *pod.spec.containers)
    return tuple(one.name for one in specs if one.name != WORKER_CONTAINER)


def oddities(pod: Pod, image: WorkerImage) -> Iterator[Finding]:
    """What the cluster made of a worker's pod that its figures depend on."""
    node = str(pod.spec.node_name)
    if added := added_containers(pod):
        values = {"containers": added, "count": len(added)}
        yield Finding("kubernetes.added-containers", Severity.WARNING, node, values)
    for container in pod.status.container_statuses:
        if container.name == WORKER_CONTAINER and (found := image.other_than(container.image_id)) is not None:
            code = "kubernetes.mixed-images" if image.node else "kubernetes.other-image"
            yield Finding(code, Severity.WARNING, node, {"found": found, "expected": image.digests, "node": image.node})


def obstacle_of(pod: Pod) -> Reason | None:
    """What keeps it from starting now, if the cluster has reported it; it may still start."""
    for container in pod.status.container_statuses:
        waiting = container.state.waiting
        if waiting is not None and waiting.reason in _IMAGE:
            return Reason("pod.image", {"image": container.image, "message": waiting.message})
        if waiting is not None and waiting.reason in _CONTAINER:
            return Reason("pod.container", {"message": waiting.message or waiting.reason})
    for condition in pod.status.conditions:
        if condition.type == "PodScheduled" and condition.status == "False" and condition.reason == "Unschedulable":
            return Reason("pod.unschedulable", {"message": condition.message})
    return None


def _termination_message(message: str) -> Reason | None:
    """The reason that the worker wrote into its termination log."""
    try:
        return REASON.decode(json.loads(message))
    except (ValueError, ClearwayError):
        return None


def _of_exit(end: Terminated) -> Reason:
    if end.reason == "OOMKilled":
        return Reason("pod.out-of-memory")
    last_line = (end.message.strip() or end.reason).rpartition("\n")[2]
    if _OTHER_MACHINE in last_line.lower():
        return Reason("pod.other-architecture", {"message": last_line})
    return Reason("pod.exited", {"status": end.exit_code, "message": last_line})


OnLost = Callable[[str, str | None, Reason], None]
"""Gets a worker's name, its node if it has one, and why it does not work or works no more."""

_PATIENCE: Mapping[str, float] = {"pod.image": 2.0, "pod.container": 0.0, "pod.unschedulable": 5.0}
"""Seconds that an obstacle may last before the worker counts as lost. A failed image pull: its status may be out of
date for a moment. A container that can't be created never will be. A pod may wait for room until another has ended."""
_PATIENCE_WITH_EVENTS = 5.0
"""Seconds after an event of a failure that its component repeats by itself, often with success."""
PLACED_WITHIN = Duration(30)
"""A worker that has announced itself runs: its kubelet reports that, with the addresses, within a few seconds."""
_NO_SANDBOX = "FailedCreatePodSandBox"
_NO_POD = "FailedCreate"


@dataclass
class PodMonitor:
    """Follows the pods of a run's Jobs, each of so many workers."""

    api: Api
    paths: Paths
    run: str
    sizes: Mapping[str, int]
    """By the name of the Job."""
    on_lost: OnLost
    image: WorkerImage
    on_oddity: FindingLog
    _pods: dict[str, Pod] = field(default_factory=dict)
    """The latest pod of each worker."""
    _lost: set[str] = field(default_factory=set)
    """Workers that were reported to `on_lost`."""
    _odd: set[tuple[str, str]] = field(default_factory=set)
    """Workers, each with the code of what was reported to `on_oddity`."""
    _timers: dict[str, asyncio.TimerHandle] = field(default_factory=dict)
    _placed: defaultdict[str, asyncio.Event] = field(default_factory=lambda: defaultdict(asyncio.Event))

    async def follow_pods(self) -> None:
        """Until cancelled. Raises KubeError."""
        async for change in watch(self.api, self.paths.pods, Pod, selector(self.run)):
            if isinstance(change, ObjectChange):
                self._take(change.item, deleted=change.deleted)
            else:
                self._take_all(change.items)

    async def follow_events(self) -> None:
        """Until cancelled. Raises KubeError."""
        async for change in watch(self.api, self.paths.events, KubeEvent, {}):
            for event in (change.item,) if isinstance(change, ObjectChange) else change.items:
                self._take_event(event)

    def node_of(self, name: str) -> str | None:
        pod = self._pods.get(name)
        return pod.spec.node_name if pod is not None else None

    async def placed(self, name: str) -> Pod:
        """A worker's pod, once the cluster says where it is. Raises TimeoutError."""
        async with asyncio.timeout(PLACED_WITHIN.si):
            await self._placed[name].wait()
        return self._pods[name]

    def close(self) -> None:
        for timer in self._timers.values():
            timer.cancel()

    def _take_all(self, pods: tuple[Pod, ...]) -> None:
        there = {pod.metadata.name for pod in pods}
        for pod in [known for known in self._pods.values() if known.metadata.name not in there]:
            self._take(pod, deleted=True)
        for pod in pods:
            self._take(pod, deleted=False)

    def _worker(self, pod: Pod) -> str:
        return f"{job_name(self.run, pod.metadata.labels.get(NETWORK, POD))}-{index_of(pod)}"

    def _take(self, pod: Pod, *, deleted: bool) -> None:
        name = self._worker(pod)
        self._pods[name] = pod
        self._take_oddities(name, pod)
        if pod.spec.node_name and pod.status.pod_ips:
            self._placed[name].set()
        reason = ended(pod) or (Reason("pod.deleted") if deleted else None)
        if reason is not None:
            self._lose(name, reason)
        elif (reason := obstacle_of(pod)) is not None:
            self._lose_later(name, reason, _PATIENCE[reason.code])
        elif _is_running(pod):
            self._stop_timer(name)

    def _take_oddities(self, name: str, pod: Pod) -> None:
        for container in pod.status.container_statuses:
            if container.name == WORKER_CONTAINER and pod.spec.node_name:
                self.image = self.image.seen_on(pod.spec.node_name, container.image_id)
        for finding in oddities(pod, self.image) if pod.spec.node_name else ():
            if (name, finding.code) not in self._odd:
                self._odd.add((name, finding.code))
                self.on_oddity(finding)

    def _take_event(self, event: KubeEvent) -> None:
        about = event.involved_object
        if about.kind == "Job" and about.name in self.sizes and event.reason == _NO_POD:
            for name in (f"{about.name}-{index}" for index in range(self.sizes[about.name])):
                if name not in self._pods:
                    self._lose_later(name, Reason("pod.refused", {"message": event.message}), _PATIENCE_WITH_EVENTS)
        elif event.reason == _NO_SANDBOX:
            for name, pod in self._pods.items():
                if pod.metadata.name == about.name and not _is_running(pod):
                    self._lose_later(name, Reason("pod.no-network", {"message": event.message}), _PATIENCE_WITH_EVENTS)

    def _lose_later(self, name: str, reason: Reason, patience: float) -> None:
        if name not in self._timers and name not in self._lost:
            loop = asyncio.get_running_loop()
            self._timers[name] = loop.call_later(patience, self._lose, name, reason)

    def _stop_timer(self, name: str) -> None:
        if (timer := self._timers.pop(name, None)) is not None:
            timer.cancel()

    def _lose(self, name: str, reason: Reason) -> None:
        self._stop_timer(name)
        if name not in self._lost:
            self._lost.add(name)
            self.on_lost(name, self.node_of(name), reason)


def _is_running(pod: Pod) -> bool:
    return pod.status.phase == "Running"
