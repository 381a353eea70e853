"""WaitForControlledPodsRunning: waits until every Deployment, Job and the like has all the pods that it asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from clearway.base.errors import SiteError
from clearway.base.units import Duration
from clearway.cl2.config.calls import MethodCall
from clearway.cl2.config.model import Part
from clearway.cl2.config.types import Counted, GoDuration
from clearway.cl2.context import Context
from clearway.cl2.measurements.selection import SHOWN, Selection, name_of
from clearway.cl2.outcome import NOTHING, CallOutcome
from clearway.kube.api import Api, ApiObject, connect
from clearway.kube.until import settle

_LOOK_EVERY = Duration(1)
"""As often as ClusterLoader2 looks by itself; no parameter sets it."""


@dataclass(frozen=True)
class _ControllerKind:
    """Where a kind has the number of its pods, asked for and running."""

    plural: str
    target: str
    """Field of the spec, or of the status."""
    running: tuple[str, ...] = ("readyReplicas",)
    """Fields of the status that add up."""
    default_target: int = 1
    """The target where the field is left out."""


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
    """Without effect: ClusterLoader2 waits so long for its informers, and clearway asks the API anew each time."""


class WaitForControlledPodsRunning:
    def __init__(self) -> None:
        self._params: ControlledStartParameters | None = None

    async def call(self, call: MethodCall, context: Context, test: str) -> CallOutcome:
        """Raises SiteError naming the controllers whose pods are missing."""
        if isinstance(call.params, ControlledStartParameters):
            self._params = call.params
        elif call.action == "stop":
            self._params = None
        elif self._params is not None:
            await _gather(self._params, context)
        return NOTHING

    async def dispose(self) -> None:
        self._params = None


async def _gather(params: ControlledStartParameters, context: Context) -> None:
    async with connect(context.options.cluster.access) as api:
        incomplete = await settle(
            lambda: _incomplete(api, params), lambda found: not found, params.operation_timeout, _LOOK_EVERY
        )
    if incomplete:
        values = {"count": len(incomplete), "waiting": tuple(incomplete[:SHOWN]), "kind": params.kind}
        raise SiteError("door.controlled-pods-missing", within=params.operation_timeout, **values)


async def _incomplete(api: Api, params: ControlledStartParameters) -> list[str]:
    kind = KINDS[params.kind]
    prefix = f"/apis/{params.api_version}" if "/" in params.api_version else f"/api/{params.api_version}"
    found = []
    for item in await params.objects(api, prefix, kind.plural):
        target, running = _target(item, kind), _running(item, kind, params)
        if _is_outdated(item) or not target - params.count_error_margin <= running <= target:
            found.append(f"{name_of(item)} ({running}/{target})")
    return found


def _target(item: ApiObject, kind: _ControllerKind) -> int:
    given = item.get("spec", {}).get(kind.target, item.get("status", {}).get(kind.target))
    return kind.default_target if given is None else int(given)


def _running(item: ApiObject, kind: _ControllerKind, params: ControlledStartParameters) -> int:
    status = item.get("status", {})
    running = sum(int(status.get(name) or 0) for name in kind.running)
    if params.check_if_pods_are_updated and "updatedReplicas" in status:
        return min(running, int(status["updatedReplicas"]))
    return running


def _is_outdated(item: ApiObject) -> bool:
    """Whether its status is that of an earlier version of the object."""
    generation = int(item["metadata"].get("generation", 0))
    return int(item.get("status", {}).get("observedGeneration", generation)) < generation
