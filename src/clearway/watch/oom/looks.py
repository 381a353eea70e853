"""What the API tells of kills: containers' statuses and nodes' events, read into records."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec

from clearway.watch.oom.records import Oom, OomSource

T = TypeVar("T")


@dataclass(frozen=True)
class Look(Generic[T]):
    """One collection to follow, and how to read it."""

    source: OomSource
    plural: str
    kind: type[T]
    read: Callable[[T], Iterator[Oom]]
    nodes_namespace: str | None = None
    """Where it is looked at by whoever may not look everywhere; None: in the run's own namespace."""
    selectors: Mapping[str, str] = field(default_factory=dict)


class _Terminated(msgspec.Struct, frozen=True):
    reason: str = ""
    finishedAt: str | None = None  # noqa: N815 - the API's name


class _State(msgspec.Struct, frozen=True):
    terminated: _Terminated | None = None


class _Status(msgspec.Struct, frozen=True):
    name: str
    state: _State = _State()
    lastState: _State = _State()  # noqa: N815 - the API's name


class _Resources(msgspec.Struct, frozen=True):
    limits: dict[str, Any] = {}


class _Container(msgspec.Struct, frozen=True):
    name: str
    resources: _Resources = _Resources()


class _PodSpec(msgspec.Struct, frozen=True):
    nodeName: str | None = None  # noqa: N815 - the API's name
    containers: tuple[_Container, ...] = ()
    initContainers: tuple[_Container, ...] = ()  # noqa: N815 - the API's name


class _PodStatus(msgspec.Struct, frozen=True):
    containerStatuses: tuple[_Status, ...] = ()  # noqa: N815 - the API's name
    initContainerStatuses: tuple[_Status, ...] = ()  # noqa: N815 - the API's name
    ephemeralContainerStatuses: tuple[_Status, ...] = ()  # noqa: N815 - the API's name


class _Metadata(msgspec.Struct, frozen=True):
    name: str
    namespace: str = ""


class Pod(msgspec.Struct, frozen=True):
    metadata: _Metadata
    spec: _PodSpec = _PodSpec()
    status: _PodStatus = _PodStatus()


def of_pod(pod: Pod) -> Iterator[Oom]:
    """The kills that its containers' statuses hold: the present state's, and the last one's."""
    status = pod.status
    for one in (*status.containerStatuses, *status.initContainerStatuses, *status.ephemeralContainerStatuses):
        for state in (one.state, one.lastState):
            over = state.terminated
            if over is not None and over.reason == "OOMKilled" and over.finishedAt is not None:
                yield Oom(
                    OomSource.CONTAINERS,
                    _instant(over.finishedAt),
                    pod.spec.nodeName,
                    pod.metadata.namespace,
                    pod.metadata.name,
                    one.name,
                    limit=_limit(pod, one.name),
                )


def _limit(pod: Pod, container: str) -> str | None:
    for one in (*pod.spec.containers, *pod.spec.initContainers):
        if one.name == container and (stated := one.resources.limits.get("memory")) is not None:
            return str(stated)
    return None


class _Involved(msgspec.Struct, frozen=True):
    kind: str = ""
    name: str = ""


class _Series(msgspec.Struct, frozen=True):
    lastObservedTime: str | None = None  # noqa: N815 - the API's name


class OomEvent(msgspec.Struct, frozen=True):
    involvedObject: _Involved = _Involved()  # noqa: N815 - the API's name
    message: str = ""
    firstTimestamp: str | None = None  # noqa: N815 - the API's name
    lastTimestamp: str | None = None  # noqa: N815 - the API's name
    eventTime: str | None = None  # noqa: N815 - the API's name
    series: _Series | None = None

    @property
    def latest(self) -> str | None:
        """An event that comes again is the same object with a later time."""
        again = self.series.lastObservedTime if self.series is not None else None
        return again or self.lastTimestamp or self.eventTime or self.firstTimestamp


_BY_KERNEL = re.compile(r"Killed process (?P<pid>\d+) \((?P<process>.+?)\)(?=[, ]|$)(?:.*?total-vm:(?P<memory>\d+kB))?")
_BY_KUBELET = re.compile(r"victim process: (?P<process>.*), pid: (?P<pid>\d+)")


def killed(message: str) -> dict[str, Any]:
    """Process, pid and memory, as far as a kubelet's or a kernel's words name them."""
    found = _BY_KERNEL.search(message) or _BY_KUBELET.search(message)
    return {name: text for name, text in found.groupdict().items() if text} if found is not None else {}


def of_event(event: OomEvent) -> Iterator[Oom]:
    """An event of a node; one without a time says nothing about when."""
    if event.latest is not None:
        yield Oom(OomSource.EVENTS, _instant(event.latest), event.involvedObject.name, **killed(event.message))


def _instant(text: str) -> float:
    """Unix seconds."""
    return datetime.fromisoformat(text).timestamp()


LOOKS: tuple[Look[Any], ...] = (
    Look(OomSource.CONTAINERS, "pods", Pod, of_pod),
    Look(OomSource.EVENTS, "events", OomEvent, of_event, "default", {"fieldSelector": "reason=SystemOOM"}),
    Look(OomSource.EVENTS, "events", OomEvent, of_event, "default", {"fieldSelector": "reason=OOMKilling"}),
)
"""A node's events are in the namespace `default`."""
