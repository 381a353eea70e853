"""`max-rate`: no node is asked to send, or to receive, more."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.base.errors import UsageError
from clearway.base.units import Rate
from clearway.plan.pace import stated_rate
from clearway.plan.schedule import make_plan
from clearway.probe.records import Role, Round
from unit.plan.worlds import cluster, spec

MOST = Rate(3e8)
LOADED = {"name": "latency", "protocol": "http", "rate": "500/s", "background": {"streams": 4}}
UDP = {"name": "loss", "protocol": "udp", "rate": "20 Mbit/s"}


def paced(*tests: dict[str, Any], nodes: int = 4) -> tuple[Round, ...]:
    return make_plan(spec(*tests, max_rate="300 Mbit/s"), cluster(nodes)).rounds


@given(nodes=st.integers(2, 12), pairing=st.sampled_from(["one-to-one", "mesh", "incast", "all-to-all"]))
def test_no_node_sends_or_receives_more_and_some_node_gets_all_it_may(nodes: int, pairing: str) -> None:
    where = {"server": "node-1"} if pairing == "incast" else {}
    for round_ in paced(*({**test, **where, "pairing": pairing} for test in ({}, LOADED, UDP)), nodes=nodes):
        leaving, arriving = Counter[str](), Counter[str]()
        for probe in round_.probes:
            rate = stated_rate(probe)
            assert rate is not None
            leaving[probe.source.node] += round(rate.si)
            arriving[probe.target.node] += round(rate.si)
        busiest = max(*leaving.values(), *arriving.values())
        assert busiest <= MOST.si + len(round_.probes)
        assert round_.test == "loss" or busiest == pytest.approx(MOST.si, rel=1e-6)


def test_what_has_a_rate_of_its_own_comes_first() -> None:
    judged, load = paced(LOADED, nodes=2)[0].probes
    assert load.role is Role.BACKGROUND
    assert stated_rate(load) == Rate(MOST.si - 500 * 1024 * 8)
    assert stated_rate(judged) == Rate(500 * 1024 * 8)


def test_without_it_bulk_takes_what_it_gets() -> None:
    (probe, *_) = make_plan(spec({}), cluster(2)).probes
    assert stated_rate(probe) is None


@pytest.mark.parametrize(
    ("test", "code"),
    [
        ({**UDP, "rate": "301 Mbit/s"}, r"plan\.above-max-rate"),
        ({"name": "web", "protocol": "http"}, r"plan\.cannot-pace"),
        ({"accept": ["throughput >= 301 Mbit/s"]}, r"plan\.limit-above-max-rate"),
        ({"accept": ["throughput >= 31 % of link"]}, r"plan\.limit-above-max-rate"),
        ({"pairing": "all-to-all", "accept": ["throughput >= 101 Mbit/s"]}, r"plan\.limit-above-max-rate"),
    ],
)
def test_what_it_leaves_no_room_for_is_refused_before_any_traffic(test: dict[str, Any], code: str) -> None:
    with pytest.raises(UsageError, match=code):
        paced(test)


def test_a_limit_that_can_be_reached_is_none_of_its_business() -> None:
    assert paced({"accept": ["throughput >= 300 Mbit/s", "throughput >= 30 % of link"]})
