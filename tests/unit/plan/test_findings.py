"""What is said of a test's pairs before any traffic."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from clearway.plan.schedule import make_plan
from clearway.probe.records import Finding, Inventory
from clearway.spec.load import load_profile
from unit.plan.worlds import cluster, spec

ANY = {"scope": "any", "direction": "forward", "accept": ["throughput >= 1 Gbit/s"]}


def none_judged(test: dict[str, Any], nodes: Inventory) -> list[Finding]:
    return [found for found in make_plan(spec(test), nodes).findings if found.code == "plan.none-judged"]


def test_pairs_that_all_cross_zones_are_said_not_to_be_judged() -> None:
    (found,) = none_judged(ANY, cluster(1, 1))
    assert (found.subject, found.severity.value, found.values) == ("tcp", "warning", {"pairs": 1})
    (both,) = none_judged({**ANY, "direction": "both-ways"}, cluster(1, 1))
    assert both.values == {"pairs": 2}


@pytest.mark.parametrize(
    ("test", "nodes"),
    [
        ({**ANY, "judge-cross-zone": True}, cluster(1, 1)),
        ({**ANY, "scope": "cross-zone"}, cluster(1, 1)),
        ({**ANY, "accept": []}, cluster(1, 1)),
        ({**ANY, "pairing": "mesh"}, cluster(2, 1)),
        (ANY, cluster(2)),
    ],
    ids=["asked for", "cross-zone is the scope", "no criteria", "some pairs are judged", "one zone"],
)
def test_nothing_is_said_where_a_pair_is_judged_or_nothing_is_asked(test: dict[str, Any], nodes: Inventory) -> None:
    assert none_judged(test, nodes) == []


def in_pods(nodes: Inventory) -> Inventory:
    return replace(nodes, in_pods=True)


def test_a_congestion_control_that_pods_may_be_refused_is_named_before_anything_is_put_up() -> None:
    lab = load_profile("lab").with_seed()
    found = make_plan(lab, in_pods(cluster(4))).findings
    named = [one.subject for one in found if one.code == "plan.congestion-in-pods"]
    assert named == [test.name for test in lab.tests if test.congestion is not None] != []
    assert make_plan(lab, cluster(4)).findings == ()
    standard = make_plan(load_profile("standard").with_seed(), in_pods(cluster(4))).findings
    assert "plan.congestion-in-pods" not in {one.code for one in standard}
