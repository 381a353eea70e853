"""What explains a verdict is added to it, and changes nothing that was judged."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clearway.campaign.conclusion import conclude
from clearway.diagnose import diagnose
from clearway.probe.records import Observation, Role, Trial
from clearway.verdict.attempt import own_doubts
from clearway.verdict.doubts import Doubt
from clearway.verdict.judge import judge
from unit.report.runs import RUNS, Run


@pytest.mark.parametrize("run", RUNS.values(), ids=list(RUNS))
def test_a_diagnosis_changes_nothing_that_was_judged(run: Run) -> None:
    judged = judge(run.record)
    found = diagnose(run.record, judged)
    assert (
        replace(
            found, findings=(), stand_outs=(), suspects=(), tests=tuple(replace(test, notes=()) for test in found.tests)
        )
        == judged
    )


def test_what_the_plan_found_comes_first_and_each_finding_stands_once() -> None:
    record = RUNS["interrupted"].record
    kill = Observation("oom", "node-2", 0.0, {"source": "kernel-log", "process": "iperf"})
    twice = replace(record, observations=(kill, kill))
    codes = [one.code for one in diagnose(twice, judge(twice)).findings]
    assert codes == ["plan.one-zone", "oom.kernel", "attempt.unexplained"]


def test_verdict_diagnosis_and_report_read_the_attempts_of_a_run_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read = list[Trial]()

    def counted(trial: Trial) -> tuple[Doubt, ...]:
        read.append(trial)
        return own_doubts(trial)

    monkeypatch.setattr("clearway.verdict.trials.own_doubts", counted)
    record = replace(RUNS["rejected"].record)
    conclude(record, "en")
    judged = [trial for trial in read if trial.probe.role is Role.JUDGED]
    assert len(judged) == len({(trial.round, trial.probe.id) for trial in judged}) > 0
