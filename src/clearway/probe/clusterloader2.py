"""ClusterLoader2's network test request as an object of the API: its name there, its two halves, their codec.

ClusterLoader2's controller writes `spec`, and one of the two workers that it names writes `status`. clearway can take
either part.
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
"""The only one that ClusterLoader2's workers watch."""
CLIENT_LABEL, SERVER_LABEL = "clientPodName", "serverPodName"
"""Values of the labels of an object; their keys are the names of the two pods."""


_WHOLE_SECONDS: Codec[Duration] = Codec(
    lambda span: int(span.si), lambda data: Duration(INTEGER.decode(data)), INTEGER.schema
)
_SECONDS: Codec[Duration] = Codec(lambda span: span.si, lambda data: Duration(NUMBER.decode(data)), NUMBER.schema)
"""The API's names hold no unit."""


class NetworkTestProtocol(str, Enum):
    TCP = "TCP"
    UDP = "UDP"
    HTTP = "HTTP"

    @property
    def port(self) -> int:
        """Where the server listens: fixed, because the object has no field for it."""
        return 5301 if self is NetworkTestProtocol.HTTP else 5001

    @property
    def writer(self) -> Half:
        """The half whose figures go into the object."""
        return Half.SEND if self is NetworkTestProtocol.HTTP else Half.SERVE


@dataclass(frozen=True)
class NetworkTestSpec:
    """What the controller asks of a pair: the object's `spec`."""

    client_pod_name: str
    server_pod_name: str
    server_pod_ip: str
    protocol: NetworkTestProtocol
    duration: Annotated[Duration, _WHOLE_SECONDS]
    client_start_timestamp: int
    """The instant, in Unix seconds; each worker starts by its own clock."""
    number_of_clients: int = 1

    def half_of(self, pod: str) -> Optional[Half]:
        """The half that a pod does; None: neither."""
        return {self.client_pod_name: Half.SEND, self.server_pod_name: Half.SERVE}.get(pod)


@dataclass(frozen=True)
class NetworkTestStatus:
    """What was measured: the object's `status`. Without figures and without an error it is not answered yet."""

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
