"""Why a worker's pod does not work, as soon as the cluster knows."""

from __future__ import annotations

import json

from clearway.base.errors import ClearwayError
from clearway.kube.objects import Pod, Terminated
from clearway.probe.records import Reason
from clearway.probe.wire import REASON
from clearway.site.kubernetes.names import JOB_INDEX

_IMAGE = ("ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName")
_CONTAINER = ("CreateContainerConfigError", "CreateContainerError", "RunContainerError", "StartError")


def index_of(pod: Pod) -> int:
    """Its number in the Job; -1 if it has none."""
    return int(pod.metadata.labels.get(JOB_INDEX, -1))


def ended(pod: Pod) -> Reason | None:
    """Why it has ended for good; None while it may work."""
    for container in pod.status.container_statuses:
        if (end := container.state.terminated) is not None:
            return _termination_message(end.message) or _of_exit(end)
    if pod.status.phase in ("Failed", "Succeeded"):
        return Reason("pod.ended", {"cause": pod.status.reason or pod.status.phase, "message": pod.status.message})
    if pod.metadata.deletion_timestamp is not None:
        return Reason("pod.deleted")
    return None


def obstacle_of(pod: Pod) -> Reason | None:
    """What keeps it from starting now, if the cluster has reported it; it may still start."""
    for container in pod.status.container_statuses:
        waiting = container.state.waiting
        if waiting is not None and waiting.reason in _IMAGE:
            return Reason("pod.image", {"image": container.image, "message": waiting.message})
        if waiting is not None and waiting.reason in _CONTAINER:
            return Reason("pod.container", {"message": waiting.message or waiting.reason})
    for condition in pod.status.conditions:
        if condition.type == "PodScheduled" and condition.status == "False" and condition.reason == "Unschedulable":
            return Reason("pod.unschedulable", {"message": condition.message})
    return None


def _termination_message(message: str) -> Reason | None:
    """The reason that the worker wrote into its termination log."""
    try:
        return REASON.decode(json.loads(message))
    except (ValueError, ClearwayError):
        return None


def _of_exit(end: Terminated) -> Reason:
    if end.reason == "OOMKilled":
        return Reason("pod.out-of-memory")
    return Reason("pod.exited", {"status": end.exit_code, "message": end.message or end.reason})
