"""Attempts that are void, or that show what the road did, stand in every format, whether the run is accepted or not."""

from __future__ import annotations

import json
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from clearway.base.units import Duration
from clearway.diagnose import diagnose
from clearway.diagnose.attempts import doubtful_attempts
from clearway.ledger.record import Record
from clearway.probe.measurement import Counters
from clearway.probe.records import Outcome, Probe, Result, Role, Round, RoundReason
from clearway.report.compose import compose
from clearway.report.table import REPORTS
from clearway.report.wording import LANGUAGES, Language
from clearway.spec.load import read_spec
from clearway.verdict.doubts import Doer
from clearway.verdict.judge import judge
from clearway.verdict.model import State
from making import after, inventory, measured, planned, void

HTTP = """
version: 1
tests:
- {name: latency, protocol: http, rate: 500/s, direction: forward, background: {streams: 4},
   accept: ["latency p99 <= 10 ms"]}
"""
CLEAN = Counters(tool_cpu=0.1)


def with_attempts(*answers: tuple[float, Counters, float]) -> Record:
    """One attempt at one pair for each latency, the client's counters, and what the background carried."""
    record = planned(read_spec(HTTP), inventory(2))
    (first,) = record.plan
    for number, (latency, counters, carried) in enumerate(answers):

        def answer(round_: Round, probe: Probe) -> tuple[Result, ...]:
            if probe.role is Role.BACKGROUND:
                return measured(round_, probe, carried)  # noqa: B023 - used before the next turn
            serve, send = measured(round_, probe, latency)  # noqa: B023
            return serve, replace(send, counters=counters)  # noqa: B023

        again = replace(first, id=f"{first.id}.retry-{number}", why=RoundReason.RETRY, origin=first.id)
        record = after(record, [first if number == 0 else again], answer)
    return record


STARVED_THEN_CLEAN = with_attempts((3.6, Counters(paused=Duration(3)), 0.95e9), (0.004, CLEAN, 0.95e9))
WEAK = with_attempts((0.004, CLEAN, 0.02e9))


def rendered(record: Record, name: str, language: Language = "en") -> str:
    return REPORTS[name].render(compose(record, diagnose(record, judge(record)), language))


def plain(text: str) -> str:
    """In one line, without what a format adds."""
    return " ".join(text.replace("\\", "").replace("&gt;", ">").split())


@pytest.mark.parametrize("name", ["text", "markdown", "junit"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_an_accepted_run_lists_the_attempt_that_was_void(name: str, language: Language) -> None:
    assert judge(STARVED_THEN_CLEAN).state is State.PASS
    (part,) = compose(STARVED_THEN_CLEAN, judge(STARVED_THEN_CLEAN), language).attempts
    assert part.sentence in plain(rendered(STARVED_THEN_CLEAN, name, language))


def test_an_attempt_is_said_with_its_pair_its_reason_and_what_it_showed() -> None:
    (part,) = compose(STARVED_THEN_CLEAN, judge(STARVED_THEN_CLEAN), "en").attempts
    head, _, rest = part.sentence.partition(", attempt 1, ")
    assert head in ("latency, node-1 -> node-2", "latency, node-2 -> node-1")
    assert rest.startswith("void and measured again: the worker on node-")
    assert rest.endswith(" did not get to run for 3 s; it showed latency (p99) 3.6 s")


def test_an_accepted_run_says_so_in_its_first_lines() -> None:
    document = compose(STARVED_THEN_CLEAN, judge(STARVED_THEN_CLEAN), "en")
    (remark,) = (one for one in document.remarks if one.code.endswith("-attempts"))
    assert remark.sentence in document.first_lines
    assert remark.sentence.startswith("1 attempt was void and measured again: node-")
    assert remark.sentence.endswith(" (latency).")


def test_json_has_it_with_codes_and_values() -> None:
    (found,) = json.loads(rendered(STARVED_THEN_CLEAN, "json"))["attempts"]
    assert (found["test"], found["attempt"], found["doer"]) == ("latency", 1, "instrument")
    assert (found["in_verdict"], found["measured_again"]) == (False, True)
    assert [reason["code"] for reason in found["reasons"]] == ["verdict.cpu-paused"]
    assert found["values"]["latency p99"] == {"s": pytest.approx(3.6, rel=0.01)}


def test_an_attempt_that_shows_what_the_road_did_is_listed_although_its_value_is_judged() -> None:
    (found,) = doubtful_attempts(WEAK)
    assert (found.doer, found.in_verdict, found.measured_again) == (Doer.ROAD, True, False)


def test_junit_has_it_in_the_suite_of_its_test() -> None:
    (suite,) = ET.fromstring(rendered(WEAK, "junit"))
    said = suite.findtext("system-out") or ""
    assert "attempt 1, evidence about the road: the background traffic carried 20.00 Mbit/s" in said


def test_a_clean_run_lists_no_attempt() -> None:
    clean = with_attempts((0.004, CLEAN, 0.95e9))
    assert doubtful_attempts(clean) == ()
    assert "evidence about the road" not in rendered(clean, "text")


def test_void_attempts_without_a_known_cause_are_a_finding_and_others_are_none() -> None:
    record = planned(read_spec(HTTP), inventory(2))
    broken = after(record, record.plan, lambda r, p: void(r, p, Outcome.UNPARSABLE))
    codes = {one.code: one.values for one in diagnose(broken, judge(broken)).findings}
    assert codes["attempt.unexplained"] == {"count": 2, "attempts": 2}
    explained = diagnose(STARVED_THEN_CLEAN, judge(STARVED_THEN_CLEAN)).findings
    assert "attempt.unexplained" not in {one.code for one in explained}
