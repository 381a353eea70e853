"""A connection to an API server: bodies are bytes, errors are translated, temporary ones are retried.

What holds the connections is imported when the first one is made. Bodies never pass through models of all kinds of
objects: that would take most of the time.
"""

from __future__ import annotations

import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from clearway.kube.access import Access, Door, door_of
from clearway.kube.decoding import Decoder
from clearway.kube.errors import (
    Asked,
    Exists,
    KubeError,
    Unauthorized,
    Unreachable,
    no_answer,
    refusal,
    undecodable,
    unverified,
)
from clearway.kube.objects import KubeObject
from clearway.kube.presence import ServerPresence, Tries
from clearway.probe.records import Finding

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession

T = TypeVar("T")
ApiObject = dict[str, Any]

ANSWER_WITHIN = 15.0
"""Seconds for one answer: a page of 500 large objects takes a few from a loaded API server."""
_PAGE = 500
"""Objects per page, as kubectl has it: a page stays far below the size that slows down an API server."""
_POOL = 64
"""Connections at most: 32 requests at once, and each watch holds one."""
_MERGE = "application/merge-patch+json"
_FOR_ANOTHER = (502, 503, 504)
"""HTTP's statuses for a server behind this one that does not answer."""
_APPLY = "application/apply-patch+yaml"
"""The body is JSON, which is also YAML."""


_LARGEST_LINE = 2**21
"""Bytes: an object has at most 1.5 MB."""
_KEEPALIVE = {socket.TCP_KEEPIDLE: 5, socket.TCP_KEEPINTVL: 2, socket.TCP_KEEPCNT: 3}
"""Seconds and probes until a server that vanished without a word is noticed, also by a watch that waits."""


class Api:
    """Requests by path. Not for several event loops."""

    def __init__(self, session: ClientSession, door: Door, renewed: Callable[[], Awaitable[Door]]) -> None:
        """`renewed` logs in again."""
        self._session = session
        self._door = door
        self._renewed = renewed
        self.server = str(door.server).rstrip("/")
        self.verifies = door.tls.verifies
        """Whether it is certain who the API server is."""
        self.server_time: float = 0.0
        """Time of its latest answer on the server's own clock: Unix seconds, whole ones."""
        self.presence = ServerPresence()

    async def get(self, path: str, kind: type[T], **query: str | int) -> T:
        """One object, decoded as far as `kind` asks. Raises KubeError."""
        return _decoded(Asked("GET", path), await self.request("GET", path, query=query), kind)

    async def pages(self, path: str, kind: type[T], **query: str | int) -> AsyncIterator[T]:
        """A list, page by page; `kind` is that of the whole list and has `metadata.continue`."""
        token: str | None = None
        while token != "":
            page = {"limit": _PAGE, **query, **({"continue": token} if token else {})}
            body = await self.request("GET", path, query=page)
            yield _decoded(Asked("GET", path), body, kind)
            token = _decoded(Asked("GET", path), body, _Continued).metadata.token

    async def post(self, path: str, body: ApiObject, kind: type[T]) -> T:
        """Returns the answer. Raises Exists, Forbidden, Invalid, ..."""
        answer = await self.request("POST", path, body=body, query={"fieldValidation": "Strict"})
        return _decoded(Asked("POST", path), answer, kind)

    async def create(self, path: str, body: ApiObject) -> KubeObject:
        """Returns the object as the API server made it, also if an earlier try made it unanswered. Raises as `post`."""
        try:
            return await self.post(path, body, KubeObject)
        except Exists as error:
            if not error.is_perhaps_ours:
                raise
            found = await self.get(f"{path}/{body['metadata']['name']}", KubeObject)
            if not _is_made_from(body, found):
                raise
            return found

    async def merge(self, path: str, body: ApiObject) -> None:
        """Change the keys in `body`; None removes a key."""
        await self.request("PATCH", path, body=body, query={"fieldValidation": "Strict"}, content=_MERGE)

    async def apply(self, path: str, body: ApiObject) -> None:
        """Create or update an object; fields of `body` that others have changed are changed back."""
        query = {"fieldManager": "clearway", "force": "true"}
        await self.request("PATCH", path, body=body, query=query, content=_APPLY)

    async def delete(self, path: str, **options: Any) -> None:
        """Start its deletion. Raises NotFound if there is no such object."""
        await self.request("DELETE", path, body={"kind": "DeleteOptions", "apiVersion": "v1", **options})

    async def delete_all(self, path: str, **query: str | int) -> None:
        """Start the deletion of all objects of a collection that match a query."""
        await self.request("DELETE", path, query=query)

    async def request(
        self,
        verb: str,
        path: str,
        *,
        body: ApiObject | list[ApiObject] | None = None,
        query: Mapping[str, str | int] | None = None,
        content: str = "application/json",
    ) -> bytes:
        """One request, retried while errors are temporary. Raises KubeError."""
        tries, renewed = Tries(self.presence), False
        while True:
            try:
                return await self._once(Asked(verb, path), body, query or {}, content)
            except KubeError as error:
                if isinstance(error, Unauthorized) and not renewed:
                    renewed = True
                    self._door = await self._renewed()
                else:
                    await tries.pause_after(error)

    async def _once(
        self, asked: Asked, body: ApiObject | list[ApiObject] | None, query: Mapping[str, str | int], content: str
    ) -> bytes:
        async with self._response(asked, body, query, content, ANSWER_WITHIN) as response:
            return await response.read()

    @asynccontextmanager
    async def stream(
        self, path: str, query: Mapping[str, str | int], silence: float
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """An answer line by line as it arrives, until it ends or `silence` seconds pass without a line."""
        async with self._response(Asked("GET", path), None, query, "application/json", None, silence) as response:
            yield self._lines(response)

    async def _lines(self, response: ClientResponse) -> AsyncIterator[bytes]:
        import aiohttp

        try:
            while (line := await response.content.readline()).endswith(b"\n"):
                yield line  # what is left without its end is of a connection that was cut
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise self._no_answer(error) from error

    @asynccontextmanager
    async def _response(
        self,
        asked: Asked,
        body: ApiObject | list[ApiObject] | None,
        query: Mapping[str, str | int],
        content: str,
        within: float | None,
        silence: float | None = None,
    ) -> AsyncIterator[ClientResponse]:
        """The one place where requests are made and the library's errors are translated."""
        import aiohttp

        headers = {"Content-Type": content, "Accept": "application/json", "User-Agent": "clearway"}
        if self._door.authorization is not None:
            headers["Authorization"] = self._door.authorization
        try:
            async with self._session.request(
                asked.verb,
                self.server + asked.path,
                params=query,
                headers=headers,
                data=None if body is None else json.dumps(body),
                proxy=self._door.proxy,
                server_hostname=self._door.server_name,
                timeout=aiohttp.ClientTimeout(total=within, sock_connect=ANSWER_WITHIN, sock_read=silence),
                allow_redirects=False,
            ) as response:
                self.server_time = _date(response.headers.get("Date")) or self.server_time
                if response.status >= 400:
                    raise self._refusal(asked, response.status, await response.read())
                self.presence.answered()
                yield response
        except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError) as error:
            raise unverified(self.server, error) from error
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise self._no_answer(error) from error

    def _no_answer(self, error: BaseException) -> Unreachable:
        self.presence.missed()
        return no_answer(self.server, error)

    def _refusal(self, asked: Asked, status: int, body: bytes) -> KubeError:
        """A proxy or load balancer answers for a server that is away: that one gave no answer."""
        error = refusal(asked, status, body)
        if status in _FOR_ANOTHER:
            self.presence.missed()
        else:
            self.presence.answered()
        return error


