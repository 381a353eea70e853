"""What a plan will cost."""

from __future__ import annotations

from clearway.base.units import Duration, Size
from clearway.plan.forecast import HANDING_OUT, Forecast, forecast
from clearway.plan.schedule import make_plan
from clearway.probe.records import Inventory
from clearway.spec.model import Spec
from unit.plan.worlds import cluster, spec


def cost(wanted: Spec, world: Inventory) -> Forecast:
    return forecast(make_plan(wanted, world), wanted, world)


def test_time_is_the_longest_load_of_each_round_and_what_lies_between() -> None:
    found = cost(spec({"duration": "10s", "warm-up": "2s"}, gap="1s"), cluster(2))
    assert found.rounds == 2
    assert found.time == (Duration(13) + HANDING_OUT) * 2


def test_tcp_fills_the_link() -> None:
    found = cost(spec({"duration": "8s", "warm-up": "2s"}), cluster(2))
    assert found.traffic == Size(2 * 10 * 1e9 / 8)


def test_incast_fills_the_servers_link_once() -> None:
    found = cost(spec({"duration": "8s", "warm-up": "2s", "pairing": "incast", "server": "node-1"}), cluster(5))
    assert found.tests[0].traffic is not None
    assert round(found.tests[0].traffic.si) == 10 * 1e9 / 8
    assert found.tests[0].pairs == 4


def test_an_unknown_link_makes_tcp_unknown_but_not_udp() -> None:
    udp = {"name": "udp", "protocol": "udp", "rate": "80 Mbit/s", "duration": "8s", "warm-up": "2s"}
    found = cost(spec({}, udp), cluster(2, link=None))
    assert found.unknown == ("tcp",)
    assert found.traffic == Size(2 * 10 * 80e6 / 8)


def test_background_counts_as_probes_and_traffic_but_not_as_pairs() -> None:
    http = {"name": "http", "protocol": "http", "rate": "100/s", "body": "1000 B", "duration": "8s", "warm-up": "2s"}
    plain, loaded = (cost(spec({**http, "background": load}), cluster(2)) for load in (None, {"streams": 4}))
    assert plain.traffic == Size(2 * 10 * 100 * 1000)
    assert (loaded.tests[0].pairs, loaded.probes) == (2, 4)
    assert loaded.traffic == Size(2 * 11 * 1e9 / 8) + plain.traffic


def test_the_busiest_node_is_the_one_in_most_probes() -> None:
    found = cost(spec({"pairing": "incast", "server": "node-3"}), cluster(4))
    assert found.busiest is not None
    assert (found.busiest.node, found.busiest.probes) == ("node-3", 3)


def test_nothing_planned_costs_nothing() -> None:
    found = cost(spec({}), cluster(1))
    assert (found.rounds, found.time, found.busiest, found.unknown) == (0, Duration(0), None, ())
