"""An API server for tests, in this process: objects, patches, watches, owners; and faults on demand.

It knows of Kubernetes what clearway relies on, each seen on the real one: strict names, resource versions, a
status with a default, JSON patches with tests, objects replaced whole, watches by label or name, expiry of old
versions, collection of what an owner leaves behind.
"""

from __future__ import annotations

import asyncio
import copy
import json
import re
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from aiohttp import web

Json = dict[str, Any]
DEFAULT_STATUS: dict[str, Json] = {
    "networktestworkers": {"phase": "Pending", "results": {}, "observations": {}},
    "customresourcedefinitions": {
        "conditions": None,
        "acceptedNames": {"plural": "", "kind": ""},
        "storedVersions": None,
    },
}
"""As a real API server answers: Go writes an empty list without `omitempty` as null."""


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
    """Everything by path: `/api/v1/nodes` -> name -> object."""

    store: dict[str, dict[str, Json]] = field(default_factory=lambda: defaultdict(dict))
    faults: list[Fault] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)
    created: list[Callable[[str, Json], None]] = field(default_factory=list)
    """Told of every object that is made: what a controller or kubelet would see."""
    missing: set[str] = field(default_factory=set)
    """Collections that are not served."""
    oldest: int = 0
    """A watch from an older version is told that it expired."""
    address: str = ""
    _versions: Iterator[int] = field(default_factory=lambda: count(1))
    _version: int = 0
    _watches: list[tuple[str, asyncio.Queue[Json | None], Callable[[Json], bool]]] = field(default_factory=list)
    _log: list[tuple[int, str, Json]] = field(default_factory=list)
    _loop: asyncio.AbstractEventLoop | None = None

    def kubeconfig(self, folder: Path) -> Path:
        """A file in the folder by which clients find it."""
        config = {
            "clusters": [{"name": "c", "cluster": {"server": f"http://{self.address}"}}],
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
        made: Json = self._on_loop(lambda: self._store(collection, copy.deepcopy(manifest)))
        return made

    def label(self, collection: str, **labels: str) -> None:
        """Every object there gets these labels, as by another client, and stays what it is."""

        def act() -> None:
            for item in copy.deepcopy(list(self.store[collection].values())):
                item["metadata"].setdefault("labels", {}).update(labels)
                self._store(collection, item)

        self._on_loop(act)

    def remove(self, collection: str, name: str) -> None:
        self._on_loop(lambda: self._delete(collection, name))

    def end_watches(self) -> None:
        """Every watch's connection ends."""

        def act() -> None:
            for _, queue, _ in self._watches:
                queue.put_nowait(None)

        self._on_loop(act)

    def expire(self) -> None:
        """Watches end, and no version until now can be watched from."""

        def act() -> None:
            self.oldest = self._version + 1
            for _, queue, _ in self._watches:
                queue.put_nowait({"type": "ERROR", "object": {"kind": "Status", "code": 410, "message": "too old"}})
                queue.put_nowait(None)

        self._on_loop(act)

    def all(self, collection: str) -> list[Json]:
        found: list[Json] = self._on_loop(lambda: copy.deepcopy(list(self.store[collection].values())))
        return found

    def _on_loop(self, act: Callable[[], Any]) -> Any:
        assert self._loop is not None

        async def run() -> Any:
            return act()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(10)

    # What it does by itself.

    def _store(self, collection: str, item: Json) -> Json:
        self._version = next(self._versions)
        metadata = item.setdefault("metadata", {})
        fresh = metadata["name"] not in self.store[collection]
        metadata.setdefault("uid", f"uid-{self._version}")
        metadata["resourceVersion"] = str(self._version)
        plural = collection.rpartition("/")[2]
        if fresh and plural in DEFAULT_STATUS:
            item["status"] = copy.deepcopy(DEFAULT_STATUS[plural])
        self.store[collection][metadata["name"]] = item
        self._tell("ADDED" if fresh else "MODIFIED", collection, item)
        if fresh:
            for listener in self.created:
                listener(collection, item)
        return item

    def _delete(self, collection: str, name: str) -> None:
        item = self.store[collection].pop(name)
        self._version = next(self._versions)
        item["metadata"]["resourceVersion"] = str(self._version)
        self._tell("DELETED", collection, item)
        uid = item["metadata"]["uid"]
        owned = [
            (place, other["metadata"]["name"])
            for place, items in self.store.items()
            for other in items.values()
            if any(owner["uid"] == uid for owner in other["metadata"].get("ownerReferences", ()))
        ]
        for place, owned_name in owned:
            self._delete(place, owned_name)

    def _tell(self, kind: str, collection: str, item: Json) -> None:
        event = {"type": kind, "object": copy.deepcopy(item)}
        self._log.append((self._version, collection, event))
        for place, queue, wanted in self._watches:
            if place == collection and wanted(item):
                queue.put_nowait(event)

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
        if request.method == "GET" and self._is_collection(request.path):
            return await (self._watch(request) if "watch" in request.query else self._list(request))
        if request.method == "DELETE" and self._is_collection(request.path):
            return self._delete_all(request)
        if request.method == "POST":
            return self._create(request.path, await request.json())
        place, _, name = request.path.removesuffix("/status").rpartition("/")
        if name not in self.store[place]:
            return _status(404, f'"{name}" not found', {"name": name})
        return await self._on_one(request, place, name)

    async def _on_one(self, request: web.Request, place: str, name: str) -> web.StreamResponse:
        if request.method == "DELETE":
            self._delete(place, name)
            return web.json_response({"kind": "Status", "status": "Success"})
        if request.method == "PATCH":
            changed = copy.deepcopy(self.store[place][name])
            patch = json.loads(await request.text())
            if "json-patch" in request.content_type:
                if not _apply(changed, patch):
                    return _status(422, "the server rejected our request due to an error in our request")
            else:
                _merge(changed, patch)
            self._store(place, changed)
        if request.method == "PUT":
            return self._replace(place, name, await request.json())
        return web.json_response(self.store[place][name])

    def _replace(self, place: str, name: str, item: Json) -> web.Response:
        if item["metadata"].get("resourceVersion") != self.store[place][name]["metadata"]["resourceVersion"]:
            return _status(409, "the object has been modified", {"name": name}, reason="Conflict")
        return web.json_response(self._store(place, item))

    def _is_collection(self, path: str) -> bool:
        return not any(
            path.rpartition("/")[2] in items for place, items in self.store.items() if path.startswith(place + "/")
        ) and (path.rpartition("/")[2] in _PLURALS)

    def _delete_all(self, request: web.Request) -> web.Response:
        wanted = _selected(request)
        for item in [item for item in self.store[request.path].values() if wanted(item)]:
            self._delete(request.path, item["metadata"]["name"])
        return web.json_response({"kind": "Status", "status": "Success"})

    def _create(self, collection: str, item: Json) -> web.Response:
        if collection in self.missing:
            return _status(404, "the server could not find the requested resource")
        if item["metadata"]["name"] in self.store[collection]:
            return _status(409, "already exists", reason="AlreadyExists")
        return web.json_response(self._store(collection, item), status=201)

    async def _list(self, request: web.Request) -> web.Response:
        if request.path in self.missing:
            return _status(404, "the server could not find the requested resource")
        wanted = _selected(request)
        items = [item for item in self._found(request.path) if wanted(item)]
        begin = int(request.query.get("continue", 0))
        end = begin + int(request.query.get("limit", len(items)))
        more = {"continue": str(end)} if end < len(items) else {}
        return web.json_response(
            {"metadata": {"resourceVersion": str(self._version), **more}, "items": items[begin:end]}
        )

    def _found(self, path: str) -> list[Json]:
        """In one collection; of a namespaced kind asked for without a namespace, in those of all namespaces."""
        api, _, plural = path.rpartition("/")
        in_namespaces = [
            item
            for place, items in self.store.items()
            if place.startswith(f"{api}/namespaces/") and place.endswith(f"/{plural}")
            for item in items.values()
        ]
        return [*self.store[path].values(), *in_namespaces]

    async def _watch(self, request: web.Request) -> web.StreamResponse:
        if request.path in self.missing:
            return _status(404, "the server could not find the requested resource")
        wanted, since = _selected(request), request.query.get("resourceVersion")
        response = web.StreamResponse()
        response.content_type = "application/json"
        await response.prepare(request)
        queue: asyncio.Queue[Json | None] = asyncio.Queue()
        for event in self._backlog(request.path, since, wanted):
            queue.put_nowait(event)
        watch = (request.path, queue, wanted)
        self._watches.append(watch)
        try:
            while (event := await queue.get()) is not None:
                await response.write(json.dumps(event).encode() + b"\n")
        finally:
            self._watches.remove(watch)
        return response

    def _backlog(self, collection: str, since: str | None, wanted: Callable[[Json], bool]) -> Iterator[Json | None]:
        if since is None:
            for item in self.store[collection].values():
                if wanted(item):
                    yield {"type": "ADDED", "object": copy.deepcopy(item)}
        elif int(since) < self.oldest:
            yield {"type": "ERROR", "object": {"kind": "Status", "code": 410, "message": "too old"}}
            yield None
        else:
            for version, place, event in self._log:
                if version > int(since) and place == collection and wanted(event["object"]):
                    yield event


_PLURALS = frozenset(
    [
        "nodes",
        "resourcequotas",
        "daemonsets",
        "ippools",
        "configmaps",
        "leases",
        "pods",
        "events",
        "deployments",
        "jobs",
        "serviceaccounts",
        "roles",
        "rolebindings",
        "networktestworkers",
        "networktestrequests",
        "namespaces",
        "customresourcedefinitions",
        "validatingadmissionpolicies",
        "validatingadmissionpolicybindings",
    ]
)


@contextmanager
def api_server() -> Iterator[ApiServer]:
    """A server on the loopback, in a thread of its own."""
    server = ApiServer()
    started, loop = threading.Event(), asyncio.new_event_loop()
    server._loop = loop
    stop = asyncio.Event()

    async def serve() -> None:
        application = web.Application(client_max_size=10_000_000)
        application.router.add_route("*", "/{path:.*}", server.handle)
        runner = web.AppRunner(application, shutdown_timeout=1.0, access_log=None, handler_cancellation=True)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        server.address = f"127.0.0.1:{runner.addresses[0][1]}"
        started.set()
        await stop.wait()
        for _, queue, _ in server._watches:
            queue.put_nowait(None)
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


def _selected(request: web.Request) -> Callable[[Json], bool]:
    labels = [_label_test(*match.groups()) for match in _LABEL.finditer(request.query.get("labelSelector", ""))]
    field, _, value = request.query.get("fieldSelector", "").partition("=")

    def wanted(item: Json) -> bool:
        has = item["metadata"].get("labels", {})
        holder = item["metadata"] if field == "metadata.name" else item
        return all(holds(has) for holds in labels) and value in ("", holder.get(field.rpartition(".")[2]))

    return wanted


_LABEL = re.compile(r"([^\s=,]+)(?:=([^,]*)| in \(([^)]*)\))")


def _label_test(key: str, value: str | None, values: str | None) -> Callable[[Mapping[str, str]], bool]:
    """`key=value` or `key in (value,value)`."""
    allowed = [value] if values is None else values.split(",")
    return lambda has: has.get(key) in allowed


def _merge(target: Json, patch: Json) -> None:
    for key, value in patch.items():
        if value is None:
            target.pop(key, None)
        elif isinstance(value, dict) and isinstance(target.get(key), dict):
            _merge(target[key], value)
        else:
            target[key] = value


def _apply(target: Json, operations: list[Json]) -> bool:
    for operation in operations:
        *path, last = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
        place = target
        for part in path:
            place = place[part]
        if operation["op"] == "test":
            if place.get(last) != operation["value"]:
                return False
        else:
            place[last] = operation["value"]
    return True
