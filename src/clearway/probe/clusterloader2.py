"""ClusterLoader2's network test request as an object of the API: its name there, its two halves, their codec.

Its controller writes `spec`, one of the two workers that it names writes `status`. Either may be ours.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import Enum
from typing import Annotated, Any, Optional, Tuple, Type, TypeVar

from clearway.base.units import Duration
from clearway.probe.codec import of
from clearway.probe.json_values import INTEGER, NUMBER, Codec, as_object
from clearway.probe.records import Half

GROUP = "clusterloader.io"
VERSION = "v1alpha1"
KIND = "NetworkTestRequest"
PLURAL = "networktestrequests"
NAMESPACE = "netperf"
"""The only one that its workers look into."""
CLIENT_LABEL, SERVER_LABEL = "clientPodName", "serverPodName"
"""Values of the labels of an object; their keys are the names of the two pods."""


_WHOLE_SECONDS: Codec[Duration] = Codec(
    lambda span: int(span.si), lambda data: Duration(INTEGER.decode(data)), INTEGER.schema
)
_SECONDS: Codec[Duration] = Codec(lambda span: span.si, lambda data: Duration(NUMBER.decode(data)), NUMBER.schema)
"""The API's names hold no unit."""


class Protocol(str, Enum):
    TCP = "TCP"
    UDP = "UDP"
    HTTP = "HTTP"

    @property
    def port(self) -> int:
        """Where the server listens: nobody tells."""
        return 5301 if self is Protocol.HTTP else 5001

    @property
    def writer(self) -> Half:
        """Which half's figures are written down."""
        return Half.SEND if self is Protocol.HTTP else Half.SERVE


@dataclass(frozen=True)
class NetworkTestSpec:
    """What the controller wants of a pair: the object's `spec`."""

    client_pod_name: str
    server_pod_name: str
    server_pod_ip: str
    protocol: Protocol
    duration: Annotated[Duration, _WHOLE_SECONDS]
    client_start_timestamp: int
    """The instant, in Unix seconds on anybody's clock."""
    number_of_clients: int = 1

    def half_of(self, pod: str) -> Optional[Half]:
        """What is asked of a pod; None: nothing."""
        return {self.client_pod_name: Half.SEND, self.server_pod_name: Half.SERVE}.get(pod)


@dataclass(frozen=True)
class NetworkTestStatus:
    """What was measured: the object's `status`. Without figures and without an error nobody has said anything yet."""

    metrics: Tuple[float, ...] = ()
    """In the order of the tool's columns."""
    error: Optional[str] = None
    worker_delay: Optional[Annotated[Duration, _SECONDS]] = None
    """How late the load began."""


T = TypeVar("T")


def _api_record(kind: Type[T], **exceptions: str) -> Codec[T]:
    """A record under the API's camelCase names; `exceptions` are spelled otherwise.

    Keys that another version may add are passed over.
    """
    inner = of(kind)
    names = {field.name: exceptions.get(field.name, _camel_case(field.name)) for field in fields(kind)}  # type: ignore[arg-type]

    def encode(value: T) -> Any:
        data = inner.encode(value)
        return {theirs: data[ours] for ours, theirs in names.items() if ours in data}

    def decode(data: Any) -> T:
        found = as_object(data)
        return inner.decode({ours: found[theirs] for ours, theirs in names.items() if theirs in found})

    def schema() -> Any:
        ours = inner.schema()
        properties = {names[name]: described for name, described in ours["properties"].items()}
        return {"type": "object", "required": [names[name] for name in ours["required"]], "properties": properties}

    return Codec(encode, decode, schema)


def _camel_case(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


NETWORK_TEST_SPEC = _api_record(NetworkTestSpec, server_pod_ip="serverPodIP")
NETWORK_TEST_STATUS = _api_record(NetworkTestStatus)
