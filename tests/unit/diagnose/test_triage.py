"""Is it the road or the application: what two nodes show, against limits and an earlier run."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from clearway.base.errors import UsageError
from clearway.base.units import Duration
from clearway.diagnose.triage import Answer, Triage, triage
from clearway.ledger.record import Record
from clearway.plan.model import wanted_nodes
from clearway.plan.schedule import make_plan
from clearway.probe.measurement import Udp
from clearway.probe.parameters import TcpParameters, UdpParameters
from clearway.probe.records import Outcome, Probe, Result, Role, Round
from clearway.report.phrases import Phrases
from clearway.report.triage import TriageReport
from clearway.report.wording import Language
from clearway.spec.load import read_spec
from clearway.spec.triage import triage_spec
from clearway.verdict.judge import judge
from making import after, inventory, measured, planned, void

NODES = ("node-1", "node-2")
MBIT = 1e6
Value = Callable[[Probe], float]
STANDARD = """
version: 1
tests:
- {name: bandwidth, protocol: tcp, streams: 8}
"""


def sound(probe: Probe) -> float:
    """Of a road of 900 Mbit/s without loss, 0.1 ms long and 4 ms under load."""
    if isinstance(probe.parameters, TcpParameters):
        return 900 * MBIT
    if isinstance(probe.parameters, UdpParameters):
        return 0.0
    return 0.0001 if probe.role is Role.IDLE else 0.004


def run(value: Value = sound) -> Record:
    """The planned rounds of a triage; values in bit/s, as a share, or in seconds."""
    record = planned(triage_spec(NODES), inventory(2))
    return after(record, record.plan, lambda round_, probe: seen(round_, probe, value(probe)))


def seen(round_: Round, probe: Probe, value: float) -> tuple[Result, ...]:
    """Datagrams that never stood still."""
    serve, send = measured(round_, probe, value, count=5_000)
    flow = serve.measurement
    return (replace(serve, measurement=replace(flow, stall=Duration(0))) if isinstance(flow, Udp) else serve), send


def of(record: Record, baseline: Record | None = None) -> Triage:
    return triage(record, judge(record), baseline)


def slow_back(probe: Probe) -> float:
    """Bulk from node-2 to node-1 crawls."""
    is_slow = isinstance(probe.parameters, TcpParameters) and probe.source.node == "node-2"
    return 40 * MBIT if is_slow else sound(probe)


def report(record: Record, baseline: Record | None = None, language: Language = "en") -> TriageReport:
    return TriageReport(record, of(record, baseline), baseline, Phrases(language))


def test_a_sound_road_says_to_look_at_the_application() -> None:
    assert of(run()).answer is Answer.APPLICATION
    assert report(run()).sentence == (
        "It is not the road: between node-1 and node-2 it meets every limit both ways; look at the application."
    )


def test_a_slow_direction_is_named_with_its_figure() -> None:
    found = of(run(slow_back))
    assert found.answer is Answer.ROAD
    assert {(str(sign.pair[0].node), sign.figure.metric.name) for sign in found.signs} == {("node-2", "throughput")}
    sentence = report(run(slow_back)).sentence
    assert sentence.startswith("It is the road, not the application: node-2 -> node-1, throughput (mean): 40.00 Mbit/s")
    assert "at least 100.00 Mbit/s" in sentence


def test_the_strongest_sign_comes_first_and_the_others_are_counted() -> None:
    def value(probe: Probe) -> float:
        return 0.05 if isinstance(probe.parameters, UdpParameters) else slow_back(probe)

    found = of(run(value))
    assert [sign.figure.metric.name for sign in found.signs] == ["loss", "loss", "throughput"]
    assert "(2 more signs below)" in report(run(value)).sentence


def test_a_dead_road_is_the_strongest_sign() -> None:
    def answer(round_: Round, probe: Probe) -> tuple[Result, ...]:
        dead = probe.source.node == "node-1" and isinstance(probe.parameters, TcpParameters)
        return void(round_, probe, Outcome.UNREACHABLE) if dead else seen(round_, probe, slow_back(probe))

    record = planned(triage_spec(NODES), inventory(2))
    record = after(record, record.plan, answer)
    strongest = of(record).signs[0]
    assert (strongest.pair[0].node, strongest.value) == ("node-1", None)
    assert report(record).sentence.startswith("It is the road, not the application: node-1 -> node-2: ")


def test_what_could_not_be_measured_is_not_known() -> None:
    record = planned(triage_spec(NODES), inventory(2))

    def answer(round_: Round, probe: Probe) -> tuple[Result, ...]:
        spoiled = isinstance(probe.parameters, UdpParameters)
        return void(round_, probe, Outcome.TOOL_FAILED) if spoiled else seen(round_, probe, sound(probe))

    record = after(record, record.plan, answer)
    assert of(record).answer is Answer.UNKNOWN
    assert report(record).sentence.startswith("Whether it is the road is not known: packet loss, node-1 -> node-2: ")


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_road_that_meets_the_limits_but_carries_half_of_the_baseline_is_the_road(language: Language) -> None:
    def half(probe: Probe) -> float:
        return sound(probe) / 2 if isinstance(probe.parameters, TcpParameters) else sound(probe)

    assert of(run(half)).answer is Answer.APPLICATION
    found = of(run(half), baseline=run())
    assert found.answer is Answer.ROAD
    assert {sign.figure.metric.name for sign in found.signs} == {"throughput"}
    sentence = report(run(half), run(), language).sentence
    assert "450.00 Mbit/s" in sentence
    assert "900.00 Mbit/s" in sentence


def test_a_baseline_that_was_as_good_changes_nothing() -> None:
    assert of(run(), baseline=run()).answer is Answer.APPLICATION
    assert "as good as in the baseline test" in report(run(), run()).sentence


def test_of_another_spec_the_test_that_does_the_same_is_the_baseline() -> None:
    """And where these two nodes never met in it, the median of all pairs."""
    before = planned(read_spec(STANDARD), inventory(6, link=None))
    before = after(before, before.plan, lambda round_, probe: measured(round_, probe, 5e9))
    found = of(run(), before)
    assert found.answer is Answer.ROAD
    assert {(sign.test, sign.usual.si) for sign in found.signs if sign.usual} == {("eight flows", 5e9)}


def test_the_text_has_a_column_for_each_direction_and_json_the_same_figures() -> None:
    shown = report(run(slow_back), run())
    head = next(line for line in shown.text().splitlines() if line.startswith("test"))
    assert [head.count(word) for word in ("node-1 -> node-2", "node-2 -> node-1", "baseline")] == [1, 1, 2]
    data = json.loads(shown.json())
    assert (data["answer"], data["sentence"]) == ("road", shown.sentence)
    assert {"test": "eight flows", "metric": "throughput", "sender": "node-2/0"}.items() <= data["signs"][0].items()
    figure = next(one for one in data["figures"] if one["test"] == "one flow" and one["sender"] == "node-1/0")
    assert (figure["value"], figure["baseline"]) == ({"bit/s": 9e8}, {"bit/s": 9e8})


def test_only_the_named_nodes_are_measured() -> None:
    spec = triage_spec(("node-2", "node-5"))
    chosen = wanted_nodes(spec, inventory(6, zones=("zone-a", "zone-b")))
    plan = make_plan(spec, chosen)
    assert {slot.node for slot in plan.slots} == {"node-2", "node-5"}
    assert all(len(plan.pairs(test.name)) == 2 for test in spec.tests)


def test_a_node_that_is_not_there_is_named() -> None:
    with pytest.raises(UsageError) as raised:
        wanted_nodes(triage_spec(("node-2", "node-77")), inventory(6))
    assert raised.value.code == "plan.no-such-node"
