"""What is told of out-of-memory kills, and of who looked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any

from clearway.base.errors import Reason


class OomSource(Enum):
    """Who can see a kill. Nobody sees all of them."""

    CONTAINERS = "containers"
    """Statuses of containers: the main process of one was killed."""
    EVENTS = "events"
    """SystemOOM of the kubelet, OOMKilling of the node problem detector: of a whole node, with the process."""
    KERNEL_LOG = "kernel-log"
    """The node's own kernel, over a shell: all of them."""


@dataclass(frozen=True)
class Oom:
    """One kill, as one source tells it. What it does not tell is None."""

    source: OomSource
    time: float
    """Unix seconds on the clock of the node that tells it."""
    node: str | None = None
    namespace: str | None = None
    pod: str | None = None
    container: str | None = None
    process: str | None = None
    pid: str | None = None
    memory: str | None = None
    """Of the process, as the kernel writes it."""
    limit: str | None = None
    """Of the container, as its pod states it: `72Mi`."""
    past: bool = False
    """Whether it was before the start, by the servers' clocks."""

    @property
    def subject(self) -> str:
        if self.pod is not None:
            return f"{self.namespace}/{self.pod}"
        return self.node or ""

    @property
    def values(self) -> dict[str, Any]:
        """For an observation: what is known, without what only sorts it."""
        return dict(self._known())

    def _known(self) -> Iterator[tuple[str, Any]]:
        for one in fields(self):
            value = getattr(self, one.name)
            if value is not None and one.name != "past":
                yield one.name, value.value if isinstance(value, OomSource) else value


@dataclass(frozen=True)
class OomObserver:
    """Who looks where; or, with a cause, who can't."""

    source: OomSource
    scope: str
    """A namespace, a node, or `cluster`."""
    cause: str | Reason | None = None


EVERYWHERE = "cluster"
Tell = Callable[[Oom | OomObserver], None]
