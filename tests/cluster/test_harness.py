"""The harness gives tests a real Kubernetes, lets them break it, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from clearway.base.quantity_text import parse_rate
from cluster.toolbox import LISTEN, connects, execute, start_pods, toolbox
from harness.cgroups import clusters_with_cgroups, make_cgroups, processes_of
from harness.cluster import GIVEN, Cluster
from harness.daemons import Daemon
from harness.failure import CommandFailed, HarnessError
from harness.leftovers import Watched, host_traces
from harness.machinery import Machinery
from harness.spec import ZONE_LABEL, ClusterSpec
from harness.starting import running_cluster


def connects_in_the_end(cluster: Cluster, namespace: str, pod: str, address: str, tries: int = 10) -> bool:
    """A new service is known to a node some time after it is known to the API."""
    return any(connects(cluster, namespace, pod, address) for _ in range(tries))


@pytest.fixture
def pair(cluster: Cluster, namespace: str) -> dict[str, str]:
    """A server on node-1 and a client on node-2: their addresses."""
    one, two = cluster.node("node-1"), cluster.node("node-2")
    return start_pods(cluster, namespace, toolbox("server", one.name, *LISTEN), toolbox("client", two.name))


def test_pods_of_different_nodes_reach_each_other_directly_and_through_a_service(
    cluster: Cluster, namespace: str, pair: dict[str, str]
) -> None:
    assert connects(cluster, namespace, "client", pair["server"])
    cluster.kubectl("expose", "pod", "server", "--port=5001", f"--namespace={namespace}")
    service = json.loads(cluster.kubectl("get", "service", "server", "--output=json", f"--namespace={namespace}"))
    assert connects_in_the_end(cluster, namespace, "client", service["spec"]["clusterIP"])
    assert "Server listening" in cluster.kubectl("logs", "server", f"--namespace={namespace}")


def test_pods_see_addresses_of_pods_not_of_nodes(cluster: Cluster, namespace: str, pair: dict[str, str]) -> None:
    execute(cluster, namespace, "client", "/usr/bin/iperf", "--client", pair["server"], "--num", "8K")
    log = cluster.kubectl("logs", "server", f"--namespace={namespace}")
    assert f"{pair['server']} port 5001 connected with {pair['client']}" in log


def test_blocked_pods_reach_no_peer_until_they_are_unblocked(
    cluster: Cluster, namespace: str, pair: dict[str, str]
) -> None:
    one, two = cluster.node("node-1"), cluster.node("node-2")
    one.block_pods_of(two)
    try:
        assert not connects(cluster, namespace, "client", pair["server"])
    finally:
        one.unblock()
    assert connects(cluster, namespace, "client", pair["server"])


def test_a_shaped_link_carries_its_rate_and_no_more(cluster: Cluster, namespace: str, pair: dict[str, str]) -> None:
    rate = parse_rate("100 Mbit/s")
    cluster.shape(rate)
    try:
        measured = ("/usr/bin/iperf", "--client", pair["server"], "--time", "3", "--reportstyle", "C")
        said = execute(cluster, namespace, "client", *measured).strip().splitlines()[-1]
    finally:
        cluster.shape(None)
    assert 0.85 * rate.si < float(said.split(",")[-1]) < 1.05 * rate.si
    assert "tbf" not in cluster.execute(("tc", "qdisc"))


def test_a_cut_link_takes_its_node_from_the_fabric(cluster: Cluster) -> None:
    node = cluster.node("node-2")
    node.cut()
    try:
        assert "NO-CARRIER" in node.execute(("ip", "link", "show", "eth0"))
    finally:
        node.mend()
    assert "LOWER_UP" in node.execute(("ip", "link", "show", "eth0"))


def test_traffic_outlives_its_kubelet(cluster: Cluster, namespace: str, pair: dict[str, str]) -> None:
    cluster.stop_kubelet("node-1")
    assert "kubelet-node-1" not in cluster.machinery.running()
    assert connects(cluster, namespace, "client", pair["server"])
    cluster.start_kubelet("node-1")
    assert "kubelet-node-1" in cluster.machinery.running()


def test_the_api_server_goes_and_comes_back_with_everything_in_it(cluster: Cluster, namespace: str) -> None:
    cluster.stop_apiserver()
    with pytest.raises(CommandFailed):
        cluster.kubectl("get", "namespace", namespace)
    cluster.start_apiserver()
    assert namespace in cluster.kubectl("get", "namespace", namespace)


def test_what_does_not_run_cannot_be_stopped(cluster: Cluster) -> None:
    with pytest.raises(HarnessError, match="kubelet-node-9 does not run"):
        cluster.stop_kubelet("node-9")


def test_a_command_on_a_node_that_fails_or_hangs_says_so(cluster: Cluster) -> None:
    with pytest.raises(CommandFailed) as failed:
        cluster.node("node-1").execute(("sh", "-c", "echo last words >&2; exit 3"))
    assert (failed.value.status, failed.value.stderr) == (3, "last words\n")
    with pytest.raises(CommandFailed) as hanging:
        cluster.execute(("sleep", "60"), timeout=0.1)
    assert hanging.value.status == 124


def test_a_command_left_running_on_a_node_is_seen_and_ended(cluster: Cluster) -> None:
    with cluster.node("node-1").open(("sh", "-c", "hostname; exec sleep 60")) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "node-1\n"
        running.terminate()
    assert running.returncode == -signal.SIGTERM


def test_hollow_nodes_take_pods_beside_real_ones(cluster: Cluster, namespace: str) -> None:
    names = cluster.add_kwok_nodes(20, zones=("east", "west"))
    try:
        pods = [toolbox(f"hollow-{number}", name) for number, name in enumerate(names)]
        addresses = start_pods(cluster, namespace, *pods, toolbox("real", "node-1"))
        assert len(set(addresses.values())) == 21
        zones = cluster.kubectl("get", "nodes", "--selector=type=kwok", f"--output=jsonpath={zone_of_each()}").split()
        assert sorted(zones) == ["east"] * 10 + ["west"] * 10
    finally:
        cluster.kubectl("delete", "pods", "--all", f"--namespace={namespace}", "--force")
        cluster.kubectl("delete", "nodes", "--selector=type=kwok")


def test_zones_labels_taints_and_rate_are_as_asked() -> None:
    spec = ClusterSpec(
        nodes=3,
        zones=("a", "b"),
        labels={"node-1": {"example.test/machine": "host-1"}},
        taints={"node-3": ("example.test/for=others:NoSchedule",)},
        rate=parse_rate("1 Gbit/s"),
    )
    with running_cluster(spec) as cluster:
        nodes = json.loads(cluster.kubectl("get", "nodes", "--output=json"))["items"]
        assert [node["metadata"]["labels"][ZONE_LABEL] for node in nodes] == ["a", "b", "a"]
        assert nodes[0]["metadata"]["labels"]["example.test/machine"] == "host-1"
        taints = [node["spec"].get("taints", []) for node in nodes]
        assert taints == [[], [], [{"key": "example.test/for", "value": "others", "effect": "NoSchedule"}]]
        assert cluster.execute(("tc", "qdisc")).count("tbf") == 3
        assert "tbf" in cluster.node("node-2").execute(("tc", "qdisc"))


def zone_of_each() -> str:
    escaped = ZONE_LABEL.replace(".", "\\.")
    return f"{{.items[*].metadata.labels.{escaped}}}"


# What is left behind


@pytest.fixture
def traces() -> Iterator[None]:
    """Nothing is on the machine afterwards that was not there before; of its cgroups, `assert_gone` says it."""
    if Cluster.given() is not None:
        pytest.skip(f"about clusters that are started here, and {GIVEN} gives another")
    before = host_traces()
    yield
    assert host_traces() - before == set()


def assert_gone(folder: Path) -> None:
    assert not folder.exists()
    assert folder.name not in clusters_with_cgroups()


def test_close_returns_when_nothing_is_left_and_may_be_called_twice(traces: None) -> None:
    with running_cluster(ClusterSpec(nodes=2)) as cluster:
        folder = cluster.machinery.folder
        start_pods(cluster, "default", toolbox("some", "node-1"), toolbox("other", "node-2"))
        watched = Watched(processes_of(folder.name))
        cluster.close()
        watched.wait_for_end()
        assert_gone(folder)


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A start elsewhere on the machine does not see the folders of this test's clusters."""
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield


