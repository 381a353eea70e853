"""What `check` says of the workers that it tries."""

from __future__ import annotations

from clearway.base.units import Duration
from clearway.probe.clock_offset import ClockOffset
from clearway.probe.records import Slot, Worker
from clearway.site.base import Ready
from clearway.site.kubernetes.checking import of_worker

SLOT = Slot("node-1")


def codes(ahead: float, within: float) -> list[str]:
    ready = Ready(Worker(SLOT, ("10.0.0.1",), 1500, (20_000,)), ClockOffset(Duration(ahead), Duration(within)))
    return [finding.code for finding in of_worker(SLOT, ready)]


def test_a_clock_that_is_known_badly_is_a_warning_and_one_that_is_off_a_note() -> None:
    assert codes(0.0, 0.001) == ["kubernetes.worker-ready"]
    assert codes(2.0, 0.001) == ["kubernetes.clock-off", "kubernetes.worker-ready"]
    assert codes(1.9, 2.0) == ["clock.uncertain", "kubernetes.worker-ready"]
