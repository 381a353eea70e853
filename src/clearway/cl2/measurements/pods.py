"""WaitForRunningPods: waits until so many pods run and are ready."""

from __future__ import annotations

from clearway.base.errors import SiteError
from clearway.cl2.config.calls import MethodCall
from clearway.cl2.config.types import Counted
from clearway.cl2.context import Context
from clearway.cl2.measurements.base import Critical, MeasurementMethod
from clearway.cl2.measurements.selection import SHOWN, PolledSelection, is_ready, name_of
from clearway.cl2.outcome import NOTHING, CallOutcome
from clearway.kube.api import ApiObject, connect
from clearway.kube.until import settle


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
