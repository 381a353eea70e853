"""Who of a run's workers came, who will not, and why: pods and the cluster's words about them, as they change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import msgspec

from clearway.kube.api import Api
from clearway.kube.watch import ObjectChange, watch
from clearway.probe.records import Reason
from clearway.site.kubernetes.names import Paths, selector
from clearway.site.kubernetes.pods import PodView, ended, hindered

Gone = Callable[[str, str | None, Reason], None]
"""Told of a worker's name, its node if it has one, and why it will not work (any more)."""

_PATIENCE: Mapping[str, float] = {"pod.image": 2.0, "pod.container": 0.0, "pod.unschedulable": 5.0}
"""Seconds that a hindrance may last before the worker counts as lost."""
_PATIENCE_WITH_EVENTS = 5.0
_NO_SANDBOX = "FailedCreatePodSandBox"
_NO_POD = "FailedCreate"


class _Involved(msgspec.Struct, frozen=True):
    kind: str = ""
    name: str = ""


class _Happened(msgspec.Struct, frozen=True):
    """An Event of the cluster's."""

    involvedObject: _Involved = _Involved()  # noqa: N815 - the API's name
    reason: str = ""
    message: str = ""


@dataclass
class PodMonitor:
    """Follows the pods of one Job, called `team`, of so many workers."""

    api: Api
    paths: Paths
    team: str
    size: int
    gone: Gone
    _pods: dict[str, PodView] = field(default_factory=dict)
    """The latest pod of each worker."""
    _over: set[str] = field(default_factory=set)
    """Workers that `gone` was told of."""
    _timers: dict[str, asyncio.TimerHandle] = field(default_factory=dict)

    async def follow_pods(self) -> None:
        """Until cancelled. Raises KubeError."""
        async for news in watch(self.api, self.paths.pods, PodView, selector(self.team)):
            if isinstance(news, ObjectChange):
                self._take(news.item, deleted=news.deleted)
            else:
                self._take_all(news.items)

    async def follow_events(self) -> None:
        """Until cancelled. Raises KubeError."""
        async for news in watch(self.api, self.paths.events, _Happened, {}):
            for event in (news.item,) if isinstance(news, ObjectChange) else news.items:
                self._hear(event)

    def node_of(self, name: str) -> str | None:
        pod = self._pods.get(name)
        return pod.node if pod is not None else None

    def close(self) -> None:
        for timer in self._timers.values():
            timer.cancel()

    def _take_all(self, pods: tuple[PodView, ...]) -> None:
        there = {pod.metadata.name for pod in pods}
        for pod in [known for known in self._pods.values() if known.metadata.name not in there]:
            self._take(pod, deleted=True)
        for pod in pods:
            self._take(pod, deleted=False)

    def _take(self, pod: PodView, *, deleted: bool) -> None:
        name = f"{self.team}-{pod.index}"
        self._pods[name] = pod
        reason = ended(pod) or (Reason("pod.deleted") if deleted else None)
        if reason is not None:
            self._lose(name, reason)
        elif (reason := hindered(pod)) is not None:
            self._lose_later(name, reason, _PATIENCE[reason.code])
        elif pod.running:
            self._forgive(name)

    def _hear(self, event: _Happened) -> None:
        about = event.involvedObject
        if about.kind == "Job" and about.name == self.team and event.reason == _NO_POD:
            for name in (f"{self.team}-{index}" for index in range(self.size)):
                if name not in self._pods:
                    self._lose_later(name, Reason("pod.refused", {"message": event.message}), _PATIENCE_WITH_EVENTS)
        elif event.reason == _NO_SANDBOX:
            for name, pod in self._pods.items():
                if pod.metadata.name == about.name and not pod.running:
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
