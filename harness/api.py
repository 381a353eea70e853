"""Just enough of an API client to see when a cluster is up, without starting a program for each look."""

from __future__ import annotations

import http.client
import json
import ssl
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from typing import Any
from urllib.parse import urlsplit

from harness.certificates import Authority
from harness.failure import HarnessError

_NODES = "/api/v1/nodes"
_NOT_READY = "node.kubernetes.io/not-ready"
_READY_WITHIN = 60.0  # a busy machine takes several times what an idle one does
_ANSWERS_WITHIN = 10.0
_LOOKS_EVERY = 0.1
"""Seconds."""


class Api:
    """The API server behind a port of this machine's loopback."""

    def __init__(self, authority: Authority) -> None:
        written = json.loads(authority.kubeconfig("user").read_text())
        self._port = urlsplit(written["clusters"][0]["cluster"]["server"]).port
        self._trust = ssl.create_default_context(cafile=str(authority.certificate("ca")))
        self._trust.load_cert_chain(authority.certificate("admin"), authority.key("admin"))

    def wait_until_ready(self, runs: Callable[[], bool]) -> None:
        """Raises HarnessError if the server is not ready within a minute, or no longer `runs`."""
        deadline = time.monotonic() + _READY_WITHIN
        while not self._is_ready():
            if time.monotonic() > deadline or not runs():
                raise HarnessError(f"the API server is not ready within {_READY_WITHIN:.0f} s")
            time.sleep(_LOOKS_EVERY)

    def wait_for_nodes(self, names: set[str]) -> None:
        """Until these nodes are Ready and their first taint is off. Raises HarnessError if not within a minute."""
        deadline = time.monotonic() + _READY_WITHIN
        missing = set(names)
        with closing(self._watched_nodes(deadline)) as watched:
            for node in watched:
                name = node["metadata"]["name"]
                missing = missing - {name} if _may_take_pods(node) else missing | ({name} & names)
                if not missing:
                    return
        raise HarnessError(f"not ready within {_READY_WITHIN:.0f} s: {', '.join(sorted(missing))}")

    def _is_ready(self) -> bool:
        try:
            with self._got("/readyz", _ANSWERS_WITHIN) as answer:
                return answer.status == http.HTTPStatus.OK
        except OSError:
            return False

    def _watched_nodes(self, deadline: float) -> Generator[dict[str, Any], None, None]:
        """Each node as it is, then as it becomes; ends at the deadline."""
        seconds = max(1, int(deadline - time.monotonic()))
        with self._got(f"{_NODES}?watch=1&timeoutSeconds={seconds}", seconds + _ANSWERS_WITHIN) as answer:
            for line in answer:
                yield json.loads(line)["object"]

    @contextmanager
    def _got(self, path: str, within: float) -> Iterator[http.client.HTTPResponse]:
        connection = http.client.HTTPSConnection("127.0.0.1", self._port, context=self._trust, timeout=within)
        with closing(connection):
            connection.request("GET", path)
            with connection.getresponse() as answer:
                yield answer


def _may_take_pods(node: dict[str, Any]) -> bool:
    ready = {"type": "Ready", "status": "True"}
    conditions = node["status"].get("conditions", ())
    taints = {taint["key"] for taint in node["spec"].get("taints", ())}
    return any(ready.items() <= condition.items() for condition in conditions) and _NOT_READY not in taints
