"""The kills that the API tells of, from a start on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from clearway.base.errors import Reason
from clearway.kube.api import Access, Api, connect
from clearway.kube.errors import Forbidden, KubeError, NotFound
from clearway.kube.watch import ObjectChange, watch
from clearway.site.kubernetes.names import NAMESPACES
from clearway.watch.oom.looks import LOOKS, Look
from clearway.watch.oom.records import EVERYWHERE, Oom, OomObserver, Tell

_FIRST_LOOK_WITHIN = 10.0
_PAUSE = 2.0


@dataclass
class _Start:
    """What was there before is past: what the first look finds, and what is dated before by the servers' clocks."""

    at: float
    """Unix seconds on the API server's clock, whole: as exactly as its objects are dated."""
    passed: bool = False


@asynccontextmanager
async def api_follows(access: Access, namespace: str, tell: Tell) -> AsyncIterator[None]:
    """Tells of kills for as long as the context lasts; what it can't see it tells as well, and is no error."""
    async with AsyncExitStack() as open_:
        try:
            api = await open_.enter_async_context(connect(access))
            async with asyncio.timeout(_FIRST_LOOK_WITHIN):
                await api.request("GET", "/version")
        except (KubeError, TimeoutError) as error:
            for source in dict.fromkeys(look.source for look in LOOKS):
                tell(OomObserver(source, EVERYWHERE, _words(error)))
        else:
            await open_.enter_async_context(_followed(api, namespace, tell))
        yield


@asynccontextmanager
async def _followed(api: Api, namespace: str, tell: Tell) -> AsyncIterator[None]:
    start = _Start(api.server_time)
    followings = [_Following(api, look, look.nodes_namespace or namespace, start, tell) for look in LOOKS]
    tasks = [asyncio.create_task(one.follow()) for one in followings]
    looked = [asyncio.create_task(one.looked.wait()) for one in followings]
    try:
        await asyncio.wait(looked, timeout=_FIRST_LOOK_WITHIN)
        start.passed = True
        yield
    finally:
        for task in (*tasks, *looked):
            task.cancel()
        await asyncio.gather(*tasks, *looked, return_exceptions=True)


@dataclass
class _Following:
    """One look, everywhere or where it may."""

    api: Api
    look: Look[Any]
    namespace: str
    start: _Start
    tell: Tell
    looked: asyncio.Event = field(default_factory=asyncio.Event)
    """The first look is over, or there won't be any."""
    _known: set[Oom] = field(default_factory=set)

    async def follow(self) -> None:
        """Until cancelled; an API server that is away is waited for."""
        for scope in (EVERYWHERE, self.namespace):
            try:
                await self._follow(scope)
            except (Forbidden, NotFound, msgspec.DecodeError) as error:
                self.tell(OomObserver(self.look.source, scope, _words(error)))
        self.looked.set()

    async def _follow(self, scope: str) -> None:
        place = "/api/v1" if scope == EVERYWHERE else f"{NAMESPACES}/{scope}"
        while True:
            try:
                async for news in watch(self.api, f"{place}/{self.look.plural}", self.look.kind, self.look.selectors):
                    for item in (news.item,) if isinstance(news, ObjectChange) else news.items:
                        self._take(item)
                    if not self.looked.is_set():
                        self.looked.set()
                        self.tell(OomObserver(self.look.source, scope))
            except (Forbidden, NotFound):
                raise
            except KubeError:
                await asyncio.sleep(_PAUSE)

    def _take(self, item: Any) -> None:
        for oom in self.look.read(item):
            if oom not in self._known:
                self._known.add(oom)
                past = not self.start.passed or oom.time < self.start.at
                self.tell(replace(oom, past=past))


def _words(error: Exception) -> str | Reason:
    """What the API server said, or what kept it from saying anything."""
    if isinstance(error, KubeError):
        said = error.values.get("message") or error.values.get("error")
        return str(said) if said else error.reason
    return str(error) or type(error).__name__
