"""A worker's pod: where it is, and why it isn't working, as soon as the cluster knows."""

from __future__ import annotations

import json

import msgspec

from clearway.base.errors import ClearwayError
from clearway.probe.records import Reason
from clearway.probe.wire import REASON
from clearway.site.kubernetes.names import JOB_INDEX

_IMAGE = ("ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName")
_CONTAINER = ("CreateContainerConfigError", "CreateContainerError", "RunContainerError", "StartError")


class _Metadata(msgspec.Struct, frozen=True):
    name: str
    labels: dict[str, str] = {}
    deletionTimestamp: str | None = None  # noqa: N815 - the API's name


class _Spec(msgspec.Struct, frozen=True):
    nodeName: str | None = None  # noqa: N815 - the API's name


class _Waiting(msgspec.Struct, frozen=True):
    reason: str = ""
    message: str = ""


class _Terminated(msgspec.Struct, frozen=True):
    exitCode: int = 0  # noqa: N815 - the API's name
    reason: str = ""
    message: str = ""


class _State(msgspec.Struct, frozen=True):
    waiting: _Waiting | None = None
    terminated: _Terminated | None = None


class _Container(msgspec.Struct, frozen=True):
    state: _State = _State()
    image: str = ""


class _Condition(msgspec.Struct, frozen=True):
    type: str
    status: str
    reason: str = ""
    message: str = ""


class _Status(msgspec.Struct, frozen=True):
    phase: str = ""
    reason: str = ""
    message: str = ""
    conditions: tuple[_Condition, ...] = ()
    containerStatuses: tuple[_Container, ...] = ()  # noqa: N815 - the API's name


class PodView(msgspec.Struct, frozen=True):
    """What is read of a pod."""

    metadata: _Metadata
    spec: _Spec = _Spec()
    status: _Status = _Status()

    @property
    def index(self) -> int:
        return int(self.metadata.labels.get(JOB_INDEX, -1))

    @property
    def node(self) -> str | None:
        return self.spec.nodeName

    @property
    def running(self) -> bool:
        return self.status.phase == "Running"


def ended(pod: PodView) -> Reason | None:
    """Why it will never work again; None while it may."""
    for container in pod.status.containerStatuses:
        if (over := container.state.terminated) is not None:
            return _last_words(over.message) or _of_exit(over)
    if pod.status.phase in ("Failed", "Succeeded"):
        return Reason("pod.ended", {"cause": pod.status.reason or pod.status.phase, "message": pod.status.message})
    if pod.metadata.deletionTimestamp is not None:
        return Reason("pod.deleted")
    return None


def hindered(pod: PodView) -> Reason | None:
    """What keeps it from starting, if the cluster has said so; it may still come."""
    for container in pod.status.containerStatuses:
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


def _of_exit(over: _Terminated) -> Reason:
    if over.reason == "OOMKilled":
        return Reason("pod.out-of-memory")
    return Reason("pod.exited", {"status": over.exitCode, "message": over.message or over.reason})
