"""The pods of a run's Job: which worker each is, and why one does not work, as soon as the cluster knows."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from clearway.base.errors import ClearwayError
from clearway.kube.api import Api
from clearway.kube.objects import KubeEvent, Pod, Terminated
from clearway.kube.watch import ObjectChange, watch
from clearway.probe.records import Reason
from clearway.probe.wire import REASON
from clearway.site.kubernetes.names import JOB_INDEX, Paths, selector

_IMAGE = ("ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName")
_CONTAINER = ("CreateContainerConfigError", "CreateContainerError", "RunContainerError", "StartError")


def index_of(pod: Pod) -> int:
    """Its number in the Job; -1 if it has none."""
    return int(pod.metadata.labels.get(JOB_INDEX, -1))


def ended(pod: Pod) -> Reason | None:
    """Why it has ended for good; None while it may work."""
    for container in pod.status.container_statuses:
        if (end := container.state.terminated) is not None:
            return _termination_message(end.message) or _of_exit(end)
    if pod.status.phase in ("Failed", "Succeeded"):
        return Reason("pod.ended", {"cause": pod.status.reason or pod.status.phase, "message": pod.status.message})
    if pod.metadata.deletion_timestamp is not None:
        return Reason("pod.deleted")
    return None


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
    return Reason("pod.exited", {"status": end.exit_code, "message": end.message or end.reason})


OnLost = Callable[[str, str | None, Reason], None]
"""Gets a worker's name, its node if it has one, and why it does not work or works no more."""

_PATIENCE: Mapping[str, float] = {"pod.image": 2.0, "pod.container": 0.0, "pod.unschedulable": 5.0}
"""Seconds that an obstacle may last before the worker counts as lost. A failed image pull: its status may be out of
date for a moment. A container that can't be created never will be. A pod may wait for room until another has ended."""
_PATIENCE_WITH_EVENTS = 5.0
"""Seconds after an event of a failure that its component repeats by itself, often with success."""
_NO_SANDBOX = "FailedCreatePodSandBox"
_NO_POD = "FailedCreate"


@dataclass
class PodMonitor:
    """Follows the pods of one Job of `size` workers."""

    api: Api
    paths: Paths
    job: str
    size: int
    on_lost: OnLost
    _pods: dict[str, Pod] = field(default_factory=dict)
    """The latest pod of each worker."""
    _lost: set[str] = field(default_factory=set)
    """Workers that were reported to `on_lost`."""
    _timers: dict[str, asyncio.TimerHandle] = field(default_factory=dict)

    async def follow_pods(self) -> None:
        """Until cancelled. Raises KubeError."""
        async for change in watch(self.api, self.paths.pods, Pod, selector(self.job)):
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

    def close(self) -> None:
        for timer in self._timers.values():
            timer.cancel()

    def _take_all(self, pods: tuple[Pod, ...]) -> None:
        there = {pod.metadata.name for pod in pods}
        for pod in [known for known in self._pods.values() if known.metadata.name not in there]:
            self._take(pod, deleted=True)
        for pod in pods:
            self._take(pod, deleted=False)

    def _take(self, pod: Pod, *, deleted: bool) -> None:
        name = f"{self.job}-{index_of(pod)}"
        self._pods[name] = pod
        reason = ended(pod) or (Reason("pod.deleted") if deleted else None)
        if reason is not None:
            self._lose(name, reason)
        elif (reason := obstacle_of(pod)) is not None:
            self._lose_later(name, reason, _PATIENCE[reason.code])
        elif _is_running(pod):
            self._stop_timer(name)

    def _take_event(self, event: KubeEvent) -> None:
        about = event.involved_object
        if about.kind == "Job" and about.name == self.job and event.reason == _NO_POD:
            for name in (f"{self.job}-{index}" for index in range(self.size)):
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
