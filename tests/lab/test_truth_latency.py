"""HTTP latency under load is what h2load by hand sees over the same road."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks import http_by_hand

pytestmark = [pytest.mark.lab, pytest.mark.truth, pytest.mark.slow, pytest.mark.timeout(120)]


async def test_percentiles_are_those_of_h2load_by_hand(tmp_path: Path) -> None:
    """Three turns say little about p99, which fifteen requests decide: the bench takes nine."""
    found = await http_by_hand.paired(tmp_path, runs=3)
    assert found["p50"].of_medians == pytest.approx(1, abs=0.2), found
    assert found["p90"].of_medians == pytest.approx(1, abs=0.3), found
