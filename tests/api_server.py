"""An API server for tests, in this process: the requests that clearway makes, and faults on demand."""

from __future__ import annotations

import asyncio
import copy
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from api_objects import ApiObjects, Json, apply, merge, selected

_ALL = 1_000_000_000


@dataclass
class Fault:
    """What befalls the next so many matching requests."""

    matches: Callable[[web.Request], bool]
    times: int
    status: int | None = None
    """None: the connection is reset."""
    message: str = "as asked by the test"
    hangs: bool = False
    """No answer for as long as anybody waits."""
    after: bool = False
    """The request takes effect, but its answer is lost."""


@dataclass
class ApiServer:
    faults: list[Fault] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)
    missing: set[str] = field(default_factory=set)
    """Collections that are not served."""
    objects: ApiObjects = field(default_factory=ApiObjects)
    address: str = ""
    scheme: str = "http"
    _loop: asyncio.AbstractEventLoop | None = None

    @property
    def created(self) -> list[Callable[[str, Json], None]]:
        """Called for every object that is made, on the server's loop."""
        return self.objects.created

    def kubeconfig(self, folder: Path) -> Path:
        """A file in the folder by which clients find it."""
        config = {
            "clusters": [{"name": "c", "cluster": {"server": f"{self.scheme}://{self.address}"}}],
            "users": [{"name": "u", "user": {"token": "secret"}}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
            "current-context": "x",
        }
        path = folder / "kubeconfig"
        path.write_text(json.dumps(config))
        return path

    # What tests do to it.

    def put(self, collection: str, manifest: Json) -> Json:
        """Make or change an object as another client would."""
        made: Json = self._on_loop(lambda: self.objects.put(collection, copy.deepcopy(manifest)))
        return made

    def label(self, collection: str, **labels: str) -> None:
        """Every object there gets these labels, as by another client, and stays what it is."""
        self._on_loop(lambda: self.objects.label(collection, labels))

    def remove(self, collection: str, name: str) -> None:
        self._on_loop(lambda: self.objects.delete(collection, name))

    @contextmanager
    def away(self) -> Iterator[Callable[[], int]]:
        """Inside, every connection is reset, watches too; the value counts the requests that were."""
        outage = Fault(lambda asked: True, _ALL)
        self.faults.insert(0, outage)
        self.end_watches()
        try:
            yield lambda: _ALL - outage.times
        finally:
            self.faults.remove(outage)

    def end_watches(self) -> None:
        """Every watch's connection ends."""
        self._on_loop(self.objects.end_watches)

    def expire(self) -> None:
        """Watches end, and no version until now can be watched from."""
        self._on_loop(self.objects.expire)

    def all(self, collection: str) -> list[Json]:
        found: list[Json] = self._on_loop(lambda: copy.deepcopy(list(self.objects.store[collection].values())))
        return found

    def _on_loop(self, act: Callable[[], Any]) -> Any:
        assert self._loop is not None

        async def run() -> Any:
            return act()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(10)

    # What it does by itself.

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append((request.method, request.path_qs))
        fault = next((one for one in self.faults if one.times > 0 and one.matches(request)), None)
        if fault is not None:
            fault.times -= 1
            if fault.after:
                await self._answer(request)
            if fault.hangs:
                await asyncio.Event().wait()
            if fault.status is None:
                assert request.transport is not None
                request.transport.abort()
                raise web.HTTPInternalServerError
            return _status(fault.status, fault.message)
        return await self._answer(request)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/version":
            return web.json_response({"gitVersion": "v1.34.0", "major": "1", "minor": "34"})
        if request.method == "GET" and self.objects.is_collection(request.path):
            return await (self._watch(request) if "watch" in request.query else self._list(request))
        if request.method == "DELETE" and self.objects.is_collection(request.path):
            return self._delete_all(request)
        if request.method == "POST":
            return self._create(request.path, await request.json())
        place, _, name = request.path.removesuffix("/status").rpartition("/")
        if name not in self.objects.store[place]:
            return _status(404, f'"{name}" not found', {"name": name})
        return await self._on_one(request, place, name)

    async def _on_one(self, request: web.Request, place: str, name: str) -> web.StreamResponse:
        if request.method == "DELETE":
            self.objects.delete(place, name)
            return web.json_response({"kind": "Status", "status": "Success"})
        if request.method == "PATCH":
            changed = copy.deepcopy(self.objects.store[place][name])
            patch = json.loads(await request.text())
            if "json-patch" in request.content_type:
                if not apply(changed, patch):
                    return _status(422, "the server rejected our request due to an error in our request")
            else:
                merge(changed, patch)
            self.objects.put(place, changed)
        if request.method == "PUT":
            return self._replace(place, name, await request.json())
        return web.json_response(self.objects.store[place][name])

    def _replace(self, place: str, name: str, item: Json) -> web.Response:
        if item["metadata"].get("resourceVersion") != self.objects.store[place][name]["metadata"]["resourceVersion"]:
            return _status(409, "the object has been modified", {"name": name}, reason="Conflict")
        return web.json_response(self.objects.put(place, item))

    def _delete_all(self, request: web.Request) -> web.Response:
        wanted = selected(request.query)
        for item in [item for item in self.objects.store[request.path].values() if wanted(item)]:
            self.objects.delete(request.path, item["metadata"]["name"])
        return web.json_response({"kind": "Status", "status": "Success"})

    def _create(self, collection: str, item: Json) -> web.Response:
        if collection in self.missing:
            return _status(404, "the server could not find the requested resource")
        if item["metadata"]["name"] in self.objects.store[collection]:
            return _status(409, "already exists", reason="AlreadyExists")
        return web.json_response(self.objects.put(collection, item), status=201)

    async def _list(self, request: web.Request) -> web.Response:
        if request.path in self.missing:
            return _status(404, "the server could not find the requested resource")
        wanted = selected(request.query)
        items = [item for item in self.objects.found(request.path) if wanted(item)]
        begin = int(request.query.get("continue", 0))
        end = begin + int(request.query.get("limit", len(items)))
        more = {"continue": str(end)} if end < len(items) else {}
        return web.json_response(
            {"metadata": {"resourceVersion": str(self.objects.version), **more}, "items": items[begin:end]}
        )

    async def _watch(self, request: web.Request) -> web.StreamResponse:
        if request.path in self.missing:
            return _status(404, "the server could not find the requested resource")
        response = web.StreamResponse()
        response.content_type = "application/json"
        await response.prepare(request)
        watch = self.objects.watch(request.path, selected(request.query), request.query.get("resourceVersion"))
        try:
            while (event := await watch.queue.get()) is not None:
                await response.write(json.dumps(event).encode() + b"\n")
        finally:
            self.objects.watches.remove(watch)
        return response


@contextmanager
def api_server(tls: ssl.SSLContext | None = None) -> Iterator[ApiServer]:
    """A server on the loopback, in a thread of its own."""
    server = ApiServer(scheme="http" if tls is None else "https")
    started, loop = threading.Event(), asyncio.new_event_loop()
    server._loop = loop
    stop = asyncio.Event()

    async def serve() -> None:
        application = web.Application(client_max_size=10_000_000)
        application.router.add_route("*", "/{path:.*}", server.handle)
        runner = web.AppRunner(application, shutdown_timeout=1.0, access_log=None, handler_cancellation=True)
        await runner.setup()
        listening = socket.create_server(("127.0.0.1", 0))
        await web.SockSite(runner, listening, ssl_context=tls).start()
        server.address = f"127.0.0.1:{listening.getsockname()[1]}"
        started.set()
        await stop.wait()
        server.objects.end_watches()
        loop.remove_reader(listening)
        await asyncio.sleep(0)  # asyncio forgets a connection that it has accepted but not yet made when it closes
        await runner.cleanup()
        await asyncio.sleep(0)  # a connection that was closed just now lets go of its socket in the loop's next turn

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    started.wait(10)
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()


def _status(code: int, message: str, details: Json | None = None, reason: str = "") -> web.Response:
    body = {"kind": "Status", "code": code, "message": message, "details": details or {}, "reason": reason}
    return web.json_response(body, status=code)
