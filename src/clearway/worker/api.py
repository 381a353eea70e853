"""A worker's way to the Kubernetes API: one kind of objects, a token file and the standard library."""

from __future__ import annotations

import http.client
import json
import os
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Optional, Tuple
from urllib.parse import urlencode

_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_PATIENCE = 10.0
"""Seconds for an answer."""
_SILENCE = 90.0
"""Seconds without an event after which a watch is over: the API server sends a bookmark about every minute."""
_WATCH_FOR = 600
"""Seconds after which the API server is asked to end a watch; the next one follows at once."""
_QUOTED = 300
"""Characters kept of the API server's message."""
_TOO_LARGE = "too large"
_KEEPALIVE = {socket.TCP_KEEPIDLE: 5, socket.TCP_KEEPINTVL: 2, socket.TCP_KEEPCNT: 3}
"""Seconds and probes until a peer that vanished without a word is noticed."""


class ApiFailure(Exception):
    """The API did not do what it was asked. `status` is None where there was no answer."""

    def __init__(self, status: Optional[int], message: str) -> None:
        super().__init__(status, message)
        self.status = status
        self.message = message


class Passing(ApiFailure):
    """It may go better next time: no connection, an overloaded server, a token that was just renewed."""


class RightMissing(ApiFailure):
    """A right is missing. Rights reach an API server some time after they are given."""


class Missing(ApiFailure):
    """The object is not there."""


class Refused(ApiFailure):
    """It never will: the same request again is in vain."""


@dataclass(frozen=True)
class ServiceAccount:
    """Where the API server is and what proves who we are."""

    host: str
    port: int
    folder: Path
    """Holds `token`, renewed while we run, and `ca.crt`."""
    tls: bool = True

    @classmethod
    def of_pod(cls, environment: Mapping[str, str] = os.environ) -> ServiceAccount:
        """As every container finds it. Raises KeyError outside a cluster."""
        host, port = environment["KUBERNETES_SERVICE_HOST"], environment["KUBERNETES_SERVICE_PORT"]
        return cls(host, int(port), _ACCOUNT)

    def connect(self, silence: float) -> http.client.HTTPConnection:
        """A connection that gives up after `silence` seconds without a word. Raises OSError."""
        connection = self._connection(silence)
        connection.connect()
        assert connection.sock is not None
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in _KEEPALIVE.items():
            connection.sock.setsockopt(socket.IPPROTO_TCP, option, value)
        return connection

    def headers(self) -> Dict[str, str]:
        token = (self.folder / "token").read_text(encoding="ascii").strip()
        return {"Authorization": f"Bearer {token}", "Accept": "application/json"}

    def _connection(self, silence: float) -> http.client.HTTPConnection:
        if not self.tls:
            return http.client.HTTPConnection(self.host, self.port, timeout=silence)
        context = ssl.create_default_context(cafile=str(self.folder / "ca.crt"))
        return http.client.HTTPSConnection(self.host, self.port, timeout=silence, context=context)


