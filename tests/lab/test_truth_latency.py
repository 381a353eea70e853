"""HTTP latency under load is what h2load by hand sees over the same road."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from benchmarks import http_by_hand
from benchmarks.figure import Paired

pytestmark = [pytest.mark.lab, pytest.mark.truth, pytest.mark.slow, pytest.mark.timeout(360)]


FEW, MANY = 3, 9
"""Few turns say little on a machine that is busy with something else: what they leave in doubt, more of them decide."""


async def test_percentiles_are_those_of_h2load_by_hand(tmp_path: Path) -> None:
    found = [await http_by_hand.paired(tmp_path / "few", runs=FEW)]
    if not agree(found[0]):
        found.append(await http_by_hand.paired(tmp_path / "many", runs=MANY))
    assert agree(found[-1]), found


def agree(found: Mapping[str, Paired]) -> bool:
    """In the middle of the requests; p99 is decided by fifteen of them, and the bench looks at it."""
    return all(found[name].of_medians == pytest.approx(1, abs=0.25) for name in ("p50", "p90"))
