"""What `clearway plan` says before anything is started."""

from __future__ import annotations

import json

from clearway.plan.forecast import forecast
from clearway.plan.schedule import make_plan
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
    assert rows["bandwidth"][1:4] == ["12", "6", "12"]
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


def test_json_holds_the_same_figures() -> None:
    data = json.loads(said(as_json=True, zones=0))
    assert [test["rounds"] for test in data["tests"]] == [6, 2]
    assert data["rounds"] == 8
    assert data["findings"][0]["code"] == "plan.one-zone"
    assert set(data["time"]) == {"s"}
