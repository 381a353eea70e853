"""The cluster's nodes measured as plain hosts, and beside them their pods: what the pod network costs."""

from __future__ import annotations

import json
import os
import shlex
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from cluster.runs.commands import Commands
from harness.cluster import Cluster, Node
from sshd import Keys, Sshd

pytestmark = pytest.mark.usefixtures("furnished")

_LISTENS_WITHIN = 30.0
"""Seconds."""


@pytest.fixture
def hosts(equipped: Cluster, tmp_path: Path) -> Iterator[Path]:
    """A hosts file of the nodes, each with an sshd."""
    keys = Keys.made(tmp_path / "keys")
    servers = {name: Sshd(keys, tmp_path / name, node.spec.addresses[0]) for name, node in equipped.nodes.items()}
    keys.remember(*servers.values())
    hosts = [{"name": name, "address": server.address, "machine": name} for name, server in servers.items()]
    defaults = {"user": "root", "port": 2222, "key": str(keys.user), "python": sys.executable}
    file = tmp_path / "hosts.yaml"
    file.write_text(
        yaml.safe_dump({"version": 1, "known-hosts": str(keys.known_hosts), "defaults": defaults, "hosts": hosts})
    )
    for name, server in servers.items():
        serve(equipped.node(name), server)
    yield file
    for name, server in servers.items():
        equipped.node(name).execute(("sh", "-c", server.stop_script()))


def serve(node: Node, server: Sshd) -> None:
    node.execute(("sh", "-c", f"mkdir -p /run/sshd; exec {shlex.join(server.argv())}"))
    until = time.monotonic() + _LISTENS_WITHIN
    while "Server listening" not in server.log:
        assert time.monotonic() < until, "sshd does not listen"
        time.sleep(0.05)


def test_nodes_as_hosts_beside_their_pods_show_what_the_pod_network_costs(
    equipped: Cluster, hosts: Path, commands: Commands, tmp_path: Path
) -> None:
    spec, on_hosts = commands.spec(direction="both-ways"), tmp_path / "on-hosts"
    paths = f"PYTHONPATH={os.pathsep.join(sys.path)}"
    run = (sys.executable, "-m", "clearway", "run", str(spec), f"--hosts={hosts}", f"--report-dir={on_hosts}")
    equipped.execute(("env", paths, *run), timeout=120)
    assert commands.run(direction="both-ways").status == 0
    cost = ("env", paths, sys.executable, "-m", "clearway", "cni-cost", str(on_hosts), str(commands.report_dir))
    told = json.loads(equipped.execute((*cost, "--json")))
    assert told["remarks"] == []
    throughput = [row for row in told["costs"] if (row["metric"], row["statistic"]) == ("throughput", "mean")]
    whole, *pairs = [(row.get("sender"), row.get("receiver")) for row in throughput]
    assert whole == (None, None)
    assert sorted(pairs) == [("node-1/0", "node-2/0"), ("node-2/0", "node-1/0")]
    for row in throughput:
        on_host, on_pod = row["hosts"]["bit/s"], row["pods"]["bit/s"]
        assert row["cost"]["ratio"] == pytest.approx(1 - on_pod / on_host)
