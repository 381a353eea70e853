"""The output of `clearway plan`: which rounds would run, how long they take and how much they send."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from clearway.plan.forecast import CostOfTest, Forecast
from clearway.plan.model import Plan
from clearway.probe.json_values import VALUE
from clearway.probe.wire import REASON
from clearway.report.outline import Column
from clearway.report.phrases import Phrases
from clearway.report.text import printed, table
from clearway.report.wording import Language, describe_finding
from clearway.spec.model import Spec

_COLUMNS = ("test", "pairs", "rounds", "probes", "traffic", "time")


def render_forecast(spec: Spec, plan: Plan, forecast: Forecast, language: Language, *, as_json: bool) -> str:
    """A table of the tests with their sum, and what a reader has to know; or the same as JSON."""
    phrases = Phrases(language)
    if as_json:
        return json.dumps(_data(spec, plan, forecast, phrases), ensure_ascii=False, indent=2) + "\n"
    blocks = [phrases.say("forecast.title", title=spec.name), _table(forecast, phrases), *_remarks(forecast, phrases)]
    blocks += [phrases.say("forecast.seed", seed=spec.chance)]
    blocks += [describe_finding(finding, language) for finding in plan.findings]
    blocks += [phrases.say("forecast.unseen"), *(f"- {phrases.reason(reason)}" for reason in forecast.unseen)]
    return "\n".join(blocks) + "\n"


def _table(forecast: Forecast, phrases: Phrases) -> str:
    rows = [
        (cost.name, str(cost.pairs), str(cost.rounds), str(cost.probes), _traffic(cost, phrases), str(cost.time))
        for cost in forecast.tests
    ]
    sums = (str(forecast.rounds), str(forecast.probes), str(forecast.traffic), str(forecast.time))
    rows.append((phrases.say("forecast.total"), "", *sums))
    columns = [Column(phrases.say(f"column.{name}"), words=name == "test") for name in _COLUMNS]
    return printed([table(columns, rows)])


def _traffic(cost: CostOfTest, phrases: Phrases) -> str:
    return phrases.say("forecast.unknown") if cost.traffic is None else str(cost.traffic)


def _remarks(forecast: Forecast, phrases: Phrases) -> Iterator[str]:
    if forecast.unknown:
        yield phrases.say("forecast.traffic-unknown", tests=forecast.unknown)
    if forecast.busiest is not None:
        yield phrases.say("forecast.busiest", node=forecast.busiest.node, probes=forecast.busiest.probes)
    yield phrases.say("forecast.first-tries")


def _data(spec: Spec, plan: Plan, forecast: Forecast, phrases: Phrases) -> dict[str, Any]:
    return {
        "format": 1,
        "name": spec.name,
        "seed": spec.chance,
        "tests": [_cost(cost) for cost in forecast.tests],
        "rounds": forecast.rounds,
        "probes": forecast.probes,
        "traffic": VALUE.encode(forecast.traffic),
        "traffic_unknown": list(forecast.unknown),
        "time": VALUE.encode(forecast.time),
        "unseen": [{**REASON.encode(reason), "sentence": phrases.reason(reason)} for reason in forecast.unseen],
        "findings": [phrases.finding_data(finding) for finding in plan.findings],
    }


def _cost(cost: CostOfTest) -> dict[str, Any]:
    known = {} if cost.traffic is None else {"traffic": VALUE.encode(cost.traffic)}
    return {
        "name": cost.name,
        "pairs": cost.pairs,
        "rounds": cost.rounds,
        "probes": cost.probes,
        "time": VALUE.encode(cost.time),
        **known,
    }
