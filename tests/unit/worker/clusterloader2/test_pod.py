"""The agent under ClusterLoader2's command line and objects, with the real tools on the loopback."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from api_objects import Json
from api_server import ApiServer, api_server
from clearway.base.clock import Clock
from clearway.base.units import Rate
from clearway.probe.clusterloader2 import NetworkTestProtocol
from clearway.probe.records import Slot, Worker
from clearway.worker.agent import Agent
from clearway.worker.api import Collection, ServiceAccount
from clearway.worker.clusterloader2.flags import Load
from clearway.worker.clusterloader2.inbox import ClusterLoader2Inbox
from clearway.worker.inbox import PipeInbox
from kubelets import token_folder

REQUESTS = "/apis/clusterloader.io/v1alpha1/namespaces/netperf/networktestrequests"
PODS = ("client", "server")
LOAD = Load(rate=Rate(20e6))


def call(*argv: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "POD_NAME"}
    command = [sys.executable, "-m", "clearway.worker", *argv]
    return subprocess.run(command, capture_output=True, text=True, env={**environment, **variables}, check=False)


def test_a_pod_of_clusterloader2s_is_known_by_its_environment() -> None:
    ended = call("--v=4", "--tcpClientExtraArguments=-Z bbr", POD_NAME="worker-1")
    assert (ended.returncode, ended.stderr) == (2, "not understood: -Z bbr\n")


def test_its_flags_mean_nothing_elsewhere() -> None:
    ended = call("--v=4")
    assert ended.returncode == 2
    assert ended.stderr.startswith("usage:")


@pytest.fixture
def server() -> Iterator[ApiServer]:
    with api_server() as running:
        yield running


@pytest.fixture
def requests(server: ApiServer, tmp_path: Path) -> Collection:
    host, _, port = server.address.partition(":")
    return Collection(ServiceAccount(host, int(port), token_folder(tmp_path), tls=False), REQUESTS)


@pytest.fixture
def agents(requests: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Both pods of a pair, on a port that nobody else has."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    monkeypatch.setattr(NetworkTestProtocol, "port", property(lambda protocol: port))
    clock = Clock()
    boxes = [ClusterLoader2Inbox(requests, pod, LOAD, PipeInbox(clock, sink=io.StringIO()), clock) for pod in PODS]
    working = [
        threading.Thread(target=Agent(Worker(Slot(pod), (), 1500, ()), box, clock, tmp_path).run, daemon=True)
        for pod, box in zip(PODS, boxes, strict=True)
    ]
    for thread in working:
        thread.start()
    yield
    for box in boxes:
        box.close()


def answered(requests: Collection) -> Json:
    """The status, once there is something in it."""
    for event in requests.watch():
        status: Json = event["object"].get("status", {})
        if status.get("metrics") or status.get("error"):
            return status
    raise AssertionError


@pytest.mark.slow
@pytest.mark.parametrize(("protocol", "columns"), [("TCP", 2), ("UDP", 11), ("HTTP", 11)])
def test_a_pair_measures_and_one_of_it_writes_every_figure(
    server: ApiServer, requests: Collection, agents: None, protocol: str, columns: int
) -> None:
    server.put(
        REQUESTS,
        {
            "metadata": {"name": "network-test-0", "labels": {"client": "clientPodName", "server": "serverPodName"}},
            "spec": {
                "clientPodName": "client",
                "serverPodName": "server",
                "serverPodIP": "127.0.0.1",
                "protocol": protocol,
                "duration": 2,
                "clientStartTimestamp": int(time.time()) + 3,
                "numberOfClients": 1,
            },
            "status": {"metrics": []},
        },
    )
    status = answered(requests)
    assert "error" not in status, status
    assert len(status["metrics"]) == columns
    if protocol == "UDP":
        assert status["metrics"][1] == pytest.approx(LOAD.rate.si / 8 / 1024, rel=0.05)
