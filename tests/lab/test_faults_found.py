"""Acceptances of networks with known faults: each is found, its pair is named, and the sound pair is accepted."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from faults.scenarios import ACCEPTED, GROUPS, LATENCY, SOUND, Scenario, alone, run, said_of
from faults.trial import Acceptance

pytestmark = [pytest.mark.lab, pytest.mark.truth, pytest.mark.slow, pytest.mark.timeout(300)]

Found = Callable[[str], Acceptance]
CASES = [(group, one) for group in GROUPS for one in GROUPS[group].scenarios]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """The run that carries the faults of a group; one for all tests."""
    folder: Path = tmp_path_factory.mktemp("runs")
    return cache(lambda group: asyncio.run(run(folder / group, GROUPS[group])))


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
