"""Acceptances of networks with known faults: each is found, its pair is named, and the sound pair is accepted."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from clearway.diagnose.causes.table import causes_of_place
from clearway.ledger.record import Record
from clearway.verdict.attempt import without_cpu
from clearway.verdict.suspect import Place, PlaceKind
from faults.scenarios import ACCEPTED, GROUPS, LATENCY, OF_CAUSES, SOUND, Scenario, alone, run, said_of
from faults.trial import Acceptance

pytestmark = [pytest.mark.lab, pytest.mark.truth, pytest.mark.slow, pytest.mark.timeout(300)]

Found = Callable[[str], Acceptance]
CASES = [(group, one) for group in GROUPS for one in GROUPS[group].scenarios]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """The run that carries the faults of a group; one for all tests."""
    folder: Path = tmp_path_factory.mktemp("runs")
    return cache(lambda group: asyncio.run(run(folder / group, OF_CAUSES[group])))


REFUSED = [pytest.param(group, one, id=one.name) for group, one in CASES if one.exits != ACCEPTED]
RIGHTLY_SO = [pytest.param(group, one, id=one.name) for group, one in CASES if one.exits == ACCEPTED]


@pytest.mark.parametrize(("group", "scenario"), REFUSED)
@pytest.mark.fault(
    "road",
    "outages, loss, policing, a black hole for large packets, copies",
    "Not accepted; the pair is named, with what was measured.",
)
def test_a_fault_is_not_accepted_and_its_pair_is_named(found: Found, group: str, scenario: Scenario) -> None:
    whole = found(group)
    assert whole.hits[scenario.planted] > 0
    met = alone(whole, scenario)
    assert met.exit_code in scenario.exits, met.text
    assert any(re.search(scenario.says, line) for line in said_of(met, scenario)), met.text


@pytest.mark.parametrize(("group", "scenario"), RIGHTLY_SO)
@pytest.mark.fault(
    "road", "a limit per flow, a burst credit, reordering", "Accepted, with that finding in the first lines."
)
def test_what_a_network_may_do_is_accepted_and_said_first(found: Found, group: str, scenario: Scenario) -> None:
    """Judged without latency, which a machine that has other work moves."""
    whole = found(group)
    assert whole.hits[scenario.planted] > 0
    met = alone(whole, scenario).without(LATENCY)
    assert met.exit_code in scenario.exits, met.text
    first = [line for line in said_of(met, scenario) if line in met.first_lines]
    assert any(re.search(scenario.says, line) for line in first), met.text


@pytest.mark.parametrize("group", GROUPS)
def test_a_pair_without_a_fault_is_accepted_beside_pairs_with_faults(found: Found, group: str) -> None:
    """Judged without latency too."""
    sound = found(group).of(*SOUND).without(LATENCY)
    assert sound.exit_code in ACCEPTED, sound.text


CAUSES = [pytest.param(group, one, id=one.name) for group in OF_CAUSES for one in OF_CAUSES[group].scenarios]


@pytest.mark.parametrize(("group", "scenario"), CAUSES)
@pytest.mark.fault(
    "road",
    "each of the above, a small receive buffer, a wrong or silent neighbour, damaged packets, a dead road",
    "The cause is named before any other one; of a sound road none is.",
)
def test_the_cause_of_a_fault_is_named_first(found: Found, group: str, scenario: Scenario) -> None:
    """A worker that had no CPU may have seen nothing; then nothing is said."""
    record = found(group).record
    first = [reason.code for reason in causes_of_place(record, Place(PlaceKind.LINK, scenario.nodes))[:1]]
    assert first == [f"cause.{scenario.cause}"] or (not first and _lacked_cpu(record, scenario))


@pytest.mark.parametrize("group", OF_CAUSES)
def test_no_cause_is_named_where_there_is_no_fault(found: Found, group: str) -> None:
    record = found(group).record
    assert [causes_of_place(record, Place(PlaceKind.LINK, road)) for road in (SOUND, SOUND[::-1])] == [(), ()]


def _lacked_cpu(record: Record, scenario: Scenario) -> bool:
    trials = [trial for trial in record.trials if {slot.node for slot in trial.probe.pair} == set(scenario.nodes)]
    return any(without_cpu(trial) is not None for trial in trials)
