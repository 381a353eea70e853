"""What `clearway plan` says before anything is started."""

from __future__ import annotations

import json

import pytest

from clearway.plan.forecast import forecast
from clearway.plan.schedule import make_plan
from clearway.plan.unseen import unseen
from clearway.report.forecast import render_forecast
from clearway.report.wording import Language
from unit.report.factories import TCP, UDP, inventory, spec

WISH = spec(TCP, UDP)


def said(language: Language = "en", zones: int = 1, *, as_json: bool = False) -> str:
    nodes = inventory(zones=zones)
    plan = make_plan(WISH, nodes)
    return render_forecast(WISH, plan, forecast(plan, WISH, nodes), language, as_json=as_json)


def test_every_test_has_its_pairs_rounds_traffic_and_time() -> None:
    rows = {line.split("  ")[0]: line.split() for line in said().splitlines()}
    assert rows["bandwidth"][1:4] == ["12", "3", "12"]
    assert rows["loss and jitter"][3:6] == ["4", "2", "4"]
    assert "total" in rows


def test_what_the_plan_found_is_said_in_both_languages() -> None:
    assert "No node has a zone label: all 4 nodes are one zone." in said(zones=0)
    assert "노드 4개를 하나의 존으로 보았습니다." in said("ko", zones=0)


def test_one_probe_is_said_as_one() -> None:
    wish, nodes = spec({**TCP, "pairing": "one-to-one", "direction": "forward"}), inventory(2)
    plan = make_plan(wish, nodes)
    text = render_forecast(wish, plan, forecast(plan, wish, nodes), "en", as_json=False)
    assert "The busiest node is node-1, with 1 probe." in text
    assert "with 8 probes." in said()


def test_the_seed_is_said_so_that_the_same_plan_can_run() -> None:
    assert "`--set seed=1`" in said()
    assert "`--set seed=1`" in said("ko")


def test_json_holds_the_same_figures() -> None:
    data = json.loads(said(as_json=True, zones=0))
    assert [test["rounds"] for test in data["tests"]] == [3, 2]
    assert data["rounds"] == 5
    assert data["seed"] == 1
    assert data["findings"][0]["code"] == "plan.one-zone"
    assert set(data["time"]) == {"s"}


def test_what_the_plan_cannot_see_is_listed_and_a_wider_plan_sees_more() -> None:
    text, data = said(), json.loads(said(as_json=True))
    assert "This plan cannot see:\n" in text
    assert "- a limit per flow: no test has one TCP stream where another has several\n" in text
    assert {reason["code"] for reason in data["unseen"]} >= {"unseen.single-flow", "unseen.members", "unseen.credit"}
    assert "이 계획으로 알 수 없는 것:\n" in said("ko")


@pytest.mark.parametrize(
    ("code", "test"),
    [
        ("unseen.single-flow", {**TCP, "name": "one", "streams": "1"}),
        ("unseen.members", {**UDP, "name": "many", "flows": "32"}),
        ("unseen.credit", {**TCP, "name": "long", "duration": "60s"}),
        ("unseen.full-load", {"name": "latency", "protocol": "http", "rate": "100/s", "background": {}}),
    ],
)
def test_a_test_that_would_show_a_fault_takes_it_off_the_list(code: str, test: dict[str, object]) -> None:
    def codes(*tests: dict[str, object]) -> set[str]:
        wish, nodes = spec(*tests), inventory(4)
        return {reason.code for reason in unseen(wish, make_plan(wish, nodes), nodes)}

    assert code in codes(TCP, UDP)
    assert code not in codes(TCP, UDP, test)


def test_roads_that_no_test_measures_are_counted() -> None:
    wish, nodes = spec({**TCP, "pairing": "one-to-one"}), inventory(4)
    (roads,) = (reason for reason in unseen(wish, make_plan(wish, nodes), nodes) if reason.code == "unseen.roads")
    assert roads.values == {"roads": 8, "all": 12}
