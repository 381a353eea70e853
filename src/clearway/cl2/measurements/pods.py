"""WaitForRunningPods: until so many pods run and are ready."""

from __future__ import annotations

from typing import Any

from clearway.base.errors import SiteError
from clearway.cl2.config.calls import MethodCall
from clearway.cl2.config.types import Counted
from clearway.cl2.measurements.base import NOTHING, CallOutcome, Critical, Surroundings
from clearway.cl2.measurements.selection import Patience
from clearway.cl2.measurements.waiting import true_condition, wait_until
from clearway.kube.api import Api, connect

CORE = "/api/v1"
_SHOWN = 5
"""Pods that an error names."""


class PodsParameters(Patience):
    desired_pod_count: Counted
    is_fatal: bool = False


class WaitForRunningPods:
    async def call(self, call: MethodCall, around: Surroundings) -> CallOutcome:
        """Raises SiteError naming pods that don't run; Critical if the call says that it is fatal."""
        wanted = call.params
        assert isinstance(wanted, PodsParameters)
        found: list[dict[str, Any]] = []

        async with connect(around.access) as api:

            async def enough() -> bool:
                nonlocal found
                found = await listed(api, wanted.collection(CORE, "pods"), wanted.query)
                return sum(is_running(pod) for pod in found) == wanted.desired_pod_count

            if await wait_until(enough, wanted.timeout, wanted.refresh_interval):
                return NOTHING
        raise (Critical if wanted.is_fatal else SiteError)(
            "door.pods-not-running",
            within=wanted.timeout,
            running=sum(map(is_running, found)),
            wanted=wanted.desired_pod_count,
            waiting=tuple(_named(pod) for pod in found if not is_running(pod))[:_SHOWN],
        )

    async def dispose(self) -> None:
        """Nothing is left."""


async def listed(api: Api, path: str, query: dict[str, str | int]) -> list[dict[str, Any]]:
    """The objects of a collection. Raises KubeError."""
    pages = [page async for page in api.pages(path, dict, **query)]
    return [item for page in pages for item in page["items"]]


def is_running(pod: dict[str, Any]) -> bool:
    """Running, ready, and not on its way out."""
    status = pod.get("status", {})
    going = pod["metadata"].get("deletionTimestamp") is not None
    return status.get("phase") == "Running" and not going and true_condition(pod, "Ready")


def _named(pod: dict[str, Any]) -> str:
    return f"{pod['metadata'].get('namespace', '')}/{pod['metadata']['name']}"
