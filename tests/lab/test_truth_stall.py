"""A road that stands still, and one that delivers twice: measured for what they are, and nothing else is accused."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from benchmarks.flow import accepted, measured_trials
from clearway.base.units import Rate
from clearway.ledger.record import Record
from clearway.probe.measurement import Tcp, Udp
from clearway.probe.metrics import METRICS
from clearway.probe.readings import measured
from clearway.probe.records import Round, Trial
from clearway.site.lab.model import LabSpec, Link
from faults.kinds import Duplication, Outage
from faults.model import both_ways
from faults.rounds import FaultyLab, InRounds
from lab.undisturbed import undisturbed

pytestmark = [pytest.mark.lab, pytest.mark.truth, pytest.mark.timeout(180)]

LAB = LabSpec(nodes=6, zones=3, link=Link(rate=Rate(100e6)))
"""Zones of two nodes: pairs 1-2, 3-4 and 5-6, in a direction that the seed draws."""
DEAD, DOUBLED, CLEAN = {"node-1", "node-2"}, {"node-3", "node-4"}, {"node-5", "node-6"}
BEGIN, LENGTH = 3.0, 1.0
"""Of the outage, in seconds after the instant."""
SPEC = """
version: 1
attempts: 4
tests:
- {name: iperf2, protocol: tcp, streams: 4, direction: forward, duration: 5s, warm-up: 1s}
- {name: iperf3, protocol: tcp, engine: iperf3, streams: 4, direction: forward, duration: 5s, warm-up: 1s}
- {name: datagrams, protocol: udp, rate: 20 Mbit/s, direction: forward, duration: 5s, warm-up: 1s}
"""


def every_round(_: Round) -> bool:
    return True


async def test_a_stall_and_copies_are_found_where_they_are(tmp_path: Path) -> None:
    record = await undisturbed(tmp_path, _run)
    found = {
        (trial.probe.test, frozenset(slot.node for slot in trial.probe.pair)): trial
        for trial in measured_trials(record)
    }
    assert len(found) == 9, "an attempt was void"
    for test in ("iperf2", "iperf3"):
        dead, clean = found[test, frozenset(DEAD)], found[test, frozenset(CLEAN)]
        # TCP goes on when its timer expires, which has doubled by then.
        assert LENGTH - 0.2 <= value(dead, "stall") <= 2 * LENGTH + 0.3
        assert value(clean, "stall") < LENGTH / 2
        assert value(dead, "throughput", "min") == 0
        assert began(dead) == pytest.approx(BEGIN, abs=0.4)
    check_datagrams({name: found["datagrams", frozenset(pair)] for name, pair in PAIRS.items()})


async def _run(folder: Path) -> Record:
    outage = both_ways(Outage("node-1", "node-2", after=BEGIN, length=LENGTH))
    copies = both_ways(Duplication("node-3", "node-4"))
    site = FaultyLab(LAB, [*(InRounds(fault, every_round) for fault in outage), *copies])
    return await accepted(folder, SPEC, site, site.beside)


PAIRS = {"dead": DEAD, "doubled": DOUBLED, "clean": CLEAN}


def check_datagrams(found: Mapping[str, Trial]) -> None:
    assert value(found["dead"], "stall") == pytest.approx(LENGTH, abs=0.1)
    assert began(found["dead"]) == pytest.approx(BEGIN, abs=0.1)
    assert value(found["doubled"], "duplicates") == pytest.approx(0.5, abs=0.001)
    assert value(found["doubled"], "loss") == value(found["doubled"], "reorder") == 0
    for name in ("dead", "clean"):
        assert value(found[name], "duplicates") == 0
    assert value(found["clean"], "stall") < LENGTH / 2


def value(trial: Trial, metric: str, statistic: str = "total") -> float:
    values = METRICS[metric].read(trial)
    found = values.statistic(statistic) if values is not None else None
    assert found is not None, (metric, trial)
    return found


def began(trial: Trial) -> float:
    flow = measured(trial.serve, Tcp) or measured(trial.serve, Udp)
    assert flow is not None
    assert flow.stalled_at is not None
    return flow.stalled_at.si
