"""ClusterLoader2's objects as a mailbox: each is done once and answered once, by the half that is expected to."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from api_objects import Json
from api_server import ApiServer, Fault, api_server
from clearway.base.clock import Clock
from clearway.base.units import Duration, Frequency, Rate, Size
from clearway.probe.measurement import Tcp
from clearway.probe.parameters import HttpParameters, TcpParameters, UdpParameters, Window
from clearway.probe.records import Endpoint, Half, Outcome, Reason, Request, Result
from clearway.worker.api import Collection, ServiceAccount
from clearway.worker.clusterloader2.flags import Load
from clearway.worker.clusterloader2.inbox import ClusterLoader2Inbox
from clearway.worker.inbox import Mailbox, PipeInbox
from kubelets import token_folder

REQUESTS = "/apis/clusterloader.io/v1alpha1/namespaces/netperf/networktestrequests"
CLIENT, SERVER = "worker-5d8f-aaaaa", "worker-5d8f-bbbbb"
START = 4_000_000_000


def network_test(protocol: str = "TCP", client: str = CLIENT, server: str = SERVER, **spec: Any) -> Json:
    """As its controller makes one of its template."""
    return {
        "apiVersion": "clusterloader.io/v1alpha1",
        "kind": "NetworkTestRequest",
        "metadata": {
            "name": "network-test-0",
            "namespace": "netperf",
            "labels": {client: "clientPodName", server: "serverPodName"},
        },
        "spec": {
            "clientPodName": client,
            "serverPodName": server,
            "serverPodIP": "10.244.2.7",
            "protocol": protocol,
            "duration": 10,
            "clientStartTimestamp": START,
            "numberOfClients": 1,
            **spec,
        },
        "status": {"metrics": []},
    }


class Boxes:
    """Inboxes of pods at one API server, and what they log."""

    def __init__(self, server: ApiServer, folder: Path) -> None:
        host, _, port = server.address.partition(":")
        self._access = ServiceAccount(host, int(port), token_folder(folder), tls=False)
        self._made: list[ClusterLoader2Inbox] = []
        self.log = io.StringIO()

    def of(self, pod: str, load: Load | None = None) -> ClusterLoader2Inbox:
        log = PipeInbox(Clock(), sink=self.log)
        self._made.append(ClusterLoader2Inbox(Collection(self._access, REQUESTS), pod, load or Load(), log, Clock()))
        return self._made[-1]

    def close(self) -> None:
        for box in self._made:
            box.close()


@pytest.fixture
def server() -> Iterator[ApiServer]:
    with api_server() as running:
        yield running


@pytest.fixture
def boxes(server: ApiServer, tmp_path: Path) -> Iterator[Boxes]:
    made = Boxes(server, tmp_path)
    yield made
    made.close()


def first(box: ClusterLoader2Inbox) -> tuple[Iterator[Mailbox], Request]:
    mailboxes = box.mailboxes()
    (request,) = next(mailboxes).requests
    return mailboxes, request


def measured(request: Request) -> Result:
    flow = Tcp(Duration(0.5), (Size(1024 * 500),) * 20)
    return request.result(Outcome.MEASURED, measurement=flow)


def the_object(server: ApiServer) -> Json:
    (item,) = server.all(REQUESTS)
    return item


def writes(server: ApiServer) -> int:
    return sum(method == "PUT" for method, _ in server.requests)


@pytest.mark.parametrize(("pod", "half"), [(CLIENT, Half.SEND), (SERVER, Half.SERVE)])
def test_each_pod_gets_its_half_of_one_load_at_one_place(server: ApiServer, boxes: Boxes, pod: str, half: Half) -> None:
    server.put(REQUESTS, network_test())
    _, request = first(boxes.of(pod))
    assert request == Request(
        round="network-test-0",
        probe="network-test-0",
        attempt=1,
        half=half,
        engine="iperf2",
        parameters=TcpParameters(1),
        window=Window(Duration(0), Duration(10)),
        server=Endpoint("10.244.2.7", 5001),
        start=START,
        deadline=START + 20,
    )


def test_udp_is_what_the_flags_say_and_http_one_user_who_thinks(server: ApiServer, boxes: Boxes) -> None:
    server.put(REQUESTS, network_test("UDP"))
    _, udp = first(boxes.of(CLIENT, Load(rate=Rate(5e6))))
    server.remove(REQUESTS, "network-test-0")
    server.put(REQUESTS, network_test("HTTP"))
    _, http = first(boxes.of(CLIENT))
    assert udp.parameters == UdpParameters(Rate(5e6), Size(1470))
    assert http.parameters == HttpParameters(1, Size(4), Frequency(2))
    assert (http.engine, http.server.port) == ("h2load", 5301)


def test_other_pods_objects_are_not_seen(server: ApiServer, boxes: Boxes) -> None:
    server.put(REQUESTS, {**network_test(client="x", server="y"), "metadata": {"name": "other", "labels": {"x": "y"}}})
    server.put(REQUESTS, network_test())
    _, request = first(boxes.of(CLIENT))
    assert request.round == "network-test-0"
    ((_, asked),) = [one for one in server.requests if "watch" in one[1]]
    assert f"labelSelector={CLIENT}+in+%28clientPodName%2CserverPodName%29" in asked


@pytest.mark.parametrize(("protocol", "writer", "other"), [("TCP", SERVER, CLIENT), ("HTTP", CLIENT, SERVER)])
def test_only_the_expected_half_writes_and_the_object_stays_as_it_was(
    server: ApiServer, boxes: Boxes, protocol: str, writer: str, other: str
) -> None:
    before = server.put(REQUESTS, network_test(protocol))
    for pod in (other, writer):
        box = boxes.of(pod)
        _, request = first(box)
        box.put(measured(request))
    after = the_object(server)
    assert writes(server) == 1
    assert after["status"] == {"metrics": [10_000.0, 1000.0]}
    assert (after["spec"], after["metadata"]["labels"]) == (before["spec"], before["metadata"]["labels"])
    assert [json.loads(line)["type"] for line in boxes.log.getvalue().splitlines()] == ["result", "result"]


def test_why_there_are_no_figures_is_written_as_a_text(server: ApiServer, boxes: Boxes) -> None:
    server.put(REQUESTS, network_test())
    box = boxes.of(SERVER)
    _, request = first(box)
    void = Reason("tool.no-rows", {"tool": "iperf"})
    box.put(request.result(Outcome.UNPARSABLE, void))
    status = the_object(server)["status"]
    assert status["metrics"] == []
    assert json.loads(status["error"])["code"] == "tool.no-rows"


@pytest.mark.parametrize(
    "fault",
    [
        Fault(lambda request: request.method == "PUT", 2, 409),
        Fault(lambda request: request.method == "PUT", 1, 503),
        Fault(lambda request: request.method == "GET" and "watch" not in request.query, 1),
        Fault(lambda request: request.method == "PUT", 1, 403),
    ],
    ids=["conflict", "unavailable", "reset", "right-on-its-way"],
)
def test_figures_arrive_in_spite_of_failures(server: ApiServer, boxes: Boxes, fault: Fault) -> None:
    server.put(REQUESTS, network_test())
    box = boxes.of(SERVER)
    _, request = first(box)
    server.faults.append(fault)
    box.put(measured(request))
    assert the_object(server)["status"]["metrics"] == [10_000.0, 1000.0]


def test_another_clients_change_is_kept(server: ApiServer, boxes: Boxes) -> None:
    server.put(REQUESTS, network_test())
    box = boxes.of(SERVER)
    _, request = first(box)
    changed = the_object(server)
    changed["metadata"]["labels"]["seen-by"] = "somebody"
    server.put(REQUESTS, changed)
    box.put(measured(request))
    assert the_object(server)["metadata"]["labels"]["seen-by"] == "somebody"


def again(server: ApiServer) -> None:
    """The watch is begun anew, and a change of the object itself comes with it."""
    server.end_watches()
    server.put(REQUESTS, the_object(server))


@pytest.mark.parametrize("meanwhile", [again, lambda server: server.put(REQUESTS, the_object(server))])
def test_an_object_is_done_once(server: ApiServer, boxes: Boxes, meanwhile: Callable[[ApiServer], object]) -> None:
    server.put(REQUESTS, network_test())
    mailboxes, _ = first(boxes.of(CLIENT))
    meanwhile(server)
    server.put(REQUESTS, {**network_test(), "metadata": {**network_test()["metadata"], "name": "network-test-1"}})
    assert next(mailboxes).round == "network-test-1"


def test_a_container_that_starts_again_leaves_an_answered_object_alone(server: ApiServer, boxes: Boxes) -> None:
    answered = {**network_test(), "status": {"metrics": [1.0, 2.0], "workerDelay": 0.0}}
    server.put(REQUESTS, answered)
    server.put(REQUESTS, {**network_test(), "metadata": {**network_test()["metadata"], "name": "network-test-1"}})
    assert next(boxes.of(CLIENT).mailboxes()).round == "network-test-1"


def test_an_object_that_goes_ends_what_it_asked_for(server: ApiServer, boxes: Boxes) -> None:
    server.put(REQUESTS, network_test())
    box = boxes.of(SERVER)
    mailboxes, request = first(box)
    server.remove(REQUESTS, "network-test-0")
    assert next(mailboxes) == Mailbox()
    box.put(measured(request))
    assert writes(server) == 0


@pytest.mark.parametrize("spec", [{"protocol": "SCTP"}, {"duration": 1.5}, {"serverPodIP": None}])
def test_a_request_that_cannot_be_read_is_answered_with_why(server: ApiServer, boxes: Boxes, spec: Json) -> None:
    server.put(REQUESTS, network_test(**spec))
    server.put(REQUESTS, {**network_test(), "metadata": {**network_test()["metadata"], "name": "network-test-1"}})
    assert next(boxes.of(CLIENT).mailboxes()).round == "network-test-1"
    status = next(item["status"] for item in server.all(REQUESTS) if item["metadata"]["name"] == "network-test-0")
    assert json.loads(status["error"])["code"] == "worker.not-a-request"
