"""The API's objects: of each kind the fields that are read here. Decoding skips all others, which saves time.

A field has the API's name, written as Python writes names. Fields that an API server leaves out when they are empty,
or writes as null, have a default.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec

T = TypeVar("T")


def _seconds(time: str) -> float:
    return datetime.fromisoformat(time).timestamp() if time else 0.0


class _Fields(msgspec.Struct, frozen=True, rename="camel"):
    """`node_name` here is `nodeName` in JSON."""


class Metadata(_Fields, frozen=True):
    name: str
    namespace: str = ""
    uid: str = ""
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    creation_timestamp: str = ""
    deletion_timestamp: str | None = None


class ObjectList(_Fields, Generic[T], frozen=True):
    items: tuple[T, ...] = ()


class Condition(_Fields, frozen=True):
    type: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""


class ObjectStatus(_Fields, frozen=True):
    conditions: tuple[Condition, ...] = ()


class KubeObject(_Fields, frozen=True):
    """An object of any kind."""

    metadata: Metadata
    status: ObjectStatus = ObjectStatus()


class ServerInfo(_Fields, frozen=True):
    """The answer to `/version`."""

    git_version: str
    major: str
    minor: str


class AccessReviewStatus(_Fields, frozen=True):
    allowed: bool


class AccessReview(_Fields, frozen=True):
    """The answer to the question whether we have a right."""

    status: AccessReviewStatus


class ConfigMap(_Fields, frozen=True):
    data: dict[str, str] = {}


class QuotaStatus(_Fields, frozen=True):
    hard: dict[str, str] = {}
    used: dict[str, str] = {}


class ResourceQuota(_Fields, frozen=True):
    metadata: Metadata
    status: QuotaStatus = QuotaStatus()


class PolicyObject(_Fields, frozen=True):
    """A network policy of any kind: each has its own language."""

    metadata: Metadata
    spec: dict[str, Any] | None = None
    specs: tuple[dict[str, Any], ...] | None = None
    """Cilium's may hold several."""

    @property
    def rules(self) -> tuple[dict[str, Any], ...]:
        return (*(() if self.spec is None else (self.spec,)), *(self.specs or ()))


class LimitRangeItem(_Fields, frozen=True):
    type: str = ""
    default: dict[str, str] = {}
    """Limits of containers that state none."""


class LimitRangeSpec(_Fields, frozen=True):
    limits: tuple[LimitRangeItem, ...] = ()


class LimitRange(_Fields, frozen=True):
    metadata: Metadata
    spec: LimitRangeSpec = LimitRangeSpec()


class LeaseSpec(_Fields, frozen=True):
    renew_time: str = ""
    acquire_time: str = ""
    holder_identity: str = ""

    @property
    def renewed(self) -> float:
        """Unix seconds on the clock of its holder; 0 if it never was."""
        return _seconds(self.renew_time)

    @property
    def acquired(self) -> float:
        return _seconds(self.acquire_time)


class KubeLease(_Fields, frozen=True):
    metadata: Metadata
    spec: LeaseSpec


class InvolvedObject(_Fields, frozen=True):
    kind: str = ""
    name: str = ""


class EventSeries(_Fields, frozen=True):
    last_observed_time: str | None = None


class KubeEvent(_Fields, frozen=True):
    """What a component of the cluster reports of an object."""

    involved_object: InvolvedObject = InvolvedObject()
    reason: str = ""
    message: str = ""
    first_timestamp: str | None = None
    last_timestamp: str | None = None
    event_time: str | None = None
    series: EventSeries | None = None

    @property
    def latest(self) -> str | None:
        """When it last happened: an event that repeats is the same object with a later time."""
        again = self.series.last_observed_time if self.series is not None else None
        return again or self.last_timestamp or self.event_time or self.first_timestamp


class Taint(_Fields, frozen=True):
    key: str
    effect: str
    value: str = ""


class NodeSpec(_Fields, frozen=True):
    unschedulable: bool = False
    taints: tuple[Taint, ...] = ()
    provider_id: str = msgspec.field(name="providerID", default="")
    """`aws:///eu-west-1a/i-0123`: the provider's name before the colon."""


class ContainerImage(_Fields, frozen=True):
    names: tuple[str, ...] = ()


class NodeAddress(_Fields, frozen=True):
    type: str
    address: str


class NodeStatus(_Fields, frozen=True):
    addresses: tuple[NodeAddress, ...] = ()
    images: tuple[ContainerImage, ...] = ()
    conditions: tuple[Condition, ...] = ()
    node_info: dict[str, str] = {}


class KubeNode(_Fields, frozen=True):
    metadata: Metadata
    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()

    @property
    def name(self) -> str:
        return self.metadata.name

    @property
    def ready(self) -> Condition | None:
        """The condition Ready; None if the cluster has not set it."""
        return next((one for one in self.status.conditions if one.type == "Ready"), None)

    def has_image(self, image: str) -> bool:
        """Whether it lists the image; it lists only so many."""
        return any(image in one.names for one in self.status.images)


class Waiting(_Fields, frozen=True):
    reason: str = ""
    message: str = ""


class Terminated(_Fields, frozen=True):
    exit_code: int = 0
    reason: str = ""
    message: str = ""
    finished_at: str | None = None


class ContainerState(_Fields, frozen=True):
    waiting: Waiting | None = None
    terminated: Terminated | None = None


class ContainerStatus(_Fields, frozen=True):
    name: str = ""
    image: str = ""
    image_id: str = msgspec.field(name="imageID", default="")
    """With the digest by which the node's runtime knows it; empty before the container runs."""
    state: ContainerState = ContainerState()
    last_state: ContainerState = ContainerState()


class ContainerResources(_Fields, frozen=True):
    limits: dict[str, Any] = {}


class Container(_Fields, frozen=True):
    name: str
    resources: ContainerResources = ContainerResources()


class PodSpec(_Fields, frozen=True):
    node_name: str | None = None
    """None until it is scheduled."""
    containers: tuple[Container, ...] = ()
    init_containers: tuple[Container, ...] = ()


class PodAddress(_Fields, frozen=True):
    ip: str


class PodStatus(_Fields, frozen=True):
    phase: str = ""
    reason: str = ""
    message: str = ""
    conditions: tuple[Condition, ...] = ()
    container_statuses: tuple[ContainerStatus, ...] = ()
    init_container_statuses: tuple[ContainerStatus, ...] = ()
    ephemeral_container_statuses: tuple[ContainerStatus, ...] = ()
    pod_ips: tuple[PodAddress, ...] = msgspec.field(name="podIPs", default=())
    host_ip: str = msgspec.field(name="hostIP", default="")
    host_ips: tuple[PodAddress, ...] = msgspec.field(name="hostIPs", default=())
    """From Kubernetes 1.28 on."""


class Pod(_Fields, frozen=True):
    metadata: Metadata
    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()


class ServicePort(_Fields, frozen=True):
    port: int
    protocol: str = "TCP"
    node_port: int | None = None


class ServiceSpec(_Fields, frozen=True):
    ports: tuple[ServicePort, ...] = ()
    cluster_ips: tuple[str, ...] = msgspec.field(name="clusterIPs", default=())


class Service(_Fields, frozen=True):
    metadata: Metadata
    spec: ServiceSpec = ServiceSpec()
