"""Judging while nodes leave: what was measured before stays, and nothing is claimed from then on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clearway.campaign.conclusion import conclude
from clearway.campaign.next import next_round
from clearway.ledger.record import Record
from clearway.probe.records import Observation
from clearway.report.text import TextReport
from clearway.report.wording import LANGUAGES
from clearway.spec.load import read_spec
from clearway.verdict.judge import judge
from clearway.verdict.model import PairState, State
from making import after, inventory, measured, planned

SPEC = read_spec("""
version: 1
tests:
- {name: first, protocol: tcp, pairing: mesh, direction: forward, accept: [throughput >= 1 Mbit/s]}
- {name: second, protocol: tcp, pairing: mesh, direction: forward, accept: [throughput >= 1 Mbit/s]}
""")
FIRST, SECOND = 100.0, 200.0
"""When the rounds of each test begin; they measure for 12 s."""


def run(*seen: Observation) -> Record:
    record = planned(SPEC, inventory(3))
    starts = [Observation("round-start", one.id, FIRST if one.test == "first" else SECOND) for one in record.plan]
    done = after(record, record.plan, lambda round_, probe: measured(round_, probe, 9e8))
    return replace(done, observations=(*starts, *seen))


@pytest.mark.parametrize("kind", ["node-left", "node-replaced", "node-cordoned"])
@pytest.mark.fault(
    "cluster", "a node is cordoned, or replaced under its name, during a run", "As for a node that leaves."
)
def test_nothing_is_claimed_about_a_node_from_when_it_left(kind: str) -> None:
    record = run(Observation(kind, "node-3", 150.0, {}))
    first, second = judge(record).tests
    assert (first.state, second.state) == (State.PASS, State.INCONCLUSIVE)
    (leaf,) = second.criteria
    assert leaf.count(PairState.UNDECIDED) == 2
    assert {reason.code for pair in leaf.pairs for reason in pair.reasons} == {f"verdict.{kind}"}
    assert next_round(record) is None, "another attempt would prove as little"


def test_a_measurement_that_it_left_in_the_middle_of_proves_nothing() -> None:
    first, _ = judge(run(Observation("node-left", "node-3", FIRST + 5, {}))).tests
    assert first.state is State.INCONCLUSIVE


def test_a_cordon_that_was_lifted_is_over() -> None:
    lifted = Observation("node-cordoned", "node-3", 150.0, {}), Observation("node-uncordoned", "node-3", 160.0, {})
    assert judge(run(*lifted)).state is State.PASS
    again = next_round(run(*lifted[:1], replace(lifted[1], at=SECOND + 5)))
    assert again is not None
    assert again.test == "second"


def test_a_node_that_is_added_changes_nothing() -> None:
    assert judge(run(Observation("node-added", "node-9", 150.0, {}))).state is State.PASS


@pytest.mark.parametrize("kind", ["node-left", "node-replaced", "node-cordoned", "node-uncordoned", "node-added"])
def test_a_report_names_the_node_and_the_time(kind: str) -> None:
    record = run(Observation(kind, "node-3", 1_795_571_446.0, {}))
    for language in LANGUAGES:
        text = TextReport().render(conclude(record, language))
        assert any("node-3" in line and "2026-11-25" in line for line in text.splitlines())
