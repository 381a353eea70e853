"""A list that stays up to date: one snapshot, then every change, across disconnects, restarts and expired versions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from clearway.kube.api import Api
from clearway.kube.errors import Asked, Expired, KubeError, NotFound, refusal

T = TypeVar("T")

_WATCH_FOR = 300
"""Seconds after which the API server ends a watch and we start the next, as client-go does after 5 to 10 minutes."""
_SILENCE = 90.0
"""Seconds without a line after which a connection counts as dead: bookmarks come about once a minute."""
_PAUSE = 0.5
"""Seconds before a failed connection is tried again."""
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
    metadata: _Version
    items: list[msgspec.Raw]


class _Event(msgspec.Struct):
    type: str
    object: msgspec.Raw


class _Object(msgspec.Struct):
    metadata: _Version


class _WatchError(msgspec.Struct):
    code: int = 500


async def watch(
    api: Api, path: str, kind: type[T], selectors: Mapping[str, str]
) -> AsyncIterator[Snapshot[T] | ObjectChange[T]]:
    """Follow a list for ever; the snapshot is read page by page, as a cluster may have very many objects.

    Raises KubeError if it can't go on: a missing right, or a kind that is not served any more.
    """
    decoder = msgspec.json.Decoder(kind)
    since: float | None = None
    while True:
        try:
            items: list[T] = []
            version = ""
            async for page in api.pages(path, _List, **selectors):
                items += map(decoder.decode, page.items)
                version = page.metadata.version
            since = None
            yield Snapshot(tuple(items))
            async for change in _changes(api, path, decoder, {**selectors}, version):
                yield change
        except Expired:
            continue
        except NotFound:
            since = since or asyncio.get_running_loop().time()
            if asyncio.get_running_loop().time() - since > _MISSING_FOR:
                raise
            await asyncio.sleep(_PAUSE)


async def _changes(
    api: Api, path: str, decoder: msgspec.json.Decoder[T], selectors: Mapping[str, str], version: str
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
                    event = msgspec.json.decode(line, type=_Event)
                    if event.type == "ERROR":
                        raise refusal(Asked("WATCH", path), _code(event.object), bytes(event.object))
                    version = msgspec.json.decode(event.object, type=_Object).metadata.version
                    if event.type != "BOOKMARK":
                        yield ObjectChange(decoder.decode(event.object), event.type == "DELETED")
        except KubeError as error:
            if not error.passing:
                raise
            await asyncio.sleep(_PAUSE)


def _code(status: msgspec.Raw) -> int:
    return msgspec.json.decode(status, type=_WatchError).code
