"""Clocks that are not known well enough are a finding: starts are set in them."""

from __future__ import annotations

from dataclasses import replace

from clearway.base.units import Duration
from clearway.diagnose.clocks import TOLERANCE, clock_errors, clock_findings
from clearway.ledger.record import Record
from clearway.probe.observations import CLOCK
from clearway.probe.records import Slot, Worker
from making import inventory, planned, tcp_spec

RECORD = planned(tcp_spec("throughput >= 500 Mbit/s"), inventory(2))
FIRST, SECOND = Slot("node-1"), Slot("node-2")


def announced(slot: Slot) -> Worker:
    return Worker(slot, ("10.0.0.1",), 1500, (20_000,))


def known(**clocks: tuple[float, float]) -> Record:
    seen = [
        CLOCK.seen(f"{node.replace('_', '-')}/0", 1.0, {"ahead": Duration(ahead), "uncertainty": Duration(within)})
        for node, (ahead, within) in clocks.items()
    ]
    return replace(RECORD, workers=(announced(FIRST), announced(SECOND)), observations=tuple(seen))


def test_a_clock_that_is_set_right_is_off_by_its_uncertainty_and_one_that_is_not_by_all() -> None:
    errors = clock_errors(known(node_1=(5.0, 0.01), node_2=(1.9, 2.0)))
    assert errors == {FIRST: Duration(0.01), SECOND: Duration(3.9)}


def test_clocks_known_worse_than_starts_may_be_late_are_one_finding() -> None:
    (finding,) = clock_findings(known(node_1=(0.0, 0.001), node_2=(0.0, 2.0)))
    assert finding.values == {"workers": ("node-2/0",), "error": Duration(2.0), "tolerance": TOLERANCE}


def test_clocks_known_well_and_clocks_that_were_not_measured_are_none() -> None:
    assert list(clock_findings(known(node_1=(3.0, 0.04)))) == []


def test_only_the_latest_exchange_with_a_worker_counts() -> None:
    earlier = CLOCK.seen("node-1/0", 0.0, {"ahead": Duration(0), "uncertainty": Duration(2)})
    record = known(node_1=(0.0, 0.001))
    assert list(clock_findings(replace(record, observations=(earlier, *record.observations)))) == []
