"""Commands on the nodes of a real cluster over ssh: found by the API's addresses, as a provider's configs say."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from clearway.engine.table import search_path
from clearway.ledger.read import read_run
from harness.cluster import Cluster
from harness.failure import CommandFailed
from sshd import Keys, Sshd

pytestmark = pytest.mark.usefixtures("furnished")


@pytest.fixture
def servers(equipped: Cluster, tmp_path: Path) -> Iterator[dict[str, Sshd]]:
    """An sshd on every node, at the address that the API has of it."""
    keys = Keys.made(tmp_path / "keys")
    found = json.loads(equipped.kubectl("get", "nodes", "--output=json"))["items"]
    addresses = {
        node["metadata"]["name"]: next(
            one["address"] for one in node["status"]["addresses"] if one["type"] == "InternalIP"
        )
        for node in found
    }
    made = {name: Sshd(keys, tmp_path / name, address) for name, address in addresses.items()}
    keys.remember(*made.values())
    for name, server in made.items():
        equipped.node(name).execute(("sh", "-c", f"PATH={search_path(os.environ)}; {server.script()}"))
    yield made
    for name, server in made.items():
        equipped.node(name).execute(("sh", "-c", server.stop_script()))


def check(cluster: Cluster, provider: str, server: Sshd, **configs: str) -> str:
    return clearway(cluster, ("check",), provider, server, **configs)


def clearway(cluster: Cluster, called: Sequence[str], provider: str, server: Sshd, **configs: str) -> str:
    """What a command says from inside the cluster's network. Raises CommandFailed."""
    known = {
        "SSH_USER": "root",
        "SSH_PORT": str(server.port),
        "SSH_KEY": str(server.keys.user),
        "SSH_KNOWN_HOSTS": str(server.keys.known_hosts),
    }
    words = [f"--provider-configs={name}={value}" for name, value in {**known, **configs}.items()]
    command = (sys.executable, "-m", "clearway", *called, f"--kubeconfig={cluster.inside_kubeconfig}")
    return cluster.execute((*command, f"--provider={provider}", *words), timeout=120)


def test_a_command_reaches_every_node_and_a_key_that_is_not_let_in_is_reported_for_each(
    equipped: Cluster, servers: dict[str, Sshd]
) -> None:
    one = next(iter(servers.values()))
    said = check(equipped, "skeleton", one)
    assert [name for name in servers if f"{name}: commands run there, as root." in said] == list(servers)
    assert all("Accepted publickey for root" in server.log for server in servers.values())
    with pytest.raises(CommandFailed) as refused:
        check(equipped, "vsphere", one, SSH_KEY=str(one.keys.stranger))
    assert refused.value.status == 3
    for name, server in servers.items():
        assert f"{name}: the host at {server.address} refuses the login as root" in refused.value.stdout


def test_a_run_reads_the_nodes_devices_and_kernel_logs_where_it_has_a_login(
    equipped: Cluster, servers: dict[str, Sshd], tmp_path: Path
) -> None:
    spec, out = tmp_path / "cat.yaml", tmp_path / "out"
    spec.write_text("version: 1\ntests:\n- {name: bandwidth, protocol: tcp, duration: 1s, direction: forward}\n")
    clearway(equipped, ("run", str(spec), f"--report-dir={out}", "--quiet"), "skeleton", next(iter(servers.values())))
    seen = [one for one in read_run(out).observations if one.subject in servers or one.subject == "kernel-log"]
    losses = {one.subject: one.values for one in seen if one.kind == "host-losses"}
    assert set(losses) == set(servers)
    assert all(rose["softnet.processed"] > 0 for rose in losses.values())
    assert {one.values["scope"] for one in seen if one.kind == "oom-observer"} == set(servers)
    assert not [one for one in seen if one.kind in ("host-not-read", "oom-not-observed")]
