"""Paths of a real cluster: host network, ClusterIP, NodePort; and a ladder of them, each layer with its interval."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from clearway.probe.paths import PATHS
from cluster.processes import end_of
from cluster.runs.commands import Commands, await_first_round, left_behind
from harness.cluster import Cluster

SHORT = "direction: forward, duration: 500ms, warm-up: 100ms"
LADDER = f"""\
version: 1
seed: 1
gap: 0s
attempts: 10
tests:
- {{name: datagrams, protocol: udp, path: node-port, rate: 20 Mbit/s, {SHORT}}}
- {{name: bulk, protocol: tcp, path: cluster-ip, streams: 2, {SHORT}}}
- {{name: mixed, protocol: tcp, path: host-to-pod, streams: 2, {SHORT}}}
- {{name: rungs, protocol: http, ladder: [host, cluster-ip, node-port], connections: 2, rate: 200/s, {SHORT}}}
"""
BLOCKED = f"""\
version: 1
seed: 1
gap: 0s
attempts: 1
tests:
- {{name: cluster-ip, protocol: tcp, path: cluster-ip, streams: 1, accept: ["throughput >= 1 Mbit/s"], {SHORT}}}
- {{name: node-port, protocol: tcp, path: node-port, streams: 1, accept: ["throughput >= 1 Mbit/s"], {SHORT}}}
"""


@dataclass(frozen=True)
class Written(Commands):
    """The same calls with a spec of this file's."""

    text: str = ""

    def spec(self, **fields: Any) -> Path:
        path = self.folder / "cat.yaml"
        path.write_text(self.text, encoding="utf-8")
        return path


@pytest.mark.usefixtures("furnished")
def test_a_blocked_service_is_unreachable_and_rejects(commands: Commands, equipped: Cluster) -> None:
    """Either node may have the server: both drop what the other's pods send."""
    run, nodes = Written(commands.folder, commands.kubeconfig, BLOCKED), list(equipped.nodes.values())
    for one, other in (nodes, reversed(nodes)):
        one.block_pods_of(other)
    try:
        ended = run.run()
    finally:
        for node in nodes:
            node.unblock()
    assert ended.status == 1, ended
    sent = [result for result in run.results() if result["half"] == "send"]
    assert {result["probe"].partition("/")[0] for result in sent} == {path for path in PATHS if PATHS[path].service}
    assert {result["outcome"] for result in sent} == {"unreachable"}


@pytest.mark.usefixtures("bare")
def test_a_ladder_states_what_each_layer_costs_and_leaves_nothing(commands: Commands, equipped: Cluster) -> None:
    run = Written(commands.folder, commands.kubeconfig, LADDER)
    process = run.begin()
    await_first_round(process)
    services = json.loads(equipped.kubectl("get", "services", "--namespace=clearway", "--output=json"))["items"]
    ended = end_of(process, 200)
    assert ended.status == 0, ended
    assert {one["metadata"]["ownerReferences"][0]["kind"] for one in services} == {"Job"}
    assert left_behind(equipped) == ""
    assert {worker["network"] for worker in run.lines("workers.jsonl")} == {"host", "pod"}
    report = run.report()
    for test in report["tests"][:3]:
        assert [len(one["values"]) > 0 for one in test["measured"]] == [True], test["name"]
    assert [ladder["metric"] for ladder in report["ladders"]] == ["latency", "connect"]
    for ladder in report["ladders"]:
        assert [rung["path"] for rung in ladder["rungs"]] == ["host", "cluster-ip", "node-port"]
    for rung in (rung for ladder in report["ladders"] for rung in ladder["rungs"][1:]):
        cost = rung["cost"]
        assert cost["share_low_ratio"] <= cost["share_ratio"] <= cost["share_high_ratio"]
        assert cost["repeats"] >= 6
