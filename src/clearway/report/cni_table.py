"""The pod network's cost as a table for people, or as JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from clearway.base.units import Quantity, Ratio
from clearway.probe.json_values import VALUE
from clearway.report.cni_cost import Comparison, Cost
from clearway.report.language import Language
from clearway.report.outline import Column
from clearway.report.phrases import Phrases
from clearway.report.text import printed, table
from clearway.report.wording import describe_finding

_COLUMNS = ("test", "figure", "pair", "hosts", "pods", "cost")
_WORDS = ("test", "figure", "pair")


def render_cost(comparison: Comparison, language: Language, *, as_json: bool) -> str:
    phrases = Phrases(language)
    if as_json:
        return json.dumps(_data(comparison, phrases), ensure_ascii=False, indent=2, allow_nan=False) + "\n"
    title = phrases.say("cni.title", hosts=comparison.hosts, pods=comparison.pods)
    remarks = [describe_finding(remark, language) for remark in comparison.remarks]
    return "\n".join([title, _table(comparison, phrases), phrases.say("cni.sign"), *remarks]) + "\n"


def _table(comparison: Comparison, phrases: Phrases) -> str:
    columns = [Column(phrases.say(f"column.{name}"), words=name in _WORDS) for name in _COLUMNS]
    return printed([table(columns, _rows(comparison, phrases))])


def _rows(comparison: Comparison, phrases: Phrases) -> Iterator[tuple[str, ...]]:
    for cost in comparison.costs:
        figure = phrases.measure(cost.figure.metric, cost.figure.statistic)
        first = (cost.test, figure) if cost.pair is None else ("", "")
        yield (*first, _subject(cost, phrases), str(cost.hosts), str(cost.pods), _percent(cost.share, phrases))


def _subject(cost: Cost, phrases: Phrases) -> str:
    return phrases.say("cni.median") if cost.pair is None else phrases.subject(cost.pair)


def _percent(share: Ratio | None, phrases: Phrases) -> str:
    return phrases.say("cni.no-share") if share is None else f"{share.si * 100:+.1f} %"


def _data(comparison: Comparison, phrases: Phrases) -> dict[str, Any]:
    return {
        "format": 1,
        "hosts": comparison.hosts,
        "pods": comparison.pods,
        "costs": [_cost(cost) for cost in comparison.costs],
        "remarks": [
            {
                "code": remark.code,
                "severity": remark.severity.value,
                "subject": remark.subject,
                "values": {name: VALUE.encode(value) for name, value in remark.values.items()},
                "sentence": phrases.say(remark.code, subject=remark.subject, **remark.values),
            }
            for remark in comparison.remarks
        ],
    }


def _cost(cost: Cost) -> dict[str, Any]:
    ends = {} if cost.pair is None else {"sender": str(cost.pair[0]), "receiver": str(cost.pair[1])}
    share: dict[str, Quantity] = {} if cost.share is None else {"cost": cost.share}
    quantities = {"hosts": cost.hosts, "pods": cost.pods, **share}
    return {
        "test": cost.test,
        "metric": cost.figure.metric.name,
        "statistic": cost.figure.statistic,
        **ends,
        **{name: VALUE.encode(value) for name, value in quantities.items()},
    }
