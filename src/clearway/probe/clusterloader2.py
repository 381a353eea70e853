"""ClusterLoader2's network test request as an object of the API: its name there, its two halves, their codec.

Its controller writes `spec`, one of the two workers that it names writes `status`. Either may be ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, Mapping, Optional, Tuple, Type, TypeVar

from clearway.base.units import Duration
from clearway.probe import codec as c
from clearway.probe.codec import Codec
from clearway.probe.records import Half

GROUP = "clusterloader.io"
VERSION = "v1alpha1"
KIND = "NetworkTestRequest"
PLURAL = "networktestrequests"
NAMESPACE = "netperf"
"""The only one that its workers look into."""
CLIENT_LABEL, SERVER_LABEL = "clientPodName", "serverPodName"
"""Values of the labels of an object; their keys are the names of the two pods."""


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
    duration: Duration
    """Whole seconds."""
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
    worker_delay: Optional[Duration] = None
    """How late the load began."""


T = TypeVar("T")


def _api_record(kind: Type[T], names: Mapping[str, str], **codecs: Codec[Any]) -> Codec[T]:
    """A record under the API's names; keys that another version may add are passed over."""
    inner = c.record(kind, **codecs)

    def encode(value: T) -> Any:
        data = inner.encode(value)
        return {theirs: data[ours] for ours, theirs in names.items() if ours in data}

    def decode(data: Any) -> T:
        found = c.mapping(_ANYTHING).decode(data)
        return inner.decode({ours: found[theirs] for ours, theirs in names.items() if theirs in found})

    def schema() -> Any:
        ours = inner.schema()
        properties = {names[name]: described for name, described in ours["properties"].items()}
        return {"type": "object", "required": [names[name] for name in ours["required"]], "properties": properties}

    return Codec(encode, decode, schema)


_ANYTHING: Codec[Any] = Codec(lambda value: value, lambda data: data, dict)
_WHOLE_SECONDS: Codec[Duration] = Codec(
    lambda span: int(span.si), lambda data: Duration(c.INTEGER.decode(data)), c.INTEGER.schema
)
_SECONDS: Codec[Duration] = Codec(lambda span: span.si, lambda data: Duration(c.NUMBER.decode(data)), c.NUMBER.schema)

NETWORK_TEST_SPEC: Codec[NetworkTestSpec] = _api_record(
    NetworkTestSpec,
    {
        "client_pod_name": "clientPodName",
        "server_pod_name": "serverPodName",
        "server_pod_ip": "serverPodIP",
        "protocol": "protocol",
        "duration": "duration",
        "client_start_timestamp": "clientStartTimestamp",
        "number_of_clients": "numberOfClients",
    },
    client_pod_name=c.TEXT,
    server_pod_name=c.TEXT,
    server_pod_ip=c.TEXT,
    protocol=c.enum(Protocol),
    duration=_WHOLE_SECONDS,
    client_start_timestamp=c.INTEGER,
    number_of_clients=c.INTEGER,
)
NETWORK_TEST_STATUS: Codec[NetworkTestStatus] = _api_record(
    NetworkTestStatus,
    {"metrics": "metrics", "error": "error", "worker_delay": "workerDelay"},
    metrics=c.many(c.NUMBER),
    error=c.optional(c.TEXT),
    worker_delay=c.optional(_SECONDS),
)
