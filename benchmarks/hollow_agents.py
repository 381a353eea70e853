"""Workers for pods that have no machine: `python -m benchmarks.hollow_agents URL FOLDER NAMESPACE`.

FOLDER holds a `token` and the `ca.crt`, as a pod would have them. As soon as a pod of a run is Running, its worker
comes to life: the real mailbox on connections of its own, and results made up at the moment when a tool would have
ended. When standard input ends, `Seen` is printed as JSON, in Unix seconds.
"""

from __future__ import annotations

import heapq
import http.client
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from clearway.base.clock import Clock
from clearway.base.units import Duration, Rate, Size
from clearway.engine.table import ENGINES
from clearway.probe.measurement import Counters, Evidence, Tcp, Timing
from clearway.probe.parameters import TcpParameters
from clearway.probe.records import Half, Outcome, Request, Result, Slot, Worker
from clearway.probe.worker_object import GROUP, PLURAL, VERSION
from clearway.worker.api import ApiFailure, OwnObject, ServiceAccount
from clearway.worker.inbox_kubernetes import KubernetesInbox, Ties

_RATE = Rate(1e9)
_INTERVAL = Duration(0.2)
_PORTS = tuple(range(20_000, 20_128))
_RUN, _INDEX = f"{GROUP}/run", "batch.kubernetes.io/job-completion-index"
_HANDING_IN = 32
"""Results on their way at once."""
_STACK = 256 * 1024
_SILENCE = 3_600.0


@dataclass(frozen=True)
class Pod:
    """One that runs."""

    job: str
    index: int
    node: str
    address: str

    @property
    def worker(self) -> Worker:
        return Worker(
            slot=Slot(self.node, self.index),
            addresses=(self.address,),
            mtu=1450,
            ports=_PORTS,
            versions={"iperf": "2.1.8", "iperf3": "3.12", "h2load": "1.52.0", "nginx": "1.22.1", "sockperf": "3.7"},
            facts={"kernel": "6.1.0", "python": "3.11.2", "cpus": "32", "device": "eth0", "qdisc": "noqueue"},
        )


@dataclass
class Seen:
    """When each of them happened, in the order of happening."""

    running: list[float] = field(default_factory=list)
    """A pod runs."""
    announced: list[float] = field(default_factory=list)
    """Its worker's announcement was taken."""
    asked: list[float] = field(default_factory=list)
    """It got requests."""
    late: list[float] = field(default_factory=list)
    """They came after the moment at which its tool should have been started."""
    due: list[float] = field(default_factory=list)
    """A tool would have ended."""
    handed_in: list[float] = field(default_factory=list)
    """A result was taken."""


