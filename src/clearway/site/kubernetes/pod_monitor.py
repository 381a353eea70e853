"""Who of a run's workers came, who will not, and why: pods and the cluster's words about them, as they change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from clearway.kube.api import Api
from clearway.kube.objects import KubeEvent, Pod
from clearway.kube.watch import ObjectChange, watch
from clearway.probe.records import Reason
from clearway.site.kubernetes.names import Paths, selector
from clearway.site.kubernetes.pods import ended, hindered, index_of

Gone = Callable[[str, str | None, Reason], None]
"""Told of a worker's name, its node if it has one, and why it will not work (any more)."""

_PATIENCE: Mapping[str, float] = {"pod.image": 2.0, "pod.container": 0.0, "pod.unschedulable": 5.0}
"""Seconds that a hindrance may last before the worker counts as lost."""
_PATIENCE_WITH_EVENTS = 5.0
_NO_SANDBOX = "FailedCreatePodSandBox"
_NO_POD = "FailedCreate"


@dataclass
class PodMonitor:
    """Follows the pods of one Job, called `team`, of so many workers."""

    api: Api
    paths: Paths
    team: str
    size: int
    gone: Gone
    _pods: dict[str, Pod] = field(default_factory=dict)
    """The latest pod of each worker."""
    _over: set[str] = field(default_factory=set)
    """Workers that `gone` was told of."""
    _timers: dict[str, asyncio.TimerHandle] = field(default_factory=dict)

    async def follow_pods(self) -> None:
        """Until cancelled. Raises KubeError."""
        async for news in watch(self.api, self.paths.pods, Pod, selector(self.team)):
            if isinstance(news, ObjectChange):
                self._take(news.item, deleted=news.deleted)
            else:
                self._take_all(news.items)

    async def follow_events(self) -> None:
        """Until cancelled. Raises KubeError."""
        async for news in watch(self.api, self.paths.events, KubeEvent, {}):
            for event in (news.item,) if isinstance(news, ObjectChange) else news.items:
                self._hear(event)

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
        name = f"{self.team}-{index_of(pod)}"
        self._pods[name] = pod
        reason = ended(pod) or (Reason("pod.deleted") if deleted else None)
        if reason is not None:
            self._lose(name, reason)
        elif (reason := hindered(pod)) is not None:
            self._lose_later(name, reason, _PATIENCE[reason.code])
        elif _is_running(pod):
            self._forgive(name)

    def _hear(self, event: KubeEvent) -> None:
        about = event.involved_object
        if about.kind == "Job" and about.name == self.team and event.reason == _NO_POD:
            for name in (f"{self.team}-{index}" for index in range(self.size)):
                if name not in self._pods:
                    self._lose_later(name, Reason("pod.refused", {"message": event.message}), _PATIENCE_WITH_EVENTS)
        elif event.reason == _NO_SANDBOX:
            for name, pod in self._pods.items():
                if pod.metadata.name == about.name and not _is_running(pod):
                    self._lose_later(name, Reason("pod.no-network", {"message": event.message}), _PATIENCE_WITH_EVENTS)

    def _lose_later(self, name: str, reason: Reason, patience: float) -> None:
        if name not in self._timers and name not in self._over:
            loop = asyncio.get_running_loop()
            self._timers[name] = loop.call_later(patience, self._lose, name, reason)

    def _forgive(self, name: str) -> None:
        if (timer := self._timers.pop(name, None)) is not None:
            timer.cancel()

    def _lose(self, name: str, reason: Reason) -> None:
        self._forgive(name)
        if name not in self._over:
            self._over.add(name)
            self.gone(name, self.node_of(name), reason)


def _is_running(pod: Pod) -> bool:
    return pod.status.phase == "Running"
