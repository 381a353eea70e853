"""Nodes of a real cluster are broken for real while a run goes on, and come back whatever happens."""

from __future__ import annotations

import json
import signal

import pytest

from cluster.chaos.calls import AFTER, Calls, wait_for

CONFIG = """\
name: chaos
namespace: {number: 1}
chaosMonkey:
  nodeFailure: {failureRate: 0.3, interval: 15s, jitterFactor: 0.1, simulatedDowntime: 1s}
  excludedNodes: [node-1, node-2]
steps:
- name: start
  measurements:
  - Identifier: net
    Method: NetworkPerformanceMetrics
    Params: {action: start, duration: 16s, protocol: TCP, numberOfServers: 1, numberOfClients: 1}
- name: gather
  measurements:
  - {Identifier: net, Method: NetworkPerformanceMetrics, Params: {action: gather}}
"""
"""The node goes when its worker is ready, and before it has sent all: a run says nothing of what was over before it."""


@pytest.mark.fault(
    "controller",
    "the controller is killed while it has broken a node",
    "The node comes back by itself, and `--resume` goes on.",
)
def test_a_node_comes_back_by_itself_when_its_controller_is_killed_and_the_run_is_taken_up(calls: Calls) -> None:
    kubeconfig = f"--kubeconfig={calls.cluster.kubeconfig}"
    spec = calls.spec("kubelet-and-runtime", "25s", "25s", AFTER)
    with calls.begin("clearway", "run", str(spec), kubeconfig, "--report-dir=out", "--allow-chaos") as process:
        wait_for(lambda: "chaos-broken" in [kind for kind, _ in calls.seen()] or process.poll() is not None)
        process.kill()
        _, said = process.communicate(timeout=60)
    assert calls.seen(), said
    victim = calls.seen()[-1][1]
    assert f"kubelet-{victim}" not in calls.cluster.machinery.running()
    wait_for(lambda: f"kubelet-{victim}" in calls.cluster.machinery.running())
    calls.ready(victim)
    wait_for(lambda: calls.bombs() == "")
    revived = calls.call("clearway", "revive", "out", "--lang=en")
    assert (revived.status, victim in revived.out) == (0, True), revived.err
    assert calls.lines("chaos.jsonl")[-1]["step"] == "back"
    ended = calls.call("clearway", "run", "--resume=out", "--allow-chaos")
    assert ended.status == 0, ended.out + ended.err
    told = calls.findings()
    assert [found["code"] for found in told] == ["chaos.node-broken"] * 2
    assert {found["subject"] for found in told} == {victim}
    assert {"seen", "back", "took"} <= told[-1]["values"].keys()
    calls.ready(victim)


def test_a_link_that_is_down_is_seen_in_the_measurements_and_judged_by_what_is_whole(calls: Calls) -> None:
    kubeconfig = f"--kubeconfig={calls.cluster.kubeconfig}"
    spec = calls.spec("link-down", "60s")
    ended = calls.call("clearway", "run", str(spec), kubeconfig, "--report-dir=out", "--allow-chaos")
    assert ended.status == 0, ended.out + ended.err
    (victim,) = {node for _, node in calls.seen()}
    outcomes = {(one["probe"], one["half"]): one["outcome"] for one in calls.lines("results.jsonl")}
    touched = {key for key in outcomes if f"{victim}/" in key[0]}
    assert (len(outcomes), len(touched)) == (12, 8)
    assert "measured" not in {outcomes[key] for key in touched}
    assert {outcomes[key] for key in outcomes.keys() - touched} == {"measured"}
    assert "unreachable" in {outcomes[key] for key in touched}
    calls.ready(victim)
    assert calls.bombs() == ""


def test_a_config_that_breaks_nodes_is_run_by_the_door(calls: Calls) -> None:
    (calls.folder / "config.yaml").write_text(CONFIG, encoding="utf-8")
    words = ("--testconfig=config.yaml", "--provider=skeleton", "--settings=clusterloader2", "--report-dir=out")
    kubeconfig = f"--kubeconfig={calls.cluster.kubeconfig}"
    refused = calls.call("clusterloader2", kubeconfig, *words)
    assert refused.status == 2, refused.err
    assert not calls.report_dir.exists()
    ended = calls.call("clusterloader2", kubeconfig, *words, "--allow-chaos")
    assert ended.status == 0, ended.err
    assert [(one["node"], one["step"]) for one in calls.lines("chaos.jsonl")] == [
        ("node-3", "breaking"),
        ("node-3", "back"),
    ]
    (run,) = calls.report_dir.glob("NetworkPerformanceMetrics_*_net")
    assert [(found["code"], found["subject"]) for found in calls.findings(run)] == [("chaos.node-broken", "node-3")]
    (measured,) = calls.report_dir.glob("NetworkPerformanceMetrics_*.json")
    assert json.loads(measured.read_text())["dataItems"]
    calls.ready("node-3")
    assert calls.bombs() == ""


@pytest.mark.fault("controller", "Ctrl-C while a node is broken on purpose", "The node is put back first.")
def test_ctrl_c_puts_a_node_back_before_the_command_ends(calls: Calls) -> None:
    kubeconfig = f"--kubeconfig={calls.cluster.kubeconfig}"
    spec = calls.spec("kubelet-and-runtime", "10min")
    with calls.begin("clearway", "run", str(spec), kubeconfig, "--report-dir=out", "--allow-chaos") as process:
        wait_for(lambda: "chaos-breaking" in [kind for kind, _ in calls.seen()] or process.poll() is not None)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=120)
    assert process.returncode == 130, said
    victim = calls.seen()[-1][1]
    assert {f"kubelet-{victim}", f"containerd-{victim}"} <= set(calls.cluster.machinery.running())
    assert calls.lines("chaos.jsonl")[-1]["step"] == "back"
    assert calls.bombs() == ""
    calls.ready(victim)
