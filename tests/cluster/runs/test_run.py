"""A run on a real cluster, from a user's command to a report, and nothing of it left."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cluster.runs.commands import Commands, await_first_round, left_behind
from cluster.runs.home import clear
from harness.cluster import Cluster

CONTROLLER = "controller"


@pytest.fixture(scope="module", autouse=True)
def cleared(equipped: Cluster) -> None:
    clear(equipped)


def test_a_network_is_accepted_and_nothing_is_left_and_without_zone_labels_all_nodes_are_one_zone(
    equipped: Cluster, commands: Commands
) -> None:
    ended = commands.run()
    assert (ended.status, commands.report()["state"]) == (0, "pass"), ended.err
    assert left_behind(equipped) == ""
    assert "No node has a zone label: all 2 nodes are one zone." in ended.out


def test_a_check_says_that_a_run_will_work_and_leaves_nothing(equipped: Cluster, commands: Commands) -> None:
    ended = commands.call("check")
    assert ended.status == 0, ended.out
    assert "A run will work here." in ended.out
    assert left_behind(equipped) == ""


@pytest.fixture
def installed(equipped: Cluster, commands: Commands) -> Iterator[Cluster]:
    assert commands.call("install").status == 0
    yield equipped
    assert commands.call("uninstall").status == 0
    equipped.kubectl("wait", "--for=delete", "namespace/clearway", "--timeout=60s")


def limited_user(cluster: Cluster, folder: Path) -> Path:
    """A kubeconfig of somebody who holds the two listed roles and nothing else."""
    cluster.kubectl("create", "serviceaccount", CONTROLLER, "--namespace=default")
    subject = f"--serviceaccount=default:{CONTROLLER}"
    role = "clearway-controller"
    cluster.kubectl("create", "rolebinding", CONTROLLER, f"--role={role}", subject, "--namespace=clearway")
    cluster.kubectl("create", "clusterrolebinding", CONTROLLER, f"--clusterrole={role}", subject)
    token = cluster.kubectl("create", "token", CONTROLLER, "--namespace=default").strip()
    config = json.loads(cluster.kubectl("config", "view", "--raw", "--output=json"))
    config["users"][0]["user"] = {"token": token}
    path = folder / "limited.kubeconfig"
    path.write_text(json.dumps(config), encoding="utf-8")
    return path


@pytest.fixture
def limited(installed: Cluster, tmp_path: Path) -> Iterator[Commands]:
    yield Commands(tmp_path, limited_user(installed, tmp_path))
    installed.kubectl("delete", "clusterrolebinding", CONTROLLER)
    installed.kubectl("delete", "serviceaccount", CONTROLLER, "--namespace=default")


def test_the_listed_roles_are_enough_for_a_run(installed: Cluster, limited: Commands) -> None:
    ended = limited.run()
    assert ended.status == 0, ended.err
    assert installed.kubectl("get", "jobs,pods,ntw", "--namespace=clearway", "--output=name") == ""


@pytest.mark.fault("cluster", "the user lacks a right", "The missing rules are printed, ready to apply.")
def test_a_missing_right_is_printed_ready_to_apply(installed: Cluster, limited: Commands) -> None:
    rules = json.loads(installed.kubectl("get", "role", "clearway-controller", "--namespace=clearway", "--output=json"))
    rules["rules"] = [rule for rule in rules["rules"] if rule["resources"] != ["jobs"]]
    installed.kubectl("apply", "--filename=-", text=json.dumps(rules))
    ended = limited.call("check")
    assert ended.status == 3
    assert "create jobs, delete jobs" in ended.out
    assert "kind: Role" in ended.out


@pytest.mark.fault("controller", "Ctrl-C during a run on a cluster", "Nothing stays in the cluster.")
def test_a_run_keeps_others_off_the_cluster_and_leaves_nothing_when_interrupted(
    equipped: Cluster, commands: Commands
) -> None:
    with commands.begin(duration="60s") as process:
        await_first_round(process)
        second = replace(commands, folder=commands.folder / "second").run()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 130
    assert second.status == 3
    assert f"Another run measures on this cluster: process {process.pid} on " in second.err
    assert left_behind(equipped) == ""


@pytest.mark.fault(
    "controller",
    "the controller of a run on a cluster is killed",
    "Everything goes by itself when the lease is over, or at once by `clearway clean`.",
)
def test_what_a_killed_run_leaves_can_be_cleaned_at_once(equipped: Cluster, commands: Commands) -> None:
    with commands.begin(duration="60s") as process:
        await_first_round(process)
        process.kill()
    assert "jobs" in equipped.kubectl("get", "jobs", "--all-namespaces", "--output=name").replace("job.batch", "jobs")
    assert commands.call("clean").status == 0
    equipped.kubectl("wait", "--for=delete", "namespace/clearway", "--timeout=60s")
    assert left_behind(equipped) == ""


@pytest.mark.fault(
    "controller",
    "the controller of a run on a cluster is killed",
    "Everything goes by itself when the lease is over, or at once by `clearway clean`.",
)
def test_a_killed_run_goes_by_itself_when_its_lease_is_over(equipped: Cluster, commands: Commands) -> None:
    with commands.begin("--lease=15s", duration="60s") as process:
        await_first_round(process)
        process.kill()
    (job,) = equipped.kubectl("get", "jobs", "--namespace=clearway", "--output=name").split()
    # How long a finished Job is kept for a look is the cluster's to keep to.
    at_once = json.dumps({"spec": {"ttlSecondsAfterFinished": 0}})
    equipped.kubectl("patch", job, "--namespace=clearway", "--type=merge", f"--patch={at_once}")
    equipped.kubectl("wait", "--for=delete", job, "--namespace=clearway", "--timeout=100s", timeout=110)
    equipped.kubectl("wait", "--for=delete", "pods", "--all", "--namespace=clearway", "--timeout=30s")
    assert commands.call("clean").status == 0
    equipped.kubectl("wait", "--for=delete", "namespace/clearway", "--timeout=60s")


def test_one_node_has_no_pairs(equipped: Cluster, commands: Commands) -> None:
    ended = commands.run("--nodes=kubernetes.io/hostname=node-1")
    assert ended.status == 3
    assert "there is no pair to measure" in ended.err


@pytest.mark.fault(
    "road", "a path is dead from the start", "Rejected: the receiver listened, the sender could not connect."
)
def test_a_dead_path_between_two_nodes_is_unreachable_and_rejected(equipped: Cluster, commands: Commands) -> None:
    one, two = equipped.node("node-1"), equipped.node("node-2")
    one.block_pods_of(two)
    two.block_pods_of(one)
    try:
        ended = commands.run(attempts=1, direction="both-ways", duration="1s")
    finally:
        one.unblock()
        two.unblock()
    assert ended.status == 1, ended.err
    assert {one["outcome"] for one in commands.results() if one["half"] == "send"} == {"unreachable"}
    assert all(pair in ended.out for pair in ("node-1 -> node-2: ", "node-2 -> node-1: "))
