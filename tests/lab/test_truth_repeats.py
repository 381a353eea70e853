"""Repeats that lie on both sides of the limit leave a criterion open; enough of them on one side settle it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.by_hand import on
from benchmarks.flow import Beside, Moment, WitnessedLab, accepted
from clearway.base.units import Rate
from clearway.ledger.record import Record
from clearway.probe.records import RoundReason
from clearway.site.lab.model import LabSpec, LinkException
from clearway.site.lab.topology import shaper
from clearway.verdict.judge import judge
from clearway.verdict.model import PairState, State

pytestmark = [pytest.mark.lab, pytest.mark.truth, pytest.mark.slow, pytest.mark.timeout(150)]

MOST = 12
"""Repeats: so many make the first value, which lies on the other side of the limit, one of many."""
SPEC = f"""
version: 1
seed: 1
attempts: 5
gap: 100ms
tests:
- name: bandwidth
  protocol: tcp
  streams: 2
  direction: forward
  duration: 800ms
  warm-up: 600ms
  repeats: {{min: 2, max: {MOST}}}
  accept:
  - throughput >= 20 Mbit/s for 30 % of pairs
  - throughput >= 20 Mbit/s for 60 % of pairs
  - throughput >= 20 Mbit/s for 90 % of pairs
"""
_RATES = {"recovers": (15e6, 30e6), "breaks down": (25e6, 12e6)}
"""Of a zone in the first repeat, and in all later ones; the limit is 20 Mbit/s."""
_UNSTEADY = (25e6, 15e6)
"""Of the third zone, in turns."""


def rates(repeat: int) -> Iterator[tuple[str, Rate]]:
    """How each node is shaped in a repeat: zone a recovers after the first, zone b breaks down, zone c can't decide."""
    by_zone = (*(later if repeat else first for first, later in _RATES.values()), _UNSTEADY[repeat % 2])
    for number, rate in enumerate(Rate(rate) for rate in by_zone for _ in range(2)):
        yield f"node-{number + 1}", rate


def widest() -> Iterator[LinkException]:
    """The rate that a link never exceeds: more than its link is no measurement."""
    for shaped in zip(*map(rates, range(3)), strict=True):
        node, rate = max(shaped, key=lambda one: one[1].si)
        yield LinkException(node=node, rate=rate)


LAB = LabSpec(nodes=6, zones=3, exceptions=tuple(widest()))


async def reshape(site: WitnessedLab, moment: Moment) -> None:
    """For the round that begins, at both ends of each link; a void one that runs again meets what it met before."""
    repeat = moment.round.probes[0].repeat
    links = [(node, node.replace("node", "port"), rate) for node, rate in rates(repeat)]
    changes = [f"{_shape(port, rate)}\n{on(node, _shape('eth0', rate))}" for node, port, rate in links]
    await site.told(None, ("sh", "-ec", "\n".join(changes)))


def _shape(device: str, rate: Rate) -> str:
    return f"tc qdisc change dev {device} root {shaper(rate)}"


def states(record: Record, repeats: int) -> list[State]:
    """Of the three criteria, as they stood after so many repeats."""
    rounds = tuple(round_ for round_ in record.rounds if all(probe.repeat < repeats for probe in round_.probes))
    (test,) = judge(replace(record, rounds=rounds)).tests
    return [leaf.state for leaf in test.criteria]


def whys(record: Record) -> list[RoundReason]:
    """Of all rounds but those that only do again what was void."""
    return [round_.why for round_ in record.rounds if round_.why is not RoundReason.RETRY]


async def test_repeats_that_straddle_are_undecided_until_more_of_them_settle_it(tmp_path: Path) -> None:
    """One pair settles above the limit, one below, one never: one share passes, one stays open, one fails."""
    site = WitnessedLab(LAB)
    record = await accepted(tmp_path / "run", SPEC, site, Beside(site, as_begun=reshape))
    assert states(record, repeats=2) == [State.INCONCLUSIVE] * 3
    assert states(record, repeats=MOST) == [State.PASS, State.INCONCLUSIVE, State.FAIL]
    assert whys(record) == [RoundReason.PLANNED] * 2 + [RoundReason.REPEAT] * (MOST - 2)
    assert judge(record).state is State.FAIL


async def test_what_stays_open_after_its_budget_is_inconclusive(tmp_path: Path) -> None:
    site = WitnessedLab(LAB)
    spec = SPEC.replace(f"max: {MOST}", "max: 3")
    record = await accepted(tmp_path / "run", spec, site, Beside(site, as_begun=reshape))
    verdict = judge(record)
    assert verdict.state is State.INCONCLUSIVE
    standings = [pair.standing for pair in verdict.tests[0].criteria[0].pairs]
    assert standings == [PairState.UNDECIDED] * 3
    assert whys(record) == [RoundReason.PLANNED] * 2 + [RoundReason.REPEAT]
