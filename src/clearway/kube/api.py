"""A connection to an API server: bodies are bytes, errors are translated, temporary ones are retried.

The client library reads the kubeconfig, authenticates, and holds the TLS connections; it is imported when the first
connection is made. Bodies never pass through its models: that would take most of the time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from clearway.kube.errors import Asked, ConfigUnusable, KubeError, Overloaded, Unauthorized, no_answer, refusal
from clearway.kube.objects import KubeObject

T = TypeVar("T")
ApiObject = dict[str, Any]

ANSWER_WITHIN = 15.0
"""Seconds for one answer: a page of 500 large objects takes a few from a loaded API server."""
PATIENCE = 30.0
"""Seconds for which temporary errors are retried: a restarted API server answers again by then."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0
"""Seconds between retries, doubled each time."""
_PAGE = 500
"""Objects per page, as kubectl has it: a page stays far below the size that slows down an API server."""
_POOL = 64
"""Connections at most: 32 requests at once, and each watch holds one."""
_MERGE = "application/merge-patch+json"
_APPLY = "application/apply-patch+yaml"
"""The body is JSON, which is also YAML."""


@dataclass(frozen=True)
class Access:
    """Which cluster, and as which user."""

    kubeconfig: Path | None = None
    """None: as kubectl finds it."""
    context: str | None = None
    """None: the current one."""
    in_cluster: bool = False
    """With the service account of the pod that we run in."""


class Api:
    """Requests by path. Not for several event loops."""

    def __init__(self, client: Any, configure: Any) -> None:
        self._client = client
        self._configure = configure
        self.server: str = client.configuration.host
        self.server_time: float = 0.0
        """Time of its latest answer on the server's own clock: Unix seconds, whole ones."""

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
            token = msgspec.json.decode(body, type=_Continued).metadata.token

    async def post(self, path: str, body: ApiObject, kind: type[T]) -> T:
        """Returns the answer. Raises Exists, Forbidden, Invalid, ..."""
        answer = await self.request("POST", path, body=body, query={"fieldValidation": "Strict"})
        return _decoded(Asked("POST", path), answer, kind)

    async def create(self, path: str, body: ApiObject) -> KubeObject:
        """Returns the object as the API server made it. Raises as `post`."""
        return await self.post(path, body, KubeObject)

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
        until = asyncio.get_running_loop().time() + PATIENCE
        pause, renewed = _FIRST_PAUSE, False
        while True:
            try:
                return await self._once(Asked(verb, path), body, query or {}, content)
            except Unauthorized:
                if renewed:
                    raise
                renewed = True
                await self._configure(self._client.configuration)
            except KubeError as error:
                if not error.passing or asyncio.get_running_loop().time() > until:
                    raise
                await asyncio.sleep(pause if not isinstance(error, Overloaded) else max(pause, 1.0))
                pause = min(_LONGEST_PAUSE, 2 * pause)

    async def _once(
        self, asked: Asked, body: ApiObject | list[ApiObject] | None, query: Mapping[str, str | int], content: str
    ) -> bytes:
        async with self._response(asked, body, query, content, ANSWER_WITHIN) as response:
            answer: bytes = await response.read()
            return answer

    @asynccontextmanager
    async def stream(
        self, path: str, query: Mapping[str, str | int], silence: float
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """An answer line by line as it arrives, until it ends or `silence` seconds pass without a line."""
        async with self._response(Asked("GET", path), None, query, "application/json", None, silence) as response:
            yield self._lines(response)

    async def _lines(self, response: Any) -> AsyncIterator[bytes]:
        import aiohttp

        try:
            while line := await response.content.readline():
                yield line
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise no_answer(self.server, error) from error

    @asynccontextmanager
    async def _response(
        self,
        asked: Asked,
        body: ApiObject | list[ApiObject] | None,
        query: Mapping[str, str | int],
        content: str,
        within: float | None,
        silence: float | None = None,
    ) -> AsyncIterator[Any]:
        """The one place where the library is called and its errors are translated."""
        import aiohttp

        headers = {"Content-Type": content, "Accept": "application/json", "User-Agent": "clearway"}
        await self._client.update_params_for_auth(headers, [], ["BearerToken"])
        timeout = aiohttp.ClientTimeout(total=within, sock_connect=ANSWER_WITHIN, sock_read=silence)
        try:
            response = await self._client.rest_client.request(
                asked.verb,
                self.server + asked.path,
                query_params=list(query.items()),
                headers=headers,
                body=body,
                _preload_content=False,
                _request_timeout=timeout,
            )
            async with response:
                self.server_time = _date(response.headers.get("Date")) or self.server_time
                if response.status >= 400:
                    raise refusal(asked, response.status, await response.read())
                yield response
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise no_answer(self.server, error) from error


class _Token(msgspec.Struct):
    token: str = msgspec.field(name="continue", default="")


class _Continued(msgspec.Struct):
    metadata: _Token


@asynccontextmanager
async def connect(access: Access) -> AsyncIterator[Api]:
    """A connection for as long as the context lasts. Sends no request. Raises ConfigUnusable."""
    from kubernetes_asyncio import client

    async def configure(configuration: Any) -> None:
        await _configured(access, configuration)

    configuration = client.Configuration()
    configuration.connection_pool_maxsize = _POOL
    await configure(configuration)
    try:
        api_client = client.ApiClient(configuration)
    except OSError as error:
        raise ConfigUnusable("kube.config-unusable", error=str(error)) from error
    async with api_client:
        yield Api(api_client, configure)


async def _configured(access: Access, configuration: Any) -> None:
    """Read the configuration again: tokens in files and from helpers may have changed."""
    from kubernetes_asyncio import config

    try:
        if access.in_cluster:
            config.load_incluster_config(configuration)  # type: ignore[no-untyped-call]
        else:
            file = str(access.kubeconfig) if access.kubeconfig is not None else None
            await config.load_kube_config(file, access.context, configuration, persist_config=False)
    except Exception as error:  # the library raises any type of error for a broken file or helper
        words = str(error) or type(error).__name__
        raise ConfigUnusable("kube.config-unusable", file=str(access.kubeconfig or ""), error=words) from error


def _decoded(asked: Asked, body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError as error:
        raise KubeError("kube.undecodable", request=str(asked), error=str(error)) from error


def _date(header: str | None) -> float | None:
    try:
        return parsedate_to_datetime(header).timestamp() if header else None
    except ValueError:
        return None
