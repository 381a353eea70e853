"""The objects of an API server for tests: versions, watches, owners, patches.

They behave as clearway relies on, each seen on the real one: resource versions, a status with a default, JSON patches
with tests, watches by label or name, expiry of old versions, collection of what an owner leaves behind.
"""

from __future__ import annotations

import asyncio
import copy
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
Wanted = Callable[[Json], bool]
"""Whether an object is one of those that were asked for."""

DEFAULT_STATUS: dict[str, Json] = {
    "networktestworkers": {"phase": "Pending", "results": {}, "observations": {}},
    "customresourcedefinitions": {
        "conditions": None,
        "acceptedNames": {"plural": "", "kind": ""},
        "storedVersions": None,
    },
}
"""As a real API server answers: Go writes an empty list without `omitempty` as null."""


@dataclass(frozen=True)
class Watch:
    """What one client follows; None in its queue ends the connection."""

    collection: str
    wanted: Wanted
    queue: asyncio.Queue[Json | None] = field(default_factory=asyncio.Queue)


@dataclass
class ApiObjects:
    """Everything by path: `/api/v1/nodes` -> name -> object. Only for the loop of its server."""

    store: dict[str, dict[str, Json]] = field(default_factory=lambda: defaultdict(dict))
    created: list[Callable[[str, Json], None]] = field(default_factory=list)
    """Called for every object that is made: what a controller or kubelet would see."""
    oldest: int = 0
    """A watch from an older version is answered that it expired."""
    version: int = 0
    watches: list[Watch] = field(default_factory=list)
    _log: list[tuple[int, str, Json]] = field(default_factory=list)

    def put(self, collection: str, item: Json) -> Json:
        self.version += 1
        metadata = item.setdefault("metadata", {})
        fresh = metadata["name"] not in self.store[collection]
        metadata.setdefault("uid", f"uid-{self.version}")
        metadata["resourceVersion"] = str(self.version)
        if fresh:
            metadata.setdefault("creationTimestamp", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))
        plural = collection.rpartition("/")[2]
        if fresh and plural in DEFAULT_STATUS:
            item["status"] = copy.deepcopy(DEFAULT_STATUS[plural])
        self.store[collection][metadata["name"]] = item
        self._announce("ADDED" if fresh else "MODIFIED", collection, item)
        if fresh:
            for listener in self.created:
                listener(collection, item)
        return item

    def label(self, collection: str, labels: Mapping[str, str]) -> None:
        for item in copy.deepcopy(list(self.store[collection].values())):
            item["metadata"].setdefault("labels", {}).update(labels)
            self.put(collection, item)

    def delete(self, collection: str, name: str) -> None:
        """With all that it owns."""
        item = self.store[collection].pop(name)
        self.version += 1
        item["metadata"]["resourceVersion"] = str(self.version)
        self._announce("DELETED", collection, item)
        uid = item["metadata"]["uid"]
        owned = [
            (place, other["metadata"]["name"])
            for place, items in self.store.items()
            for other in items.values()
            if any(owner["uid"] == uid for owner in other["metadata"].get("ownerReferences", ()))
        ]
        for place, owned_name in owned:
            self.delete(place, owned_name)

    def _announce(self, kind: str, collection: str, item: Json) -> None:
        event = {"type": kind, "object": copy.deepcopy(item)}
        self._log.append((self.version, collection, event))
        for watch in self.watches:
            if watch.collection == collection and watch.wanted(item):
                watch.queue.put_nowait(event)

    def is_collection(self, path: str) -> bool:
        return not any(
            path.rpartition("/")[2] in items for place, items in self.store.items() if path.startswith(place + "/")
        ) and (path.rpartition("/")[2] in _PLURALS)

    def found(self, path: str) -> list[Json]:
        """In one collection; of a namespaced kind asked for without a namespace, in those of all namespaces."""
        api, _, plural = path.rpartition("/")
        in_namespaces = [
            item
            for place, items in self.store.items()
            if place.startswith(f"{api}/namespaces/") and place.endswith(f"/{plural}")
            for item in items.values()
        ]
        return [*self.store[path].values(), *in_namespaces]

    def watch(self, collection: str, wanted: Wanted, since: str | None) -> Watch:
        """With what has happened since that version already in its queue."""
        watch = Watch(collection, wanted)
        for event in self._backlog(collection, since, wanted):
            watch.queue.put_nowait(event)
        self.watches.append(watch)
        return watch

    def _backlog(self, collection: str, since: str | None, wanted: Wanted) -> Iterator[Json | None]:
        if since is None:
            for item in self.store[collection].values():
                if wanted(item):
                    yield {"type": "ADDED", "object": copy.deepcopy(item)}
        elif int(since) < self.oldest:
            yield _TOO_OLD
            yield None
        else:
            for version, place, event in self._log:
                if version > int(since) and place == collection and wanted(event["object"]):
                    yield event

    def end_watches(self) -> None:
        for watch in self.watches:
            watch.queue.put_nowait(None)

    def expire(self) -> None:
        """Watches end, and no version until now can be watched from."""
        self.oldest = self.version + 1
        for watch in self.watches:
            watch.queue.put_nowait(_TOO_OLD)
        self.end_watches()


_TOO_OLD: Json = {"type": "ERROR", "object": {"kind": "Status", "code": 410, "message": "too old"}}
_PLURALS = frozenset(
    [
        "nodes",
        "resourcequotas",
        "limitranges",
        "networkpolicies",
        "ciliumnetworkpolicies",
        "ciliumclusterwidenetworkpolicies",
        "globalnetworkpolicies",
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


def selected(query: Mapping[str, str]) -> Wanted:
    """By the selectors of a request."""
    labels = [_label_test(*match.groups()) for match in _LABEL.finditer(query.get("labelSelector", ""))]
    field, _, value = query.get("fieldSelector", "").partition("=")

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


def merge(target: Json, patch: Json) -> None:
    for key, value in patch.items():
        if value is None:
            target.pop(key, None)
        elif isinstance(value, dict) and isinstance(target.get(key), dict):
            merge(target[key], value)
        else:
            target[key] = value


def apply(target: Json, operations: list[Json]) -> bool:
    """A JSON patch; False at a test that does not hold."""
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
