"""Records of out-of-memory kills and of the sources that were read, and how the API's objects become such records."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import Enum
from typing import Any, Generic, TypeVar

from clearway.base.errors import Reason
from clearway.kube.objects import KubeEvent, Pod


class OomSource(Enum):
    """Sources of kills. None but the kernel log shows all of them."""

    CONTAINERS = "containers"
    """Container statuses: the main process of a container was killed."""
    EVENTS = "events"
    """Node events with the process: SystemOOM of the kubelet, OOMKilling of the node problem detector."""
    KERNEL_LOG = "kernel-log"
    """The node's kernel log, over a shell: all kills."""


@dataclass(frozen=True)
class Oom:
    """One kill, as one source shows it. What the source does not show is None."""

    source: OomSource
    time: float
    """Unix seconds on the clock of the source."""
    node: str | None = None
    namespace: str | None = None
    pod: str | None = None
    container: str | None = None
    process: str | None = None
    pid: str | None = None
    memory: str | None = None
    """Memory of the process, as the kernel writes it."""
    limit: str | None = None
    """Memory limit of the container, as its pod states it: `72Mi`."""
    past: bool = False
    """Whether it happened before the start, by the API server's clock."""

    @property
    def subject(self) -> str:
        if self.pod is not None:
            return f"{self.namespace}/{self.pod}"
        return self.node or ""

    @property
    def values(self) -> dict[str, Any]:
        """For an observation: the known fields but `past`."""
        return dict(self._known())

    def _known(self) -> Iterator[tuple[str, Any]]:
        for one in fields(self):
            value = getattr(self, one.name)
            if value is not None and one.name != "past":
                yield one.name, value.value if isinstance(value, OomSource) else value


@dataclass(frozen=True)
class OomObserver:
    """A source that is read somewhere; with a cause: one that can't be read there."""

    source: OomSource
    scope: str
    """A namespace, a node, or `cluster`."""
    cause: str | Reason | None = None


EVERYWHERE = "cluster"
OomLog = Callable[[Oom | OomObserver], None]


T = TypeVar("T")


@dataclass(frozen=True)
class Look(Generic[T]):
    """One collection to follow, and how to read it."""

    source: OomSource
    plural: str
    kind: type[T]
    read: Callable[[T], Iterator[Oom]]
    nodes_namespace: str | None = None
    """Namespace to read without the right to read all; None: the run's own."""
    selectors: Mapping[str, str] = field(default_factory=dict)


def of_pod(pod: Pod) -> Iterator[Oom]:
    """The kills in its container statuses: of the present state and of the last one."""
    status = pod.status
    for one in (*status.container_statuses, *status.init_container_statuses, *status.ephemeral_container_statuses):
        for state in (one.state, one.last_state):
            over = state.terminated
            if over is not None and over.reason == "OOMKilled" and over.finished_at is not None:
                yield Oom(
                    OomSource.CONTAINERS,
                    _instant(over.finished_at),
                    pod.spec.node_name,
                    pod.metadata.namespace,
                    pod.metadata.name,
                    one.name,
                    limit=_limit(pod, one.name),
                )


def _limit(pod: Pod, container: str) -> str | None:
    for one in (*pod.spec.containers, *pod.spec.init_containers):
        if one.name == container and (stated := one.resources.limits.get("memory")) is not None:
            return str(stated)
    return None


_BY_KERNEL = re.compile(r"Killed process (?P<pid>\d+) \((?P<process>.+?)\)(?=[, ]|$)(?:.*?total-vm:(?P<memory>\d+kB))?")
_BY_KUBELET = re.compile(r"victim process: (?P<process>.*), pid: (?P<pid>\d+)")


def killed(message: str) -> dict[str, Any]:
    """Process, pid and memory, as far as a kubelet's or a kernel's message names them."""
    found = _BY_KERNEL.search(message) or _BY_KUBELET.search(message)
    return {name: text for name, text in found.groupdict().items() if text} if found is not None else {}


def of_event(event: KubeEvent) -> Iterator[Oom]:
    """An event of a node; one without a time is left out."""
    if event.latest is not None:
        yield Oom(OomSource.EVENTS, _instant(event.latest), event.involved_object.name, **killed(event.message))


def _instant(text: str) -> float:
    """Unix seconds."""
    return datetime.fromisoformat(text).timestamp()


LOOKS: tuple[Look[Any], ...] = (
    Look(OomSource.CONTAINERS, "pods", Pod, of_pod),
    Look(OomSource.EVENTS, "events", KubeEvent, of_event, "default", {"fieldSelector": "reason=SystemOOM"}),
    Look(OomSource.EVENTS, "events", KubeEvent, of_event, "default", {"fieldSelector": "reason=OOMKilling"}),
)
"""A node's events are in the namespace `default`."""
