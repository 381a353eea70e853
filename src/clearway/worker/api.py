"""A worker's way to the Kubernetes API: one object, a token file and the standard library."""

from __future__ import annotations

import http.client
import json
import os
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Optional

_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_PATIENCE = 10.0
"""Seconds for an answer."""
_SILENCE = 90.0
"""Seconds a watch may say nothing: the API server sends a bookmark about every minute."""
_WATCH_FOR = 600
"""Seconds after which the API server is asked to end a watch; the next one follows at once."""
_QUOTED = 300
"""Characters kept of what the API server said."""
_TOO_LARGE = "too large"
_KEEPALIVE = {socket.TCP_KEEPIDLE: 5, socket.TCP_KEEPINTVL: 2, socket.TCP_KEEPCNT: 3}
"""Seconds and probes until a peer that vanished without a word is noticed."""


class ApiFailure(Exception):
    """The API did not do what it was asked. `status` is None where there was no answer."""

    def __init__(self, status: Optional[int], said: str) -> None:
        super().__init__(status, said)
        self.status = status
        self.said = said


class Passing(ApiFailure):
    """It may go better next time: no connection, an overloaded server, a token that was just renewed."""


class Forbidden(ApiFailure):
    """A right is missing. Rights reach an API server some time after they are given."""


class Missing(ApiFailure):
    """The object is not there."""


class Refused(ApiFailure):
    """It never will: the same request again is in vain."""


@dataclass(frozen=True)
class Access:
    """Where the API server is and what proves who we are."""

    host: str
    port: int
    folder: Path
    """Holds `token`, renewed while we run, and `ca.crt`."""
    tls: bool = True

    @classmethod
    def of_pod(cls, environment: Mapping[str, str] = os.environ) -> Access:
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


class OwnObject:
    """The worker's own object: its status is patched, its spec is watched. Not for several threads at once."""

    def __init__(self, access: Access, collection: str, name: str) -> None:
        """`collection` is the path of all such objects in the namespace."""
        self._access = access
        self._collection = collection
        self._name = name
        self._connection: Optional[http.client.HTTPConnection] = None

    def patch_status(self, operations: List[Dict[str, Any]]) -> None:
        """Apply a JSON patch, all of it or nothing. Raises ApiFailure."""
        body = json.dumps(operations, separators=(",", ":"), allow_nan=False).encode()
        headers = {"Content-Type": "application/json-patch+json"}
        try:
            connection = self._kept_connection()
            path = f"{self._collection}/{self._name}/status?fieldValidation=Strict"
            connection.request("PATCH", path, body, {**self._access.headers(), **headers})
            response = connection.getresponse()
            answer = response.read()
        except (OSError, http.client.HTTPException) as error:
            self._drop_connection()
            raise Passing(None, _words(error)) from error
        if response.status >= http.client.BAD_REQUEST:
            raise self._failure(response.status, answer)

    def watch(self) -> Iterator[Dict[str, Any]]:
        """The object now, if it is there, and at every change, as `{"type", "object"}`; until the stream ends.

        Raises ApiFailure. Needs no other right than `watch`, because it names no version to start from.
        """
        path = f"{self._collection}?watch=1&allowWatchBookmarks=true&timeoutSeconds={_WATCH_FOR}"
        try:
            connection = self._access.connect(_SILENCE)
        except OSError as error:
            raise Passing(None, _words(error)) from error
        try:
            headers = self._access.headers()
            connection.request("GET", f"{path}&fieldSelector=metadata.name%3D{self._name}", headers=headers)
            response = connection.getresponse()
            if response.status != http.client.OK:
                raise self._failure(response.status, response.read())
            for line in iter(response.readline, b""):
                yield _event(line)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Passing(None, _words(error)) from error
        finally:
            connection.close()

    def close(self) -> None:
        """Let go of the connection that patches share; the next patch makes another."""
        self._drop_connection()

    def _kept_connection(self) -> http.client.HTTPConnection:
        if self._connection is None:
            self._connection = self._access.connect(_PATIENCE)
        return self._connection

    def _drop_connection(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _failure(self, status: int, answer: bytes) -> ApiFailure:
        message, is_ours = self._read_status(answer)
        if status == http.client.FORBIDDEN:
            return Forbidden(status, message)
        if status == http.client.NOT_FOUND:
            # Without a word about our object, it is the kind that is not served (any more, or yet after a restart).
            return Missing(status, message) if is_ours else Passing(status, message)
        if status in _PASSING or (status >= http.client.INTERNAL_SERVER_ERROR and _TOO_LARGE not in message):
            return Passing(status, message)
        return Refused(status, message)

    def _read_status(self, answer: bytes) -> Any:
        """What it said, and whether it speaks of our object."""
        try:
            said = json.loads(answer)
            return str(said.get("message", ""))[:_QUOTED], said.get("details", {}).get("name") == self._name
        except (ValueError, AttributeError):
            return answer.decode(errors="replace")[:_QUOTED], False


_PASSING = (
    http.client.UNAUTHORIZED,
    http.client.REQUEST_TIMEOUT,
    http.client.CONFLICT,
    http.client.GONE,
    http.client.TOO_MANY_REQUESTS,
)


def _event(line: bytes) -> Dict[str, Any]:
    event = json.loads(line)
    if not isinstance(event, dict) or event.get("type") == "ERROR":
        raise Passing(None, line.decode(errors="replace")[:_QUOTED])
    return event


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:_QUOTED]
