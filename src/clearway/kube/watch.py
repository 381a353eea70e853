"""A list that stays up to date: one snapshot, then every change, across disconnects, restarts and expired versions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from clearway.kube.api import Api
from clearway.kube.decoding import Decoder
from clearway.kube.errors import Asked, Expired, Forbidden, KubeError, NotFound, Undecodable, refusal, undecodable

T = TypeVar("T")
U = TypeVar("U")

_WATCH_FOR = 300
"""Seconds after which the API server ends a watch and we start the next, as client-go does after 5 to 10 minutes."""
_SILENCE = 90.0
"""Seconds without a line after which a connection counts as dead: bookmarks come about once a minute."""
_PAUSE = 0.5
"""Seconds before a failed connection is tried again."""
_PAUSE_AFTER_FAILURE = 2.0
"""Seconds before a watch that failed is begun anew."""
_MISSING_FOR = 30.0
"""Seconds to wait for a kind that is not served yet, as while an API server starts."""


@dataclass(frozen=True)
class Snapshot(Generic[T]):
    """All objects at one time. An object that was known before and is not in it has been deleted."""

    items: tuple[T, ...]


@dataclass(frozen=True)
class ObjectChange(Generic[T]):
    """One object was added, modified or deleted."""

    item: T
    deleted: bool


class _Version(msgspec.Struct):
    version: str = msgspec.field(name="resourceVersion", default="")


class _List(msgspec.Struct):
    metadata: _Version = msgspec.field(default_factory=_Version)
    items: list[msgspec.Raw] = []


class _Event(msgspec.Struct):
    type: str
    object: msgspec.Raw


class _Object(msgspec.Struct):
    metadata: _Version = msgspec.field(default_factory=_Version)


class _WatchError(msgspec.Struct):
    code: int = 500


_EVENT, _OBJECT, _ERROR = Decoder(_Event), Decoder(_Object), Decoder(_WatchError)


async def watch(
    api: Api, path: str, kind: type[T], selectors: Mapping[str, str]
) -> AsyncIterator[Snapshot[T] | ObjectChange[T]]:
    """Follow a list for ever; the snapshot is read page by page, as a cluster may have very many objects.

    Raises KubeError if it can't go on: a missing right, or a kind that is not served any more. An API server that goes
    away after the first snapshot is waited for.
    """
    reader = _WatchReader(Asked("WATCH", path), Decoder(kind))
    since: float | None = None
    begun = False
    while True:
        try:
            items: list[T] = []
            version = ""
            async for page in api.pages(path, _List, **selectors):
                items += map(reader.item, page.items)
                version = page.metadata.version
            since, begun = None, True
            yield Snapshot(tuple(items))
            async for change in _changes(api, path, reader, selectors, version):
                yield change
        except Expired:
            continue
        except NotFound:
            since = since or asyncio.get_running_loop().time()
            if asyncio.get_running_loop().time() - since > _MISSING_FOR:
                raise
            await asyncio.sleep(_PAUSE)
        except KubeError as error:
            if not begun or not api.presence.patience(error):
                raise
            await asyncio.sleep(_PAUSE)


async def watch_through_failures(
    api: Api, path: str, kind: type[T], selectors: Mapping[str, str]
) -> AsyncIterator[Snapshot[T] | ObjectChange[T]]:
    """As `watch`, and begun anew where that can't go on: an API server that does not answer is waited for.

    Raises Forbidden, NotFound and Undecodable: another try ends in the same way.
    """
    while True:
        try:
            async for change in watch(api, path, kind, selectors):
                yield change
        except (Forbidden, NotFound, Undecodable):
            raise
        except KubeError:
            await asyncio.sleep(_PAUSE_AFTER_FAILURE)


@dataclass(frozen=True)
class _WatchReader(Generic[T]):
    """Reads what a watch brings. Raises Undecodable."""

    asked: Asked
    decoder: Decoder[T]

    def item(self, text: bytes | msgspec.Raw) -> T:
        return self._read(self.decoder, text)

    def event(self, line: bytes) -> _Event:
        """Raises KubeError too if it is an error of the API server."""
        event = self._read(_EVENT, line)
        if event.type == "ERROR":
            raise refusal(self.asked, self._read(_ERROR, event.object).code, bytes(event.object))
        return event

    def version(self, event: _Event) -> str:
        return self._read(_OBJECT, event.object).metadata.version

    def _read(self, decoder: Decoder[U], text: bytes | msgspec.Raw) -> U:
        try:
            return decoder.decode(text)
        except msgspec.DecodeError as error:
            raise undecodable(self.asked, error) from error


async def _changes(
    api: Api, path: str, reader: _WatchReader[T], selectors: Mapping[str, str], version: str
) -> AsyncIterator[ObjectChange[T]]:
    """Changes from a version on, over as many connections as it takes. Raises Expired if the version is too old."""
    while True:
        query: dict[str, str | int] = {
            **selectors,
            "watch": 1,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": _WATCH_FOR,
            "resourceVersion": version,
        }
        try:
            async with api.stream(path, query, _SILENCE) as lines:
                async for line in lines:
                    event = reader.event(line)
                    version = reader.version(event)
                    if event.type != "BOOKMARK":
                        yield ObjectChange(reader.item(event.object), event.type == "DELETED")
        except KubeError as error:
            if not api.presence.patience(error):
                raise
            await asyncio.sleep(_PAUSE)
