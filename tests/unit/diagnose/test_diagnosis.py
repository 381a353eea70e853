"""What explains a verdict is added to it, and changes nothing that was judged."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clearway.diagnose import diagnose
from clearway.probe.records import Observation
from clearway.verdict.judge import judge
from unit.report.runs import RUNS, Run


@pytest.mark.parametrize("run", RUNS.values(), ids=list(RUNS))
def test_a_diagnosis_changes_nothing_that_was_judged(run: Run) -> None:
    judged = judge(run.record)
    found = diagnose(run.record, judged)
    assert replace(found, findings=(), tests=tuple(replace(test, notes=()) for test in found.tests)) == judged


def test_what_the_plan_found_comes_first_and_each_finding_stands_once() -> None:
    record = RUNS["interrupted"].record
    kill = Observation("oom", "node-2", 0.0, {"source": "kernel-log", "process": "iperf"})
    twice = replace(record, observations=(kill, kill))
    assert [one.code for one in diagnose(twice, judge(twice)).findings] == ["plan.one-zone", "oom.kernel"]
