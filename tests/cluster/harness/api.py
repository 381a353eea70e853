"""Just enough of an API client to see when a cluster is up, without starting a program for each look."""

from __future__ import annotations

import http.client
import json
import ssl
import time
from collections.abc import Callable, Iterator
from typing import Any

from cluster.harness.certificates import Authority
from cluster.harness.failure import HarnessError

_NODES = "/api/v1/nodes"
_NOT_READY = "node.kubernetes.io/not-ready"
_ANSWERS_WITHIN = 10.0
_LOOKS_EVERY = 0.1
"""Seconds."""


class Api:
    """The API server behind a port of this machine's loopback."""

    def __init__(self, authority: Authority, port: int) -> None:
        self._trust = ssl.create_default_context(cafile=str(authority.certificate("ca")))
        self._trust.load_cert_chain(authority.certificate("admin"), authority.key("admin"))
        self._port = port

    def wait_until_ready(self, within: float, runs: Callable[[], bool]) -> None:
        """Raises HarnessError if the server is not ready `within` seconds, or no longer `runs`."""
        deadline = time.monotonic() + within
        while not self._is_ready():
            if time.monotonic() > deadline or not runs():
                raise HarnessError(f"the API server is not ready within {within:.0f} s")
            time.sleep(_LOOKS_EVERY)

    def wait_for_nodes(self, names: set[str], within: float) -> None:
        """Until these nodes are Ready and their first taint is off. Raises HarnessError if not `within` seconds."""
        deadline = time.monotonic() + within
        missing = set(names)
        while missing:
            if time.monotonic() > deadline:
                raise HarnessError(f"not ready within {within:.0f} s: {', '.join(sorted(missing))}")
            for node in self._watched_nodes(deadline):
                name = node["metadata"]["name"]
                missing = missing - {name} if _may_take_pods(node) else missing | ({name} & names)
                if not missing:
                    break

    def exists(self, path: str) -> bool:
        return self._get(path).status == http.HTTPStatus.OK

    def _is_ready(self) -> bool:
        try:
            return self.exists("/readyz")
        except OSError:
            return False

    def _watched_nodes(self, deadline: float) -> Iterator[dict[str, Any]]:
        """Each node as it is, then as it becomes; ends at the deadline."""
        seconds = max(1, int(deadline - time.monotonic()))
        for line in self._get(f"{_NODES}?watch=1&timeoutSeconds={seconds}", within=seconds + _ANSWERS_WITHIN):
            yield json.loads(line)["object"]

    def _get(self, path: str, within: float = _ANSWERS_WITHIN) -> http.client.HTTPResponse:
        connection = http.client.HTTPSConnection("127.0.0.1", self._port, context=self._trust, timeout=within)
        connection.request("GET", path)
        return connection.getresponse()


def _may_take_pods(node: dict[str, Any]) -> bool:
    ready = {"type": "Ready", "status": "True"}
    conditions = node["status"].get("conditions", ())
    taints = {taint["key"] for taint in node["spec"].get("taints", ())}
    return any(ready.items() <= condition.items() for condition in conditions) and _NOT_READY not in taints
