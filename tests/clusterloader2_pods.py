"""What makes a Job's pods ClusterLoader2's workers in tests: they run, and answer each object that names them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from api_objects import Json
from api_server import ApiServer

NAMESPACE = "netperf"
NETWORK_TESTS = f"/apis/clusterloader.io/v1alpha1/namespaces/{NAMESPACE}/networktestrequests"
PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
JOBS = f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs"


def fast(spec: Json) -> Json:
    """A gigabit per second, as iperf's kbytes."""
    rate = 1e9 / 8 / 1024
    tcp = [rate * spec["duration"], rate]
    udp = [*tcp, 0.02, 3, 1003, 0.3, 0.1, 0.05, 2.1, 0.03, 1000 / spec["duration"]]
    return {"metrics": tcp if spec["protocol"] == "TCP" else udp, "workerDelay": 0.4}


@dataclass
class ClusterLoader2Pods:
    """Everything at once: a test has no time for the instant."""

    server: ApiServer
    nodes: tuple[str, ...]
    answer: Callable[[Json], Json | None] = fast
    """The status that the writing pod puts for a spec; None: it never does."""
    jobs: list[Json] = field(default_factory=list)
    asked: list[Json] = field(default_factory=list)
    """Objects as they were made."""

    def on_created(self, collection: str, item: Json) -> None:
        if collection == JOBS:
            self.jobs.append(item)
            for index in range(item["spec"]["completions"]):
                self.server.objects.put(PODS, self._pod(item, index))
        elif collection == NETWORK_TESTS:
            self.asked.append(copy.deepcopy(item))
            if (status := self.answer(item["spec"])) is not None:
                self.server.objects.put(NETWORK_TESTS, {**copy.deepcopy(item), "status": status})

    def _pod(self, job: Json, index: int) -> Json:
        labels = job["spec"]["template"]["metadata"]["labels"]
        metadata = {
            "name": f"{job['metadata']['name']}-{index}-abcde",
            "labels": {**labels, "batch.kubernetes.io/job-completion-index": str(index)},
            "ownerReferences": [{"uid": job["metadata"]["uid"]}],
        }
        status = {"phase": "Running", "podIPs": [{"ip": f"10.244.0.{index + 1}"}]}
        return {"metadata": metadata, "spec": {"nodeName": self.nodes[index % len(self.nodes)]}, "status": status}


@contextmanager
def clusterloader2_pods(
    server: ApiServer, nodes: tuple[str, ...], answer: Callable[[Json], Json | None] = fast
) -> Iterator[ClusterLoader2Pods]:
    running = ClusterLoader2Pods(server, nodes, answer)
    server.created.append(running.on_created)
    yield running
    server.created.remove(running.on_created)
