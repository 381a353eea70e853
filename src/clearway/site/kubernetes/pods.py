"""A worker's pod: where it is, and why it isn't working, as soon as the cluster knows."""

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
    """Why it will never work again; None while it may."""
    for container in pod.status.container_statuses:
        if (over := container.state.terminated) is not None:
            return _last_words(over.message) or _of_exit(over)
    if pod.status.phase in ("Failed", "Succeeded"):
        return Reason("pod.ended", {"cause": pod.status.reason or pod.status.phase, "message": pod.status.message})
    if pod.metadata.deletion_timestamp is not None:
        return Reason("pod.deleted")
    return None


def hindered(pod: Pod) -> Reason | None:
    """What keeps it from starting, if the cluster has said so; it may still come."""
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


def _last_words(message: str) -> Reason | None:
    """What the worker left in its termination log."""
    try:
        return REASON.decode(json.loads(message))
    except (ValueError, ClearwayError):
        return None


def _of_exit(over: Terminated) -> Reason:
    if over.reason == "OOMKilled":
        return Reason("pod.out-of-memory")
    return Reason("pod.exited", {"status": over.exit_code, "message": over.message or over.reason})
