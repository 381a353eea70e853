"""A cluster as people have them: an overlay, policies that are enforced, a second fabric; and clearway on it."""

from __future__ import annotations

import json
import re
import shlex
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from clearway.site.kubernetes.options import NAMESPACE
from cluster.links import LINK
from cluster.overlay.policies import DENY, DENY_ARRIVING, LET_WORKERS, policies
from cluster.runs.commands import Commands
from cluster.runs.home import furnish
from cluster.toolbox import LISTEN, connects, execute, start_pods, toolbox
from harness.cluster import Cluster
from harness.failure import CommandFailed
from harness.overlay import TUNNEL_DEVICE
from harness.spec import LINK_MTU, STORAGE, ClusterSpec
from harness.starting import running_cluster

POLICY = "The NetworkPolicy default-deny selects the workers in namespace clearway"
SHOW_MTU = ("/usr/bin/cat", "/sys/class/net/eth0/mtu")


@pytest.fixture(scope="module")
def cluster(worker_image: Path) -> Iterator[Cluster]:
    """Two nodes; instead of the one that other files share."""
    wanted = ClusterSpec(nodes=2, rate=LINK, storage=True, overlay="eth0", policies=True)
    with running_cluster(wanted) as own:
        own.load_image(worker_image)
        yield own


@pytest.fixture(scope="module")
def furnished(cluster: Cluster) -> None:
    furnish(cluster)


@pytest.fixture
def commands(cluster: Cluster, tmp_path: Path) -> Commands:
    return Commands(tmp_path, cluster.kubeconfig)


@pytest.fixture
def pair(cluster: Cluster, namespace: str) -> dict[str, str]:
    """A server on node-1 and a client on node-2: their addresses."""
    return start_pods(cluster, namespace, toolbox("server", "node-1", *LISTEN), toolbox("client", "node-2"))


def transfers(cluster: Cluster, namespace: str, client: str, server: str, *options: str, within: int = 30) -> bool:
    """Whether iperf brings more from a pod to another than waits in a socket, or is still at it after some seconds."""
    bounded = ("/usr/bin/timeout", "--signal=KILL", str(within), "/usr/bin/iperf", "--client", server, "--num", "16M")
    sending = shlex.join((*bounded, *options))
    ended = execute(cluster, namespace, client, "/usr/bin/bash", "-c", f"{sending} >&2; echo $?").strip()
    assert ended in ("0", str(128 + signal.SIGKILL)), ended
    return ended == "0"


def wrapped(cluster: Cluster) -> int:
    """Packets that node-2 put into its tunnel so far."""
    shown = cluster.node("node-2").execute(["ip", "-json", "-statistics", "link", "show", TUNNEL_DEVICE])
    return int(json.loads(shown)[0]["stats64"]["tx"]["packets"])


def test_what_pods_of_different_nodes_send_each_other_travels_in_vxlan(
    cluster: Cluster, namespace: str, pair: dict[str, str]
) -> None:
    before = wrapped(cluster)
    assert transfers(cluster, namespace, "client", pair["server"])
    assert wrapped(cluster) > before
    log = cluster.kubectl("logs", "server", f"--namespace={namespace}")
    assert f"{pair['server']} port 5001 connected with {pair['client']}" in log, "pods see each other's addresses"
    assert execute(cluster, namespace, "client", *SHOW_MTU).strip() == "1450"


def test_nodes_reach_each_other_over_the_second_fabric_alone(cluster: Cluster) -> None:
    one, two = cluster.node("node-1"), cluster.node("node-2")
    there = STORAGE.address(4, one.spec.number).partition("/")[0]
    asked = ["bash", "-c", f"timeout 5 bash -c ': </dev/tcp/{there}/10250'"]  # its kubelet listens there too
    two.execute(asked)
    two.cut(STORAGE)
    try:
        with pytest.raises(CommandFailed):
            two.execute(asked)
        cluster.kubectl("get", "nodes")
    finally:
        two.mend(STORAGE)
    two.execute(asked)


def connects_in_the_end(cluster: Cluster, namespace: str, address: str, expected: bool) -> bool:
    """An engine hears of a policy, and of a pod's address, some time after the API does."""
    return any(connects(cluster, namespace, "client", address) is expected for _ in range(10))


def test_a_policy_keeps_pods_apart_until_it_is_taken_away(
    cluster: Cluster, namespace: str, pair: dict[str, str]
) -> None:
    with policies(cluster, namespace, default_deny=DENY):
        assert connects_in_the_end(cluster, namespace, pair["server"], expected=False)
    assert connects_in_the_end(cluster, namespace, pair["server"], expected=True)


