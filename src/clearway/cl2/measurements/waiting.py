"""WaitForNodes, WaitForRunningPods and WaitForControlledPodsRunning: each waits for objects of the cluster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from clearway.base.errors import SiteError
from clearway.base.units import Duration
from clearway.cl2.config.methods import MethodCall
from clearway.cl2.config.model import Counted, GoDuration, Part
from clearway.cl2.context import Context
from clearway.cl2.measurements.base import Critical, MeasurementMethod
from clearway.cl2.outcome import NOTHING, CallOutcome
from clearway.kube.api import Api, ApiObject, connect
from clearway.kube.until import settle

SHOWN = 5
"""Objects that an error names; more would hide the sentence."""
_SHORTEST_PAUSE = Duration(0.2)
"""Between two looks, also where a test asks for less: a list of all pods is work for an API server."""


class Selection(Part):
    """By namespace, labels and fields; everything, where none of them is given."""

    namespace: str = ""
    label_selector: str = ""
    field_selector: str = ""

    async def objects(self, api: Api, prefix: str, plural: str, *, namespaced: bool = True) -> list[ApiObject]:
        """The objects of a kind that are selected, as they are now. Raises KubeError."""
        namespace = f"/namespaces/{self.namespace}" if namespaced and self.namespace else ""
        given = {"labelSelector": self.label_selector, "fieldSelector": self.field_selector}
        query = {name: text for name, text in given.items() if text}
        pages = [page async for page in api.pages(f"{prefix}{namespace}/{plural}", dict, **query)]
        return [item for page in pages for item in page["items"]]


class PolledSelection(Selection):
    """With the time to wait for them."""

    timeout: GoDuration = Duration(60)
    refresh_interval: GoDuration = Duration(5)

    @property
    def every(self) -> Duration:
        return max(_SHORTEST_PAUSE, self.refresh_interval)


def name_of(item: ApiObject) -> str:
    return f"{item['metadata'].get('namespace', '')}/{item['metadata']['name']}"


def is_ready(item: ApiObject) -> bool:
    """Whether the object's `Ready` condition is true."""
    conditions = item.get("status", {}).get("conditions") or ()
    return any(one.get("type") == "Ready" and one.get("status") == "True" for one in conditions)


class NodesParameters(PolledSelection):
    min_desired_node_count: Counted
    max_desired_node_count: Counted
    timeout: GoDuration = Duration(1800)
    refresh_interval: GoDuration = Duration(30)

    def allows(self, ready: int) -> bool:
        return self.min_desired_node_count <= ready <= self.max_desired_node_count


class WaitForNodes(MeasurementMethod):
    async def call(self, call: MethodCall, context: Context, test: str) -> CallOutcome:
        """Raises SiteError saying how many there were."""
        params = call.params
        assert isinstance(params, NodesParameters)
        async with connect(context.options.cluster.access) as api:

            async def count_ready() -> int:
                return sum(map(is_ready, await params.objects(api, "/api/v1", "nodes", namespaced=False)))

            ready = await settle(count_ready, params.allows, params.timeout, params.every)
        if params.allows(ready):
            return NOTHING
        least, most = params.min_desired_node_count, params.max_desired_node_count
        raise SiteError("door.nodes-not-ready", within=params.timeout, ready=ready, least=least, most=most)


class PodsParameters(PolledSelection):
    desired_pod_count: Counted
    is_fatal: bool = False


class WaitForRunningPods(MeasurementMethod):
    async def call(self, call: MethodCall, context: Context, test: str) -> CallOutcome:
        """Raises SiteError naming pods that don't run; Critical if the call says that it is fatal."""
        params = call.params
        assert isinstance(params, PodsParameters)
        async with connect(context.options.cluster.access) as api:
            pods = await settle(
                lambda: params.objects(api, "/api/v1", "pods"),
                lambda pods: _count_running(pods) == params.desired_pod_count,
                params.timeout,
                params.every,
            )
        if (running := _count_running(pods)) == params.desired_pod_count:
            return NOTHING
        raise (Critical if params.is_fatal else SiteError)(
            "door.pods-not-running",
            within=params.timeout,
            running=running,
            wanted=params.desired_pod_count,
            waiting=tuple(name_of(pod) for pod in pods if not _is_running(pod))[:SHOWN],
        )


def _count_running(pods: list[ApiObject]) -> int:
    return sum(map(_is_running, pods))


def _is_running(pod: ApiObject) -> bool:
    """Running, ready, and not being deleted."""
    deleted = pod["metadata"].get("deletionTimestamp") is not None
    return pod.get("status", {}).get("phase") == "Running" and not deleted and is_ready(pod)


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
    """Without effect: ClusterLoader2 waits so long for its informers, and clearway asks the API each time."""


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
