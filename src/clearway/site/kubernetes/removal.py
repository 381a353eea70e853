"""Deletes the objects of a run's workers and waits until they are gone."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from clearway.kube.api import Api
from clearway.kube.errors import NotFound
from clearway.kube.objects import KubeObject, ObjectList
from clearway.kube.until import settle_in_service
from clearway.probe.records import Finding, Severity, Slot
from clearway.site.kubernetes.installation import GONE_WITHIN
from clearway.site.kubernetes.names import Paths, selector


@dataclass(frozen=True)
class WorkerRemoval:
    """Of the workers of one Job. Raises KubeError."""

    api: Api
    paths: Paths
    job: str

    async def delete(self) -> None:
        """Mailboxes are deleted directly: garbage collection starts half a minute late for objects of a new kind."""
        with suppress(NotFound):
            await self.api.delete(f"{self.paths.jobs}/{self.job}", propagationPolicy="Background")
        with suppress(NotFound):
            await self.api.delete(f"{self.paths.accounts}/{self.job}")
        with suppress(NotFound):
            await self.api.delete_all(self.paths.mailboxes, **selector(self.job))

    async def await_gone(self, names: Mapping[Slot, str]) -> Finding | None:
        """Wait for pods and mailboxes to be deleted. A node that does not answer keeps its pod, and is reported.

        `names` are those of the workers, by where each one is.
        """
        left = await settle_in_service(self.api.presence, self._left, operator.not_, GONE_WITHIN)
        if not left:
            return None
        return workers_left(len(left), {slot.node for slot, name in names.items() if _is_of(name, left)}, self.job)

    async def _left(self) -> list[str]:
        found = [
            await self.api.get(collection, ObjectList[KubeObject], **selector(self.job))
            for collection in (self.paths.pods, self.paths.mailboxes)
        ]
        return [item.metadata.name for one in found for item in one.items]


def workers_left(count: int, nodes: Iterable[str], job: str = "") -> Finding:
    """So many workers, of one Job or of all, are still there after the time in which they should have gone."""
    values = {"count": count, "nodes": tuple(sorted(nodes)), "within": GONE_WITHIN}
    return Finding("kubernetes.workers-left", Severity.WARNING, job, values)


def _is_of(name: str, left: Sequence[str]) -> bool:
    return any(one == name or one.startswith(f"{name}-") for one in left)
