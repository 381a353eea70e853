"""Records of out-of-memory kills, and of the sources that were read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any

from clearway.base.errors import Reason


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
