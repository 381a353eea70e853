"""What a cluster's pod network costs: a run on pods beside one on the same hosts, as a table or as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from clearway.base.errors import UsageError
from clearway.base.units import Quantity
from clearway.diagnose.compare import Change, TestComparison, compare
from clearway.ledger.record import Record
from clearway.probe.json_values import VALUE
from clearway.probe.records import Finding, Severity
from clearway.report.outline import Column
from clearway.report.phrases import Phrases
from clearway.report.text import printed, table
from clearway.report.wording import Language, describe_finding

_COLUMNS = ("test", "figure", "pair", "hosts", "pods", "cost")
_WORDS = ("test", "figure", "pair")


def render_cost(hosts: Record, pods: Record, language: Language, *, as_json: bool) -> str:
    """Raises UsageError if one was not measured where it has to be, or if they have no figure in common."""
    _require(hosts, "host", "cni.not-on-hosts")
    _require(pods, "pod", "cni.not-on-pods")
    tests, phrases = compare(hosts, pods), Phrases(language)
    costs, remarks = [cost for test in tests for cost in test.changes], list(_remarks(tests))
    runs = {"hosts": hosts.manifest.run, "pods": pods.manifest.run}
    if not costs:
        raise UsageError("cni.nothing-in-common", **runs)
    if as_json:
        worded = [phrases.finding_data(remark) for remark in remarks]
        data = {"format": 1, **runs, "costs": [_cost(cost) for cost in costs], "remarks": worded}
        return json.dumps(data, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
    columns = [Column(phrases.say(f"column.{name}"), words=name in _WORDS) for name in _COLUMNS]
    drawn = printed([table(columns, (_row(cost, phrases) for cost in costs))])
    said = [describe_finding(remark, language) for remark in remarks]
    return "\n".join([phrases.say("cni.title", **runs), drawn, phrases.say("cni.sign"), *said]) + "\n"


def _require(record: Record, network: str, code: str) -> None:
    if {worker.network for worker in record.workers} != {network}:
        raise UsageError(code, run=record.manifest.run, site=record.manifest.site)


def _remarks(tests: Iterable[TestComparison]) -> Iterator[Finding]:
    """Tests of one name that did not do the same first, then pairs that only one run has."""
    for test in tests:
        if test.differing:
            yield Finding("cni.tests-differ", Severity.WARNING, test.test, {"fields": test.differing})
    for test in tests:
        if test.known and not test.common:
            yield Finding("cni.no-pair-in-common", Severity.WARNING, test.test)
        elif test.common < test.known:
            values = {"common": test.common, "pairs": test.known}
            yield Finding("cni.pairs-left-out", Severity.INFO, test.test, values)


def _row(cost: Change, phrases: Phrases) -> tuple[str, ...]:
    """The test and the figure stand once, beside the median."""
    figure = phrases.measure(cost.figure.metric, cost.figure.statistic)
    first = (cost.test, figure, phrases.say("cni.median"))
    if cost.pair is not None:
        first = ("", "", phrases.subject(cost.pair))
    share = phrases.say("cni.no-share") if cost.share is None else f"{cost.share.si * 100:+.1f} %"
    return (*first, str(cost.first), str(cost.second), share)


def _cost(cost: Change) -> dict[str, Any]:
    ends = {} if cost.pair is None else {"sender": str(cost.pair[0]), "receiver": str(cost.pair[1])}
    share: dict[str, Quantity] = {} if cost.share is None else {"cost": cost.share}
    quantities = {"hosts": cost.first, "pods": cost.second, **share}
    return {
        "test": cost.test,
        "metric": cost.figure.metric.name,
        "statistic": cost.figure.statistic,
        **ends,
        **{name: VALUE.encode(value) for name, value in quantities.items()},
    }
