"""A test's path in the plan: which worker has which end, which workers need a Service, and rungs in turns."""

from __future__ import annotations

from collections import Counter

import pytest

from clearway.plan.model import Plan
from clearway.plan.schedule import make_plan
from clearway.probe.records import Slot
from clearway.spec.load import read_spec
from making import inventory

TEST = """
version: 1
tests:
- {{name: it, protocol: {protocol}, direction: forward, {fields}}}
"""


def plan(fields: str, protocol: str = "tcp", nodes: int = 2) -> Plan:
    return make_plan(read_spec(TEST.format(protocol=protocol, fields=fields)), inventory(nodes))


NETWORKS = {
    "pod": ("pod", "pod"),
    "host": ("host", "host"),
    "host-to-pod": ("host", "pod"),
    "cluster-ip": ("pod", "pod"),
    "node-port": ("pod", "pod"),
}


@pytest.mark.parametrize("protocol", ["tcp", "http"])
@pytest.mark.parametrize(("path", "networks"), NETWORKS.items())
def test_client_and_server_are_in_the_networks_of_the_path(path: str, networks: tuple[str, str], protocol: str) -> None:
    made = plan(f"path: {path}", protocol)
    for probe in made.probes:
        assert (probe.client.network, probe.server.network) == networks
        assert probe.path == path
    served = {probe.server: frozenset((path,)) for probe in made.probes}
    assert made.services == (served if path in ("cluster-ip", "node-port") else {})


def test_a_worker_in_each_network_is_asked_for() -> None:
    assert plan("ladder: [host, pod], repeats: {min: 6}").slots == (
        Slot("node-1", network="host"),
        Slot("node-1"),
        Slot("node-2", network="host"),
        Slot("node-2"),
    )


def test_rungs_are_measured_in_turns_over_the_same_pairs_and_each_is_first_as_often() -> None:
    made = plan("ladder: [host, pod, cluster-ip, node-port], repeats: {min: 8}", nodes=6)
    turns = [made.rounds[at : at + 4] for at in range(0, len(made.rounds), 4)]
    assert len(turns) == 8
    for turn in turns:
        assert len({round_.test for round_ in turn}) == 4
        assert len({tuple((p.source.node, p.target.node, p.repeat) for p in round_.probes) for round_ in turn}) == 1
    assert Counter(turn[0].test for turn in turns) == {
        "it host": 2,
        "it pod": 2,
        "it cluster-ip": 2,
        "it node-port": 2,
    }


def test_load_beside_a_test_of_the_answers_goes_to_the_client_which_has_no_service() -> None:
    made = plan("path: node-port, background: {}", "http")
    load = next(probe for probe in made.probes if probe.role.value == "background")
    assert (load.path, load.server.network) == ("pod", "pod")
    assert set(made.services) == {probe.server for probe in made.probes if probe is not load}
