"""What makes a Job's workers run in tests: its pods appear, and agents that answer at once work in threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from api_objects import Json
from api_server import ApiServer
from clearway.base.clock import Clock
from clearway.base.units import Duration
from clearway.probe.measurement import Timing
from clearway.probe.records import Outcome, Request, Result, Slot, Worker
from clearway.worker.api import OwnObject, ServiceAccount
from clearway.worker.inbox_kubernetes import KubernetesInbox, Ties

NAMESPACE = "clearway"
MAILBOXES = f"/apis/clearway.dev/v1alpha1/namespaces/{NAMESPACE}/networktestworkers"
PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
JOBS = f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs"
EVENTS = f"/api/v1/namespaces/{NAMESPACE}/events"


ADDRESS = "10.0.0.1"
"""Of every pod: they never meet."""


def token_folder(folder: Path) -> Path:
    (folder / "token").write_text("secret", encoding="ascii")
    return folder


def inbox(
    server: ApiServer, folder: Path, name: str, node: str = "node-1", clock: Clock | None = None
) -> KubernetesInbox:
    host, _, port = server.address.partition(":")
    own = OwnObject(ServiceAccount(host, int(port), token_folder(folder), tls=False), MAILBOXES, name)
    return KubernetesInbox(clock or Clock(), own, node, Ties(lambda: None, lambda reason: None))


def announcement(node: str, index: int = 0) -> Worker:
    return Worker(Slot(node, index), (ADDRESS,), 1500, tuple(range(20_000, 20_128)), {"iperf": "2.1.8"})


def measured(request: Request) -> Result:
    timing = Timing(Duration(-1.0))
    return request.result(Outcome.MEASURED, timing=timing)


@dataclass
class Kubelets:
    """Starts what a Job asks for on these nodes, one after the other."""

    server: ApiServer
    folder: Path
    nodes: tuple[str, ...]
    pod_status: Callable[[int], Json] = lambda index: {"phase": "Running"}
    """What the cluster says of each pod; only a running one has an agent."""
    clock: Callable[[int], Clock] = lambda index: Clock()
    answer: Callable[[Request], Result | None] = measured
    announce: Callable[[str, int], Worker] = announcement
    """What the worker on a node, of an index, says of itself."""
    starting: list[threading.Thread] = field(default_factory=list)
    threads: list[threading.Thread] = field(default_factory=list)
    boxes: list[KubernetesInbox] = field(default_factory=list)
    jobs: list[Json] = field(default_factory=list)

    def on_created(self, collection: str, item: Json) -> None:
        if collection == JOBS:
            self.jobs.append(item)
            starting = threading.Thread(target=self._start, args=(item,), daemon=True)
            starting.start()
            self.starting.append(starting)

    def _start(self, job: Json) -> None:
        name = job["metadata"]["name"]
        for index in range(job["spec"]["completions"]):
            node = self.nodes[index % len(self.nodes)]
            status = self.pod_status(index)
            self.server.put(PODS, _pod(job, index, node, status))
            if status["phase"] == "Running":
                self._employ(f"{name}-{index}", node, index)

    def _employ(self, name: str, node: str, index: int) -> None:
        box = inbox(self.server, self.folder, name, node, self.clock(index))
        self.boxes.append(box)
        thread = threading.Thread(target=self._work, args=(box, node, index), daemon=True)
        self.threads.append(thread)
        thread.start()

    def _work(self, box: KubernetesInbox, node: str, index: int) -> None:
        try:
            box.announce(self.announce(node, index))
            for mailbox in box.mailboxes():
                for request in mailbox.requests:
                    if (result := self.answer(request)) is not None:
                        box.put(result)
        finally:
            box.close()


def _pod(job: Json, index: int, node: str, status: Json) -> Json:
    name = job["metadata"]["name"]
    labels = {**job["spec"]["template"]["metadata"]["labels"], "batch.kubernetes.io/job-completion-index": str(index)}
    return {
        "metadata": {
            "name": f"{name}-{index}-abcde",
            "labels": labels,
            "ownerReferences": [{"uid": job["metadata"]["uid"]}],
        },
        "spec": {"nodeName": node} if status.get("phase") != "Pending" else {},
        "status": {**({"podIPs": [{"ip": ADDRESS}]} if status.get("phase") == "Running" else {}), **status},
    }


@contextmanager
def kubelets(server: ApiServer, folder: Path, nodes: tuple[str, ...], **how: Any) -> Iterator[Kubelets]:
    running = Kubelets(server, folder, nodes, **how)
    server.created.append(running.on_created)
    yield running
    for starting in running.starting:
        starting.join(5)
    for box in running.boxes:
        box.close()
    for thread in running.threads:
        thread.join(5)
