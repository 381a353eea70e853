"""What the load adds is the time in the shaper's queue, as the kernel's own round trips of the bulk show it."""

from __future__ import annotations

from pathlib import Path
from statistics import median

import pytest

from clearway.base.units import Rate
from clearway.diagnose.figures import pair_figures
from clearway.ledger.record import Record
from clearway.probe.measurement import Tcp
from clearway.probe.readings import measured
from clearway.probe.records import Role
from clearway.site.lab.model import LabSpec, Link
from clearway.verdict.judge import judge
from clearway.verdict.model import State
from lab.acceptance import accepted

pytestmark = [pytest.mark.lab, pytest.mark.truth, pytest.mark.timeout(180)]

LAB = LabSpec(nodes=2, zones=1, link=Link(rate=Rate(100e6)))
SPEC = """
version: 1
tests:
- {name: bloat, protocol: round-trip, direction: forward, background: {streams: 8}, against-idle: true,
   duration: 3s, warm-up: 1s, repeats: {max: 1},
   accept: ["added-delay median <= 500 us", "added-delay median <= 1 s", "rpm >= 60"]}
"""


async def test_the_added_delay_is_the_time_in_the_queue(tmp_path: Path) -> None:
    record = await accepted(tmp_path, SPEC, LAB)
    (shown,) = pair_figures(record, record.spec.tests[0])
    values = {name: value.si for name, value in shown.values.items()}
    idle, loaded, added = (values[f"{name} median"] for name in ("idle-round-trip", "round-trip", "added-delay"))
    assert added == pytest.approx(loaded - idle)
    assert added == pytest.approx(queue(record), rel=0.4)
    narrow, wide, rpm = (one.state for one in judge(record).tests[0].criteria)
    # A worker that waited for its CPU may have made the delay itself: then it is no proof.
    assert narrow in (State.FAIL, State.INCONCLUSIVE)
    assert (wide, rpm) == (State.PASS, State.PASS)


def queue(record: Record) -> float:
    """The median of what the kernel of the bulk's sender saw: round trips through the same queue, in seconds."""
    (load,) = (trial for trial in record.trials if trial.probe.role is Role.BACKGROUND)
    sender = measured(load.send, Tcp)
    assert sender is not None
    assert sender.rtt
    return median(one.si for one in sender.rtt)
