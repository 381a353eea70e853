"""A slow node of a real mesh is named, measured again and confirmed, with its cause; no other node is."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.places import LEFT, LINK, named
from clearway.base.units import Rate

pytestmark = [pytest.mark.lab, pytest.mark.truth, pytest.mark.timeout(180)]


@pytest.mark.fault(
    "road", "all that a node sends and receives is slow", "Both are suspects, measured again alone and confirmed."
)
async def test_a_slow_node_of_a_mesh_is_named_and_confirmed(tmp_path: Path) -> None:
    found = await named(tmp_path, "node-3")
    assert found.accused == {"node-3"}
    assert found.confirmed
    for suspect in found.suspects:
        (cause,) = suspect.causes
        assert cause.code in {"cause.rate-limit", "cause.road-drops", "cause.full-queue", "cause.policer"}
        rate = cause.values["rate"]
        assert isinstance(rate, Rate)
        assert 0.8 * LINK.si * LEFT <= rate.si <= LINK.si * LEFT