def test_a_guard_that_is_killed_takes_its_cluster_and_the_next_start_clears_away(traces: None, alone: None) -> None:
    machinery = Machinery.start()
    folder = machinery.folder
    make_cgroups(folder.name, machinery.keeper, ["node-1"])
    machinery.start_daemon(Daemon("some", ("sleep", "infinity")))
    processes = processes_of(folder.name)
    watched = Watched(processes)
    os.kill(guard_of(processes), signal.SIGKILL)
    watched.wait_for_end()
    assert folder.exists()
    Machinery.start().close()
    assert_gone(folder)
    machinery.close()


def test_a_start_leaves_what_lives_alone(traces: None) -> None:
    living = Machinery.start()
    make_cgroups(living.folder.name, living.keeper, ["node-1"])
    Machinery.start().close()
    assert living.folder.name in clusters_with_cgroups()
    assert living.running() == []
    living.close()
    assert_gone(living.folder)


def by_hand(*arguments: str) -> subprocess.CompletedProcess[str]:
    argv = (sys.executable, "-m", "harness", *arguments, "--name", "of-a-test")
    return subprocess.run(
        argv,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
        timeout=120,
    )


def test_by_hand_a_cluster_stays_until_it_is_taken_down(traces: None) -> None:
    up = by_hand("up", "--nodes", "1")
    assert up.stdout.startswith("KUBECONFIG=/"), up.stderr
    folder = Path(up.stdout.strip().partition("=")[2]).parents[1]
    try:
        assert up.stdout.strip() in by_hand("status").stdout
        assert "runs already" in by_hand("up").stderr
        watched = Watched(processes_of(folder.name))
    finally:
        assert by_hand("down").returncode == 0
    watched.wait_for_end()
    assert_gone(folder)
    assert by_hand("status").returncode == 1
    assert by_hand("down").returncode == 0


def started_elsewhere(script: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        (sys.executable, "-c", script),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


CLUSTER_WITH_A_POD = """
from harness.spec import ClusterSpec
from harness.starting import start_cluster
from cluster.toolbox import start_pods, toolbox
cluster = start_cluster(ClusterSpec(nodes=2))
start_pods(cluster, "default", toolbox("some", "node-1"))
print(cluster.machinery.folder, flush=True)
input()
"""


def test_a_harness_that_is_killed_takes_its_cluster_with_it(traces: None) -> None:
    with started_elsewhere(CLUSTER_WITH_A_POD) as harness:
        assert harness.stdout is not None
        folder = Path(harness.stdout.readline().strip())
        processes = processes_of(folder.name)
        assert len(processes) > 10, "the control plane, both nodes' daemons and the pod"
        watched = Watched(processes | {guard_of(processes)})
        harness.kill()
        watched.wait_for_end()
        assert_gone(folder)


def guard_of(processes: set[int]) -> int:
    """The process that will clear away: the grandparent of the cluster's first one."""
    first = next(pid for pid in processes if "harness.keeper" in command_of(pid))
    return parent_of(parent_of(first))


def command_of(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
