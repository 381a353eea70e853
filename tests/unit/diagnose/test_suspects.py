"""A finished run names the place that its bad pairs have in common, with what it carries and what the rest does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from clearway.base.units import Rate
from clearway.diagnose.retests import suspects
from clearway.probe.records import Inventory, Probe
from clearway.verdict.suspect import Place, PlaceKind, Suspect
from unit.report.factories import HTTP, TCP, UDP, Network, dead_towards, inventory, record, spec

MESH = {**TCP, "accept": []}


def bits(probe: Probe) -> float:
    """Of a healthy pair: they differ by 2 %."""
    sender, receiver = (int(slot.node.partition("-")[2]) for slot in probe.pair)
    return 0.94e9 + 0.01e9 * ((3 * sender + 5 * receiver) % 3)


def slow(where: Callable[[str, str], bool], left: float = 0.7) -> Network:
    """Pairs for which `where` (of sender and receiver) holds carry so much of what the others do."""

    def rate(probe: Probe) -> Rate:
        sender, receiver = (slot.node for slot in probe.pair)
        return Rate(bits(probe) * (left if where(sender, receiver) else 1))

    return Network(rate=rate)


def found(network: Network, nodes: Inventory | None = None, **fields: object) -> dict[Place, Suspect]:
    made = record(spec({**MESH, **fields}), nodes or inventory(8), network)
    return {one.place: one for one in suspects(made)}


def test_a_run_without_a_fault_has_no_suspect() -> None:
    assert found(slow(lambda *_: False)) == {}


@pytest.mark.fault("road", "all that one node receives is slow", "the node and the direction as one suspect")
def test_a_node_that_receives_slowly_is_one_suspect_and_its_sending_is_sound() -> None:
    (one,) = found(slow(lambda _, receiver: receiver == "node-3")).values()
    (sign,) = one.signs
    assert one.place == Place(PlaceKind.RECEIVES, ("node-3",))
    assert one.sound == (Place(PlaceKind.SENDS, ("node-3",)),)
    assert (sign.test, sign.metric, sign.pairs, sign.others, sign.measurements) == ("bandwidth", "throughput", 7, 49, 7)
    assert 0.65e9 < sign.value.si < 0.68e9
    assert 0.94e9 <= sign.elsewhere.si <= 0.96e9
    assert sign.chance.si < 1e-4


def test_a_slow_sender_and_a_slow_receiver_are_two_suspects() -> None:
    named = found(slow(lambda sender, receiver: sender == "node-1" or receiver == "node-5"))
    assert set(named) == {Place(PlaceKind.SENDS, ("node-1",)), Place(PlaceKind.RECEIVES, ("node-5",))}


def test_a_pair_that_was_measured_once_is_no_suspect_by_itself() -> None:
    def one_road(sender: str, receiver: str) -> bool:
        return (sender, receiver) == ("node-1", "node-2")

    assert found(slow(one_road)) == {}
    (one,) = found(slow(one_road), repeats={"min": 2}).values()
    assert one.place == Place(PlaceKind.LINK, ("node-1", "node-2"))
    assert set(one.sound) == {
        Place(PlaceKind.SENDS, ("node-1",)),
        Place(PlaceKind.RECEIVES, ("node-2",)),
        Place(PlaceKind.LINK, ("node-2", "node-1")),
    }


def test_a_slow_zone_pair_is_one_suspect_and_no_slow_senders() -> None:
    zones = {node.name: node.zone for node in inventory(8, zones=2).nodes}
    network = slow(lambda sender, receiver: (zones[sender], zones[receiver]) == ("zone-a", "zone-b"))
    (one,) = found(network, inventory(8, zones=2), scope="any").values()
    assert one.place == Place(PlaceKind.ZONES, ("zone-a", "zone-b"))
    assert Place(PlaceKind.ZONES, ("zone-b", "zone-a")) in one.sound
    assert one.alike == (Place(PlaceKind.LEAVES_ZONE, ("zone-a",)), Place(PlaceKind.ENTERS_ZONE, ("zone-b",)))


def test_an_uplink_of_three_zones_is_one_suspect() -> None:
    zones = {node.name: node.zone for node in inventory(9, zones=3).nodes}
    network = slow(lambda sender, receiver: zones[sender] == "zone-a" != zones[receiver])
    (one,) = found(network, inventory(9, zones=3), scope="any")
    assert one == Place(PlaceKind.LEAVES_ZONE, ("zone-a",))


def test_nodes_of_one_machine_share_its_way_out() -> None:
    nodes = inventory(8)
    shared = tuple(replace(node, machine="host-1" if node.name < "node-3" else node.name) for node in nodes.nodes)
    network = slow(lambda sender, _: sender in ("node-1", "node-2"))
    (one,) = found(network, replace(nodes, nodes=shared))
    assert one == Place(PlaceKind.LEAVES_MACHINE, ("host-1",))


def test_a_node_that_nothing_reaches_carries_nothing() -> None:
    (one,) = found(Network(rate=dead_towards("node-2"))).values()
    assert one.place == Place(PlaceKind.RECEIVES, ("node-2",))
    assert one.signs[0].value == Rate(0)


def test_nodes_on_slower_links_are_compared_as_shares_of_their_links() -> None:
    nodes = inventory(8)
    slower = tuple(replace(node, link=Rate(7e8)) if node.name == "node-3" else node for node in nodes.nodes)
    assert found(slow(lambda *ends: "node-3" in ends), replace(nodes, nodes=slower)) == {}


def test_what_a_one_to_one_test_can_not_distinguish_is_said() -> None:
    nodes = inventory(16)
    network = slow(lambda sender, _: sender == "node-3", left=0.3)
    (one,) = found(network, nodes, pairing="one-to-one", repeats={"min": 2}).values()
    assert one.place.kind is PlaceKind.LINK
    assert {near.kind for near in one.alike} == {PlaceKind.SENDS, PlaceKind.RECEIVES}


def test_figures_of_several_tests_are_signs_of_one_suspect() -> None:
    network = Network(
        rate=slow(lambda _, receiver: receiver == "node-3").rate,
        loss=lambda probe: 0.02 if probe.target.node == "node-3" else 0.0,
        latency=lambda probe: 0.03 if probe.target.node == "node-3" else 0.004,
    )
    wish = spec(MESH, {**HTTP, "pairing": "mesh"}, {**UDP, "pairing": "mesh"})
    (one,) = suspects(record(wish, inventory(8), network))
    assert one.place == Place(PlaceKind.RECEIVES, ("node-3",))
    assert [sign.metric for sign in one.signs] == ["throughput", "latency", "loss"]


def test_the_distance_between_zones_is_no_fault_of_latency() -> None:
    zones = {node.name: node.zone for node in inventory(9, zones=3).nodes}

    def latency(probe: Probe) -> float:
        sender, receiver = (slot.node for slot in probe.pair)
        return 0.008 if {zones[sender], zones[receiver]} == {"zone-a", "zone-c"} else 0.004

    wish = spec({**HTTP, "pairing": "mesh", "scope": "any", "background": None})
    assert suspects(record(wish, inventory(9, zones=3), Network(latency=latency))) == ()