class Hollow:
    """All workers of a namespace, a thread each."""

    def __init__(self, access: ServiceAccount, namespace: str) -> None:
        self.seen = Seen()
        self._access = access
        self._namespace = namespace
        self._clock = Clock()
        self._later = _Later(_HANDING_IN)

    def follow_pods(self) -> None:
        """Give every pod that comes to run a worker, for as long as the process lives."""
        met: set[str] = set()
        for event in self._pods():
            pod = event["object"]
            if pod.get("status", {}).get("phase") == "Running" and pod["metadata"]["uid"] not in met:
                met.add(pod["metadata"]["uid"])
                self.seen.running.append(time.time())
                threading.Thread(target=self._live, args=(_read(pod),), daemon=True).start()

    def _pods(self) -> Iterator[Any]:
        """Every event; a server that finds us slow ends a watch, and the next one begins with all there is."""
        while True:
            yield from self._watch_pods()

    def _watch_pods(self) -> Iterator[Any]:
        connection = self._access.connect(_SILENCE)
        path = f"/api/v1/namespaces/{self._namespace}/pods?watch=1&labelSelector={quote(_RUN)}"
        connection.request("GET", path, headers=self._access.headers())
        response = connection.getresponse()
        if response.status != http.client.OK:
            raise SystemExit(f"watching pods: {response.status} {response.read().decode()}")
        yield from map(json.loads, iter(response.readline, b""))

    def _live(self, pod: Pod) -> None:
        collection = f"/apis/{GROUP}/{VERSION}/namespaces/{self._namespace}/{PLURAL}"
        own = OwnObject(self._access, collection, f"{pod.job}-{pod.index}")
        inbox = KubernetesInbox(self._clock, own, pod.node, Ties(lambda: None, lambda reason: None))
        try:
            inbox.announce(pod.worker)
            self.seen.announced.append(time.time())
            for mailbox in inbox.mailboxes():
                for request in mailbox.requests:
                    self._take(inbox, request)
        except ApiFailure as failure:
            print(f"{pod}: {failure}", file=sys.stderr)

    def _take(self, inbox: KubernetesInbox, request: Request) -> None:
        due = request.start + request.window.end.si
        now = time.time()
        self.seen.asked.append(now)
        engine = ENGINES[request.engine]
        launch = (engine.send if request.half is Half.SEND else engine.serve)(request).launch
        if now > request.start + launch.si:
            self.seen.late.append(now)
        self.seen.due.append(due)
        self._later.do(due, lambda: self._hand_in(inbox, request))

    def _hand_in(self, inbox: KubernetesInbox, request: Request) -> None:
        inbox.put(_made_up(request))
        self.seen.handed_in.append(time.time())


class _Later:
    """Does things at their time, a few at once."""

    def __init__(self, at_once: int) -> None:
        self._pool = ThreadPoolExecutor(at_once)
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()
        self._changed = threading.Condition()
        threading.Thread(target=self._work, daemon=True).start()

    def do(self, at: float, what: Callable[[], None]) -> None:
        with self._changed:
            heapq.heappush(self._due, (at, next(self._numbers), what))
            self._changed.notify()

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._due or self._due[0][0] > time.time():
                    self._changed.wait(self._due[0][0] - time.time() if self._due else None)
                _, _, what = heapq.heappop(self._due)
            self._pool.submit(what)


def _read(pod: Any) -> Pod:
    labels = pod["metadata"]["labels"]
    return Pod(labels[_RUN], int(labels[_INDEX]), pod["spec"]["nodeName"], pod["status"].get("podIP", "10.0.0.1"))


def _made_up(request: Request) -> Result:
    """As long as a real one: intervals and streams of the receiver, a page of what the tool printed."""
    parameters = request.parameters
    assert isinstance(parameters, TcpParameters)
    intervals = round(request.window.duration.si / _INTERVAL.si)
    each = Size(_RATE.si * _INTERVAL.si / 8)
    streams = (Size(each.si * intervals / parameters.streams),) * parameters.streams
    serves = request.half is Half.SERVE
    return request.result(
        Outcome.MEASURED,
        measurement=Tcp(_INTERVAL, (each,) * intervals, streams) if serves else Tcp(retransmits=0),
        timing=Timing(Duration(-0.5), Duration(-0.4) if serves else None, None if serves else Duration(0.001)),
        counters=Counters(cpu_busy=0.5, tool_cpu=0.5, udp_rcvbuf_errors=0),
        evidence=Evidence(("iperf", "-s"), 0, "[  1] 0.00-0.20 sec  25000000 Bytes  1000000000 bits/sec\n" * 60, ""),
    )


def main(argv: list[str]) -> int:
    server, folder, namespace = argv
    address = urlsplit(server)
    assert address.hostname is not None
    assert address.port is not None
    threading.stack_size(_STACK)
    hollow = Hollow(ServiceAccount(address.hostname, address.port, Path(folder)), namespace)
    threading.Thread(target=hollow.follow_pods, daemon=True).start()
    sys.stdin.read()
    print(json.dumps(asdict(hollow.seen)), flush=True)
    os._exit(0)  # a thousand threads wait for nothing any more


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