class Collection:
    """All objects of one kind in one namespace. For one thread at a time; a watch may run in another."""

    def __init__(self, access: ServiceAccount, path: str) -> None:
        self._access = access
        self._path = path
        self._connection: Optional[http.client.HTTPConnection] = None

    def get(self, name: str) -> Dict[str, Any]:
        """One object. Raises ApiFailure."""
        found: Dict[str, Any] = _decoded(self._send("GET", name, ""))
        return found

    def replace(self, name: str, item: Mapping[str, Any]) -> None:
        """Write the whole of an object that was read: a change in between is Passing. Raises ApiFailure."""
        self._send("PUT", name, "", _encoded(item), "application/json")

    def patch_status(self, name: str, operations: List[Dict[str, Any]]) -> None:
        """Apply a JSON patch, all of it or nothing. Raises ApiFailure."""
        suffix = "/status?fieldValidation=Strict"
        self._send("PATCH", name, suffix, _encoded(operations), "application/json-patch+json")

    def watch(self, name: str = "", **selector: str) -> Iterator[Dict[str, Any]]:
        """What is selected as it is now, and at every change, as `{"type", "object"}`; until the stream ends.

        `name` is of the object that is wanted, if it is one. Raises ApiFailure. Needs no other right than `watch`,
        because it names no version to start from.
        """
        asked = {"watch": "1", "allowWatchBookmarks": "true", "timeoutSeconds": str(_WATCH_FOR), **selector}
        try:
            connection = self._access.connect(_SILENCE)
        except OSError as error:
            raise Passing(None, _words(error)) from error
        try:
            connection.request("GET", f"{self._path}?{urlencode(asked)}", headers=self._access.headers())
            response = connection.getresponse()
            if response.status != http.client.OK:
                raise _failure(response.status, response.read(), name)
            for line in iter(response.readline, b""):
                yield _event(line)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Passing(None, _words(error)) from error
        finally:
            connection.close()

    def close(self) -> None:
        """Let go of the connection that all but watches share; the next request makes another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _send(self, method: str, name: str, suffix: str, body: Optional[bytes] = None, kind: str = "") -> bytes:
        headers = {**self._access.headers(), **({"Content-Type": kind} if kind else {})}
        try:
            connection = self._kept_connection()
            connection.request(method, f"{self._path}/{name}{suffix}", body, headers)
            response = connection.getresponse()
            answer = response.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Passing(None, _words(error)) from error
        if response.status >= http.client.BAD_REQUEST:
            raise _failure(response.status, answer, name)
        return answer

    def _kept_connection(self) -> http.client.HTTPConnection:
        if self._connection is None:
            self._connection = self._access.connect(_PATIENCE)
        return self._connection


class OwnObject:
    """The worker's own object: its status is patched, its spec is watched. Not for several threads at once."""

    def __init__(self, access: ServiceAccount, collection: str, name: str) -> None:
        """`collection` is the path of all such objects in the namespace."""
        self._collection = Collection(access, collection)
        self._name = name

    def patch_status(self, operations: List[Dict[str, Any]]) -> None:
        """Apply a JSON patch, all of it or nothing. Raises ApiFailure."""
        self._collection.patch_status(self._name, operations)

    def watch(self) -> Iterator[Dict[str, Any]]:
        """The object now, if it is there, and at every change; until the stream ends. Raises ApiFailure."""
        return self._collection.watch(self._name, fieldSelector=f"metadata.name={self._name}")

    def close(self) -> None:
        """Let go of the connection that patches share; the next patch makes another."""
        self._collection.close()


_PASSING = (
    http.client.UNAUTHORIZED,
    http.client.REQUEST_TIMEOUT,
    http.client.CONFLICT,
    http.client.GONE,
    http.client.TOO_MANY_REQUESTS,
)


def _failure(status: int, answer: bytes, name: str) -> ApiFailure:
    """What a refusal means to who asked for the object of this name."""
    message, is_ours = _read_status(answer, name)
    if status == http.client.FORBIDDEN:
        return RightMissing(status, message)
    if status == http.client.NOT_FOUND:
        # Without a word about our object, it is the kind that is not served (any more, or yet after a restart).
        return Missing(status, message) if is_ours else Passing(status, message)
    if status in _PASSING or (status >= http.client.INTERNAL_SERVER_ERROR and _TOO_LARGE not in message):
        return Passing(status, message)
    return Refused(status, message)


def _read_status(answer: bytes, name: str) -> Tuple[str, bool]:
    """The message, and whether it is about our object."""
    try:
        status = json.loads(answer)
        return str(status.get("message", ""))[:_QUOTED], status.get("details", {}).get("name") == name
    except (ValueError, AttributeError):
        return answer.decode(errors="replace")[:_QUOTED], False


def _encoded(data: Any) -> bytes:
    return json.dumps(data, separators=(",", ":"), allow_nan=False).encode()


def _decoded(answer: bytes) -> Any:
    try:
        return json.loads(answer)
    except ValueError as error:
        raise Passing(None, _words(error)) from error


def _event(line: bytes) -> Dict[str, Any]:
    event = json.loads(line)
    if not isinstance(event, dict) or event.get("type") == "ERROR":
        raise Passing(None, line.decode(errors="replace")[:_QUOTED])
    return event


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:_QUOTED]
