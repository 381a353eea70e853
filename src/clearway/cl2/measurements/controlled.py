"""WaitForControlledPodsRunning: until every Deployment, Job and the like has all the pods that it wants."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Literal

from clearway.base.errors import SiteError
from clearway.base.units import Duration
from clearway.cl2.config.calls import MethodCall
from clearway.cl2.config.model import Part
from clearway.cl2.config.types import Counted, GoDuration
from clearway.cl2.measurements.base import NOTHING, CallOutcome, Surroundings
from clearway.cl2.measurements.pods import listed
from clearway.cl2.measurements.selection import Selection
from clearway.cl2.measurements.waiting import wait_until
from clearway.kube.api import Api, ApiObject, connect

_LOOK_EVERY = Duration(1)
_SHOWN = 5
"""Controllers that an error names."""


@dataclass(frozen=True)
class _ControllerKind:
    """How a kind says what it wants and what it has."""

    plural: str
    wanted: str
    """Field of the spec, or of the status."""
    running: tuple[str, ...] = ("readyReplicas",)
    """Fields of the status that add up."""
    left_out: int = 1
    """What is wanted where the field is left out."""


KINDS: Mapping[str, _ControllerKind] = {
    "DaemonSet": _ControllerKind("daemonsets", "desiredNumberScheduled", ("numberReady",), 0),
    "Deployment": _ControllerKind("deployments", "replicas"),
    "Job": _ControllerKind("jobs", "parallelism", ("ready", "succeeded")),
    "ReplicaSet": _ControllerKind("replicasets", "replicas"),
    "ReplicationController": _ControllerKind("replicationcontrollers", "replicas"),
    "StatefulSet": _ControllerKind("statefulsets", "replicas"),
}

KindName = Literal["DaemonSet", "Deployment", "Job", "ReplicaSet", "ReplicationController", "StatefulSet"]


class ControlledStartParameters(Selection):
    api_version: str
    kind: KindName
    operation_timeout: GoDuration = Duration(600)
    check_if_pods_are_updated: bool = True
    count_error_margin: Counted = 0
    """A controller may miss so many pods."""


class ControlledGatherParameters(Part):
    sync_timeout: GoDuration = Duration(60)
    """Told by ClusterLoader2's own way of watching; what is asked here is always up to date."""


class WaitForControlledPodsRunning:
    def __init__(self) -> None:
        self._wanted: ControlledStartParameters | None = None

    async def call(self, call: MethodCall, around: Surroundings) -> CallOutcome:
        """Raises SiteError naming the controllers whose pods are missing."""
        if isinstance(call.params, ControlledStartParameters):
            self._wanted = call.params
        elif call.action == "stop":
            self._wanted = None
        elif self._wanted is not None:
            await _gather(self._wanted, around)
        return NOTHING

    async def dispose(self) -> None:
        self._wanted = None


async def _gather(wanted: ControlledStartParameters, around: Surroundings) -> None:
    waiting: list[str] = []
    async with connect(around.access) as api:

        async def complete() -> bool:
            nonlocal waiting
            waiting = [name async for name in _incomplete(api, wanted)]
            return not waiting

        if not await wait_until(complete, wanted.operation_timeout, _LOOK_EVERY):
            shown = tuple(waiting[:_SHOWN])
            values = {"count": len(waiting), "waiting": shown, "kind": wanted.kind}
            raise SiteError("door.controlled-pods-missing", within=wanted.operation_timeout, **values)


async def _incomplete(api: Api, wanted: ControlledStartParameters) -> AsyncIterator[str]:
    kind = KINDS[wanted.kind]
    prefix = f"/apis/{wanted.api_version}" if "/" in wanted.api_version else f"/api/{wanted.api_version}"
    for item in await listed(api, wanted.collection(prefix, kind.plural), wanted.query):
        target, running = _target(item, kind), _running(item, kind, wanted)
        if _is_behind(item) or not target - wanted.count_error_margin <= running <= target:
            yield f"{item['metadata'].get('namespace', '')}/{item['metadata']['name']} ({running}/{target})"


def _target(item: ApiObject, kind: _ControllerKind) -> int:
    given = item.get("spec", {}).get(kind.wanted, item.get("status", {}).get(kind.wanted))
    return kind.left_out if given is None else int(given)


def _running(item: ApiObject, kind: _ControllerKind, wanted: ControlledStartParameters) -> int:
    status = item.get("status", {})
    running = sum(int(status.get(name) or 0) for name in kind.running)
    if wanted.check_if_pods_are_updated and "updatedReplicas" in status:
        return min(running, int(status["updatedReplicas"]))
    return running


def _is_behind(item: ApiObject) -> bool:
    """Whether its status still speaks of an earlier version of it."""
    generation = int(item["metadata"].get("generation", 0))
    return int(item.get("status", {}).get("observedGeneration", generation)) < generation
