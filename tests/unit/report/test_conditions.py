"""The conditions of a run name the nodes that differ."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clearway.base.units import Duration
from clearway.ledger.record import Record
from clearway.probe.observations import CLOCK
from clearway.report.conditions import conditions
from clearway.report.phrases import Phrases
from clearway.report.wording import Language
from unit.report.factories import TCP, inventory, record, spec


def shown(made: Record, language: Language = "en") -> dict[str, str]:
    return {part.name: part.value for part in conditions(made, Phrases(language))}


def with_mtu(**mtu: int) -> Record:
    made = record(spec(TCP), inventory(8))
    workers = tuple(replace(one, mtu=mtu.get(one.slot.node.replace("-", "_"), one.mtu)) for one in made.workers)
    return replace(made, workers=workers)


@pytest.mark.parametrize(
    ("mtu", "said"),
    [
        ({}, "1500"),
        ({"node_3": 1400}, "node-3: 1400; the other 7: 1500"),
        ({"node_3": 1400, "node_5": 1400}, "node-3, node-5: 1400; the other 6: 1500"),
        ({"node_3": 1400, "node_5": 9000}, "node-3: 1400; node-5: 9000; the other 6: 1500"),
    ],
)
def test_nodes_that_differ_are_named(mtu: dict[str, int], said: str) -> None:
    assert shown(with_mtu(**mtu))["mtu"] == said


def test_the_same_in_korean() -> None:
    assert shown(with_mtu(node_3=1400), "ko")["mtu"] == "node-3: 1400; 나머지 7개: 1500"


def test_where_every_node_is_different_each_is_named() -> None:
    made = record(spec(TCP), inventory(2))
    workers = tuple(replace(one, facts={"kernel": f"6.{number}"}) for number, one in enumerate(made.workers))
    assert shown(replace(made, workers=workers))["kernel"] == "node-1: 6.0; node-2: 6.1"


def test_a_tool_of_another_version_is_named_with_its_node() -> None:
    made = record(spec(TCP), inventory(4))
    old = replace(made.workers[1], versions={**made.workers[1].versions, "iperf": "2.1.4"})
    workers = (made.workers[0], old, *made.workers[2:])
    said = "node-2: iperf 2.1.4; the other 3: iperf 2.1.8, h2load 1.52.0"
    assert shown(replace(made, workers=workers))["tools"] == said


def test_the_spread_of_starts_includes_what_is_not_known_of_the_clocks() -> None:
    made = record(spec(TCP), inventory(4))
    seen = [CLOCK.seen(str(one.slot), 1.0, {"ahead": Duration(0), "uncertainty": Duration(1)}) for one in made.workers]
    assert shown(replace(made, observations=tuple(seen)))["start-spread"] == "2.01 s"


def test_the_seed_is_a_condition() -> None:
    assert shown(record(spec(TCP, seed=4711), inventory(2)))["seed"] == "4711"


def test_starts_are_shown_as_figures_only_where_packets_were_seen() -> None:
    made = record(spec(TCP), inventory(4))
    assert shown(made)["start-spread"] == "900 us"
    blind = replace(made.workers[2], facts={})
    unseen = shown(replace(made, workers=(*made.workers[:2], blind, made.workers[3])))
    assert "start-spread" not in unseen
    assert unseen["start-latest"] == "not known: workers may not see the packets that leave"
