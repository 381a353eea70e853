"""The highest rate that a search finds is what the shaper lets through, to the step."""

from __future__ import annotations

from pathlib import Path

import pytest

from clearway.base.units import Rate
from clearway.site.lab.model import LabSpec, Link
from clearway.verdict.judge import judge
from clearway.verdict.model import State
from lab.acceptance import accepted

pytestmark = [pytest.mark.lab, pytest.mark.truth, pytest.mark.timeout(180)]

LAB = LabSpec(nodes=2, zones=1, link=Link(rate=Rate(100e6)))
"""The shaper counts frames of 1,514 byte; 1,472 of them are payload, so that 97 Mbit/s of it get through."""
SPEC = """
version: 1
attempts: 6
gap: 0 s
tests:
- {name: search, protocol: udp, rate: 120 Mbit/s, datagram: 1472 B, direction: forward, duration: 2s, warm-up: 500ms,
   search: {step: 10 %}, accept: ["highest-rate >= 96 Mbit/s"]}
"""


async def test_the_highest_rate_is_that_of_the_shaper(tmp_path: Path) -> None:
    record = await accepted(tmp_path, SPEC, LAB)
    (criterion,) = judge(record).tests[0].criteria
    (pair,) = criterion.pairs
    assert pair.value is not None
    assert pair.high is not None
    assert pair.value.si == pytest.approx(96e6)
    assert pair.high.si == pytest.approx(108e6)
    assert criterion.state is State.PASS