def on_host(pod: dict[str, Any]) -> dict[str, Any]:
    return {**pod, "spec": {**pod["spec"], "hostNetwork": True}}


def test_pods_on_the_hosts_network_are_no_policys_business(cluster: Cluster, namespace: str) -> None:
    with policies(cluster, namespace, default_deny=DENY):
        pods = (toolbox("server", "node-1", *LISTEN), toolbox("client", "node-2"))
        addresses = start_pods(cluster, namespace, *map(on_host, pods))
        assert addresses["server"] == cluster.node("node-1").spec.addresses[0]
        assert connects_in_the_end(cluster, namespace, addresses["server"], expected=True)


@contextmanager
def bigger_mtu(cluster: Cluster) -> Iterator[None]:
    """Pods that start meanwhile believe that their network carries what a link does."""
    for node in cluster.nodes.values():
        node.give_pods_mtu(LINK_MTU)
    try:
        yield
    finally:
        for node in cluster.nodes.values():
            node.give_pods_mtu(node.spec.pod_mtu)


@contextmanager
def hushed(cluster: Cluster) -> Iterator[None]:
    """No node says that a packet is too big."""
    for node in cluster.nodes.values():
        node.hush()
    try:
        yield
    finally:
        for node in cluster.nodes.values():
            node.unblock()


def test_a_bigger_mtu_than_the_tunnels_works_while_nodes_say_so_and_is_a_black_hole_when_they_do_not(
    cluster: Cluster, namespace: str
) -> None:
    with bigger_mtu(cluster):
        pods = (toolbox("server", "node-1", *LISTEN), toolbox("client", "node-2"), toolbox("other", "node-2"))
        server = start_pods(cluster, namespace, *pods)["server"]
        assert execute(cluster, namespace, "client", *SHOW_MTU).strip() == str(LINK_MTU)
        assert transfers(cluster, namespace, "client", server)
        with hushed(cluster):
            assert not transfers(cluster, namespace, "other", server, within=5), "it has not learnt the tunnel's MTU"
            assert transfers(cluster, namespace, "other", server, "--mss", "1200"), "smaller packets pass"


@pytest.mark.usefixtures("furnished")
class TestClearway:
    """What it says of such a cluster."""

    def test_a_run_is_accepted_and_says_tunnel_and_mtu(self, cluster: Cluster, commands: Commands) -> None:
        ended = commands.run(direction="both-ways")
        assert (ended.status, commands.report()["state"]) == (0, "pass"), ended.err
        assert re.search(r"^ *MTU +1450$", ended.out, re.MULTILINE), ended.out
        assert "Flannel wraps packets between nodes (vxlan)" in ended.out
        assert POLICY not in ended.err

    @pytest.mark.fault(
        "cluster", "a NetworkPolicy keeps the workers apart", "Named before the run; rejected: unreachable, never slow."
    )
    def test_workers_that_a_policy_keeps_apart_are_unreachable_and_never_slow(
        self, cluster: Cluster, commands: Commands
    ) -> None:
        with policies(cluster, NAMESPACE, default_deny=DENY_ARRIVING):
            ended = commands.run(attempts=5)  # one in which a worker had no CPU is made again
        assert ended.status == 1, ended.err
        assert {one["outcome"] for one in commands.results() if one["half"] == "send"} == {"unreachable"}
        assert "node-1 -> node-2: unreachable" in ended.out
        assert POLICY in ended.err

    def test_a_policy_that_lets_workers_reach_each_other_is_enough(self, cluster: Cluster, commands: Commands) -> None:
        with policies(cluster, NAMESPACE, default_deny=DENY, let_workers=LET_WORKERS):
            ended = commands.run()
        assert (ended.status, commands.report()["state"]) == (0, "pass"), ended.err
        assert POLICY in ended.err, "still said: whether what is left is enough, the measurement shows"

    def test_pods_with_a_bigger_mtu_than_a_tunnel_that_does_not_say_so_are_in_a_black_hole(
        self, cluster: Cluster, commands: Commands
    ) -> None:
        with bigger_mtu(cluster), hushed(cluster):
            ended = commands.run()
        assert ended.status == 1, ended.err
        assert "Black hole, the road node-1 -> node-2: IP packets above 1450 byte vanish" in ended.out
