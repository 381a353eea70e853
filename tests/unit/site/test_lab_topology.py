"""The commands that build a lab, without running them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.base.units import Duration, Rate, Ratio
from clearway.site.lab.model import LabSpec, Link, LinkException
from clearway.site.lab.topology import Addresses, build_steps, drops, loss_rules, shaper


def texts(lab: LabSpec, tool: str) -> list[str]:
    return [line for step in build_steps(lab) if step.argv[0] == tool for line in step.text.splitlines()]


def test_both_ends_of_every_link_are_shaped_to_its_rate() -> None:
    lab = LabSpec(exceptions=(LinkException(node="node-3", rate=Rate(1e8)),))
    queues = texts(lab, "tc")
    assert len(queues) == 8
    assert [line for line in queues if "rate 100000000bit" in line] == [
        "qdisc add dev port-3 root tbf rate 100000000bit burst 131072b latency 50ms",
        "qdisc add dev eth0 root tbf rate 100000000bit burst 131072b latency 50ms",
    ]


@given(rate=st.floats(1e6, 1e11))
def test_a_link_makes_up_for_ten_milliseconds_in_which_the_machine_stood_still(rate: float) -> None:
    words = shaper(Rate(rate)).split()
    burst = int(words[words.index("burst") + 1].removesuffix("b"))
    assert burst == pytest.approx(max(131_072, rate / 8 * 0.01), abs=1)


def test_only_lossy_nodes_get_rules() -> None:
    lab = LabSpec(exceptions=(LinkException(node="node-2", loss=Ratio(0.01)),))
    rules = [step.argv for step in build_steps(lab) if "nft" in step.argv]
    assert rules == [("nsenter", "--net=/run/netns/node-2", "nft", "-j", "-f", "-")]


def test_a_delay_stands_before_the_shaper() -> None:
    lab = LabSpec(nodes=2, link=Link(delay=Duration(0.01)))
    leaving = [line for line in texts(lab, "tc") if "eth0" in line]
    assert leaving[:2] == [
        "qdisc add dev eth0 root handle 1: netem delay 10000us limit 100000",
        "qdisc add dev eth0 parent 1:1 handle 10: tbf rate 1000000000bit burst 1250000b latency 50ms",
    ]


@given(family=st.sampled_from([4, 6]), nodes=st.integers(2, 250))
def test_no_two_nodes_share_an_address(family: int, nodes: int) -> None:
    addresses = {Addresses(family).of(node) for node in LabSpec(nodes=nodes, ip=family).resolved()}
    assert len(addresses) == nodes


@given(loss=st.floats(1e-9, 1))
def test_the_drawn_numbers_that_are_lost_are_the_share_asked_for(loss: float) -> None:
    match = loss_rules(Ratio(loss))["nftables"][-1]["add"]["rule"]["expr"][1]["match"]
    lost = match["right"] + 1
    assert 1 <= lost <= 1_000_000
    assert abs(lost / 1_000_000 - loss) <= 1e-6


def test_counters_are_read_by_transport_and_port() -> None:
    element = {"elem": {"val": {"concat": ["udp", 5001]}, "counter": {"packets": 29, "bytes": 43_442}}}
    listing = {"nftables": [{"metainfo": {}}, {"set": {"name": "dropped", "elem": [element]}}]}
    assert drops(json.dumps(listing)) == {("udp", 5001): 29}
    assert drops(json.dumps({"nftables": [{"set": {"name": "dropped"}}]})) == {}


def test_the_steps_read_as_a_script() -> None:
    script = "\n".join(step.as_shell() for step in build_steps(LabSpec(nodes=2)))
    assert script.startswith("mount -t tmpfs -o mode=755 lab /run\nip -batch - <<'END'\nlink add fabric type bridge")
    assert script.count("<<'END'") == script.count("\nEND")
