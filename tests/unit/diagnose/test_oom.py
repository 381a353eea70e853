"""Out-of-memory kills in the reports: named, and never "none" where nobody looked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from clearway.campaign.conclusion import conclude
from clearway.diagnose.resources import memory_findings
from clearway.ledger.record import Record
from clearway.probe.measurement import Counters
from clearway.probe.records import Observation
from clearway.report.conditions import conditions
from clearway.report.junit import JunitReport
from clearway.report.phrases import Phrases
from clearway.report.text import TextReport
from unit.report.runs import RUNS

EATER = {
    "source": "containers",
    "time": 1_795_571_446.0,
    "node": "node-2",
    "namespace": "shop",
    "pod": "eater",
    "container": "tools",
    "limit": "32Mi",
}


def run(*seen: tuple[str, str, dict[str, Any]]) -> Record:
    record = RUNS["accepted"].record
    return replace(
        record, observations=tuple(Observation(kind, subject, 0.0, values) for kind, subject, values in seen)
    )


def condition(record: Record) -> str:
    (found,) = (part.value for part in conditions(record, Phrases("en")) if part.name == "out-of-memory")
    return found


def test_without_an_observer_it_is_not_observed() -> None:
    assert condition(run()) == "not observed"


def test_none_is_said_with_the_observers() -> None:
    record = run(("oom-observer", "containers", {"scope": "cluster"}), ("oom-observer", "events", {"scope": "cluster"}))
    assert condition(record) == "none seen by the statuses of all containers, the nodes' events"
    narrow = run(("oom-observer", "containers", {"scope": "mine"}))
    assert condition(narrow) == "none seen by the statuses of containers in mine"


def test_a_kill_is_named_with_pod_node_time_and_limit_in_every_report() -> None:
    record = run(("oom-observer", "containers", {"scope": "cluster"}), ("oom", "shop/eater", EATER))
    assert condition(record) == "1 seen by the statuses of all containers"
    for report in (TextReport(width=300), JunitReport()):
        text = report.render(conclude(record, "en"))
        for word in ("shop/eater", "node-2", "2026-11-25 01:50:46 UTC", "32Mi"):
            assert word in text


def test_what_could_not_be_looked_at_is_a_finding() -> None:
    record = run(("oom-not-observed", "kernel-log", {"scope": "node-1", "cause": "no road"}))
    assert [(one.code, one.subject) for one in memory_findings(record)] == [("oom.no-kernel-log", "node-1")]
    assert condition(record) == "not observed"


def test_a_worker_whose_cgroup_counted_a_kill_is_named_once() -> None:
    record = run()
    counted = [
        replace(one, counters=Counters(oom_kills=int(one.probe == record.results[0].probe))) for one in record.results
    ]
    record = replace(record, results=tuple(counted))
    found = [one for one in memory_findings(record) if one.code == "oom.worker"]
    assert {str(one.values["probe"]) for one in found} == {record.results[0].probe}
    assert len({one.subject for one in found}) == len(found)
    assert condition(record).endswith("seen by the workers' own counters")


def test_of_very_many_kills_the_rest_is_counted() -> None:
    record = run(*(("oom", f"shop/eater-{number}", EATER) for number in range(50)))
    *shown, last = memory_findings(record)
    assert (len(shown), last.code, last.values["count"]) == (20, "oom.more", 30)