class _Token(msgspec.Struct):
    token: str = msgspec.field(name="continue", default="")


class _Continued(msgspec.Struct):
    metadata: _Token = msgspec.field(default_factory=_Token)


def _say_nothing(finding: Finding) -> None:
    """For those who have no log."""


@asynccontextmanager
async def connect(access: Access, log: Callable[[Finding], None] = _say_nothing) -> AsyncIterator[Api]:
    """A connection for as long as the context lasts. Sends no request. Raises ConfigUnusable."""
    import aiohttp

    door = await door_of(access, log)
    connector = aiohttp.TCPConnector(limit=_POOL, ssl=door.context(), socket_factory=_kept_alive)
    async with aiohttp.ClientSession(connector=connector, read_bufsize=_LARGEST_LINE) as session:
        api = Api(session, door, lambda: door_of(access, log))
        if access.hurried:
            api.presence.first_contact = 0.0
        yield api


def _kept_alive(place: tuple[Any, ...]) -> socket.socket:
    """A socket for an address as getaddrinfo has it."""
    family, kind, protocol, *_ = place
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in _KEEPALIVE.items():
        made.setsockopt(socket.IPPROTO_TCP, option, value)
    return made


def _decoded(asked: Asked, body: bytes, kind: type[T]) -> T:
    try:
        return Decoder(kind).decode(body)
    except msgspec.DecodeError as error:
        raise undecodable(asked, error) from error


def _is_made_from(body: ApiObject, found: KubeObject) -> bool:
    """Whether it has all labels and annotations of a manifest: names of a run are random, so it is the same one."""
    wanted, there = body["metadata"], found.metadata
    labels, annotations = (wanted.get(name, {}) for name in ("labels", "annotations"))
    return all((labels.items() <= there.labels.items(), annotations.items() <= there.annotations.items()))


def _date(header: str | None) -> float | None:
    try:
        return parsedate_to_datetime(header).timestamp() if header else None
    except ValueError:
        return None
